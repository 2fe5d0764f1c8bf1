// Runs Jest and tells its totals.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './run.mjs';

/** @returns {Promise<{ code: number, passed: number, failed: number, skipped: number }>} */
export async function runJest(args, env = process.env) {
  const folder = mkdtempSync(join(tmpdir(), 'jest-total-'));
  const file = join(folder, 'total.json');
  try {
    const code = await run(process.execPath, ['node_modules/jest/bin/jest.js', ...args], {
      env: { ...env, JEST_TOTAL_FILE: file },
    });
    if (existsSync(file)) return { code, ...JSON.parse(readFileSync(file, 'utf8')) };
    return { code: code || 1, passed: 0, failed: 1, skipped: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The line that people and machines look for. */
export function totalLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
