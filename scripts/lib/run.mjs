// Runs another program in the project's folder and waits for its end.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Resolves with the exit code; 1 where a signal ended it. Everything it prints goes to stderr where `quiet` is set,
 * to keep stdout for results.
 */
export function run(file, args, { env = process.env, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: ROOT,
      env,
      stdio: ['ignore', quiet ? 2 : 'inherit', 'inherit'],
      // npm is a .cmd there.
      shell: process.platform === 'win32',
    });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
