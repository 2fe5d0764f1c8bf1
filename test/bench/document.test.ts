/** docs/benchmarks.md has the results that are kept, and the benchmark's arithmetic is right. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Results, withResults } from '../../bench/lib/results.js';
import { row, tableOf } from '../../bench/lib/rows.js';
import { exponent, spread } from '../../bench/lib/statistics.js';
import { withoutPadding } from '../../scripts/settings-document.js';
import { ROOT } from '../tidy/sources.js';

test('docs/benchmarks.md is in step with bench/results.json ("npm run docs" writes it)', () => {
  const file = join(ROOT, 'bench/results.json');
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : {};
  const text = readFileSync(join(ROOT, 'docs/benchmarks.md'), 'utf8');
  const words = (markdown: string): string => withoutPadding(markdown).replaceAll(/\s+/g, ' ');
  expect(words(text)).toBe(words(withResults(text, kept)));
});

test('results take the place of those before them, and of nothing else', () => {
  const text = 'a\n<!-- results: by x -->\nold\n<!-- end of results -->\nb\n';
  const machine = { cores: 2, cpu: 'c', memoryGb: 8, node: '20', temporalSdk: '1', temporal: 't' };
  const rows = [row({ name: 'n', unit: '', values: [1] })];
  const at = '2026-01-02T03:04:05Z';
  const made = withResults(text, { part: { at, machine, load: 0.5, rows } });
  expect(made).toMatch(/^a\n<!-- results: by x -->\n\n### part\n\n2026-01-02, 2 cores \(c\)/);
  expect(made).toMatch(/\| n \s*\| 1 /);
  expect(made).toMatch(/<!-- end of results -->\nb\n$/);
  expect(made).not.toContain('old');
  expect(withResults(made, {})).toContain('No results are kept yet.');
});

test('a row has median, spread, and whether the median reached the target', () => {
  const made = row({ name: 'n', unit: '×', values: [3, 1, 1.5], target: { atMost: 1.4 } });
  expect(made).toMatchObject({ median: 1.5, min: 1, max: 3, reached: false });
  const least = row({ name: 'm', unit: '', values: [1, 2], target: { atLeast: 1.5 } });
  expect(least).toMatchObject({ median: 1.5, reached: true });
  const close = row({ name: 'c', unit: '×', values: [1.054], target: { atMost: 1.05 } });
  expect(close).toMatchObject({ median: 1.05, reached: false });
  expect(tableOf([made, least]).split('\n').slice(2)).toEqual([
    '| n   | 1.5 ×  | 1 – 3     | 3    | ≤ 1.4  | not reached |',
    '| m   | 1.5    | 1 – 2     | 2    | ≥ 1.5  | reached     |',
  ]);
});

test('figures: spread and growth', () => {
  expect(spread([1, 2, 4, 10])).toEqual({ median: 3, min: 1, max: 10 });
  const points = [1, 10, 100].map((size) => [size, 3 * size ** 1.1] as const);
  expect(exponent(points)).toBeCloseTo(1.1);
});
