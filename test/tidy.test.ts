/**
 * What the project asks of its own source and no linter or formatter checks: who may import whom, size, forbidden words,
 * dead files, and documents in step with the code. What to do about a failure is in its message.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsDocument } from '../scripts/errors-document.js';
import { withoutPadding, withSettings } from '../scripts/settings-document.js';
import { deadFiles, importsOf, readSources, ROOT, type Source } from './tidy/sources.js';
import { breachesOf } from './tidy/import-rules.js';

const LINES_MAX = 300;
/** A reader's patience; prettier keeps code itself to 100. A sentence in quotes may stay whole, to be found. */
const LINE_LENGTH_MAX = 130;
/** Looked at hard, and found to be one thing. Take a file off as soon as it shrinks; do not add lightly. */
const LONG_FILES: Record<string, number> = {
  // The one list of all failures.
  'src/domain/failures.ts': 340,
  'src/domain/schedule.ts': 330,
};
const TEST_LINES_MAX = 500;

const sources = readSources();
const product = sources.filter(({ path }) => /^(src|workflows|activities)\//.test(path));
const tests = sources.filter(({ path }) => path.startsWith('test/'));
/** Of the benchmark, what reckons: as pure as the rules that it reckons with. */
const model = sources.filter(({ path }) => path.startsWith('bench/model/'));

/** "file:line: text" of every line that matches. */
function linesOf(
  files: Source[],
  pattern: RegExp,
  except: (path: string) => boolean = () => false,
) {
  return files
    .filter(({ path }) => !except(path))
    .flatMap(({ path, lines }) =>
      lines.flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])),
    );
}

test('the sources are found', () => {
  expect(product.length).toBeGreaterThan(50);
  expect(tests.length).toBeGreaterThan(10);
  expect(model.length).toBeGreaterThan(5);
});

test('every folder imports only what it may know', () => {
  expect(
    [...product, ...model].flatMap((file) =>
      importsOf(file).flatMap((it) => breachesOf(file.path, it)),
    ),
  ).toEqual([]);
});

test(`no file is longer than ${LINES_MAX} lines, or than its own bound on the list`, () => {
  const tooLong = [...product, ...model]
    .map(({ path, lines }) => ({ path, is: lines.length, bound: LONG_FILES[path] ?? LINES_MAX }))
    .filter(({ is, bound }) => is > bound);
  const tooLongTests = tests.filter(({ lines }) => lines.length > TEST_LINES_MAX);
  expect(tooLong).toEqual([]);
  expect(tooLongTests.map(({ path }) => path)).toEqual([]);
});

test('the list of long files has no file that is short by now', () => {
  const short = Object.keys(LONG_FILES).filter((path) => {
    const file = product.find((source) => source.path === path);
    return file === undefined || file.lines.length <= LINES_MAX;
  });
  expect(short).toEqual([]);
});

test(`no line is longer than ${LINE_LENGTH_MAX} characters but for addresses and sentences`, () => {
  const long = new RegExp(`^(?!.*https?://)(?!.*['"\`]).{${LINE_LENGTH_MAX + 1},}$`);
  expect(linesOf(sources, long)).toEqual([]);
});

test('workflows and domain use nothing that differs from run to run', () => {
  const deterministic = [
    ...product.filter(({ path }) => /^(workflows|src\/domain)\//.test(path)),
    ...model,
  ];
  const banned =
    /\bglobalThis\b|\bfetch\(|\bprocess\.|\bcrypto\.|\bBuffer\.|\bsetImmediate\(|\brequire\(/;
  expect(linesOf(deterministic, banned)).toEqual([]);
});

test('the domain and the model of its schedule have no clock, no dice and no timers: they are given to them', () => {
  const domain = [...product.filter(({ path }) => path.startsWith('src/domain/')), ...model];
  expect(
    linesOf(domain, /Date\.now|new Date\(\)|performance\.|Math\.random|setTimeout|setInterval/),
  ).toEqual([]);
});

test('only the demo and the command write to the console', () => {
  const others = product.filter(({ path }) => !/^src\/(demo|cli)\//.test(path));
  expect(linesOf(others, /\bconsole\./)).toEqual([]);
});

test('only src/config.ts and its folder read the environment', () => {
  expect(linesOf(product, /process\.env\b/, (path) => /^src\/config(\.ts$|\/)/.test(path))).toEqual(
    [],
  );
});

test('no work is left lying about, and no test is left out or run alone', () => {
  const others = sources.filter(({ path }) => path !== 'test/tidy.test.ts');
  expect(linesOf(others, /\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  const alone = /\b(describe|test|it)\.(only|skip|todo)\b|\b[fx](describe|it|test)\(/;
  // The page's tests need a Chromium, which a machine may lack; in CI its absence is a failure.
  const needsChromium = (path: string): boolean => path === 'test/ui/browser.ts';
  expect(linesOf(others, alone, needsChromium)).toEqual([]);
});

test('the type checker is not silenced', () => {
  expect(linesOf(product, /@ts-(ignore|nocheck|expect-error)\b/)).toEqual([]);
});

test('there are no enums, and no default exports', () => {
  expect(linesOf(product, /^\s*(export )?(const )?enum \w|^export default\b/)).toEqual([]);
});

test('every file begins with what it is for', () => {
  // A program that is run by its name begins with what runs it.
  const first = ({ lines }: Source) => (lines[0]?.startsWith('#!') ? lines[1] : lines[0]) ?? '';
  const bare = [...product, ...model].filter((file) => !/^\/\*\*|^\/\//.test(first(file)));
  expect(bare.map(({ path }) => path)).toEqual([]);
});

test('no file is dead: each is an entry or imported by another than a test', () => {
  expect(deadFiles(sources)).toEqual([]);
});

test('docs/errors.md is in step with src/domain/failures.ts ("npm run docs" writes it)', () => {
  expect(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')).toBe(errorsDocument());
});

test('README\'s table of settings is in step with the settings ("npm run docs" writes it)', () => {
  const path = join(ROOT, 'README.md');
  if (!existsSync(path)) return;
  const readme = readFileSync(path, 'utf8');
  expect(withoutPadding(readme)).toBe(
    withoutPadding(withSettings(readme) ?? 'README.md has no table of settings'),
  );
});

test('every script that the documents name is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const documents = ['README.md', 'CONTRIBUTING.md', 'ARCHITECTURE.md', 'CHANGELOG.md'].filter(
    (name) => existsSync(join(ROOT, name)),
  );
  const named = documents.flatMap((name) =>
    [...readFileSync(join(ROOT, name), 'utf8').matchAll(/npm run ([a-z][a-z:-]*)/g)].map(
      (match) => match[1] ?? '',
    ),
  );
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

test('a signal for npm reaches the program: no shell is left between the two', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };
  for (const name of ['start', 'api', 'worker', 'demo']) {
    expect(scripts[name]).toBe(`exec node scripts/run.mjs ${name}`);
  }
});

test('the lock file has the packages for other systems too, without which `npm ci` refuses it', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const present = Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, ''));
  const wanted = Object.values(packages).flatMap((entry) =>
    Object.keys(entry.optionalDependencies ?? {}),
  );
  expect([...new Set(wanted)].filter((name) => !present.includes(name))).toEqual([]);
});

test('the lock file names no registry, so that it is good for all of them', () => {
  expect(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
});
