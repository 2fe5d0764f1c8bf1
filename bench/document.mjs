// Writes the results that are kept into docs/benchmarks.md.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { withResults } from '../dist/bench/lib/results.js';
import { ROOT } from '../scripts/lib/run.mjs';

const DOCUMENT = join(ROOT, 'docs/benchmarks.md');
export const RESULTS = join(ROOT, 'bench/results.json');

export async function writeDocument() {
  const results = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {};
  const text = withResults(readFileSync(DOCUMENT, 'utf8'), results);
  const options = await resolveConfig(DOCUMENT);
  writeFileSync(DOCUMENT, await format(text, { ...options, filepath: DOCUMENT }));
}
