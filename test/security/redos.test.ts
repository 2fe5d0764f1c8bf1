/**
 * No regular expression of the service takes more than linear time, whatever text it meets: each is found in the source and run
 * on long texts that are made of its own letters, repeated, with an end that does not match.
 */
import { serviceMessage } from '../../src/openstack/service-message.js';
import { withoutTokens } from '../../src/token-text.js';
import { readSources } from '../tidy/sources.js';

/** A quadratic one takes a second over so many characters, a linear one mostly less than a millisecond. */
const CHARS = 30_000;
/** What takes longer is looked at closely: it is the growth that counts, not the machine. */
const SUSPICIOUS_MS = 60;
/** Over twice as many characters a linear one takes twice as long, a quadratic one four times. */
const GROWTH_MAX = 3;
const LITERAL =
  /(?<=[=(,:[!&|?{};\n]\s*|return\s+)\/((?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+)\/([dgimsuvy]*)(?=\s*[.,;)\]}:\n])/g;

const product = readSources().filter(({ path }) =>
  /^(src|activities|workflows)\/.*\.ts$/.test(path),
);
const found = product.flatMap(({ path, lines }) =>
  [...lines.join('\n').matchAll(LITERAL)].map(([, source = '', flags = '']) => ({
    path,
    regex: new RegExp(source, flags),
  })),
);

/** Single letters, pairs and words of the expression itself, each pumped. */
function attacks({ source }: RegExp): string[] {
  const words = source.match(/[A-Za-z-]{2,12}/g) ?? [];
  const letters = new Set([
    ...source.replaceAll(/\\[bBdDwWsS]/g, '').split(''),
    ' ',
    'a',
    '0',
    '\n',
    '%',
  ]);
  letters.delete('\\');
  const singles = [...letters];
  const pairs = singles.flatMap((one) => [`${one}a`, `${one}0`, `${one} `, `a${one}`]);
  const opened = words.flatMap((word) => [word, `<${word}`, `<${word}>`, `${word}.`, `${word} `]);
  const pumps = [...new Set([...singles, ...pairs, ...opened])];
  const known = ['', 'gAAAAA', 'eyJ', 'http://', '/', '<'];
  return pumps.flatMap((pump) =>
    known.map((start) => start + pump.repeat(CHARS / pump.length) + '\u0000'),
  );
}

/** The beginning of a text over which it takes more than linear time; null: none was found. */
function trap(regex: RegExp): string | null {
  for (const text of attacks(regex)) {
    const ms = bestOfThree(regex, text, SUSPICIOUS_MS);
    if (ms <= SUSPICIOUS_MS) continue;
    const twice = text.slice(0, -1) + text.slice(-1 - CHARS);
    if (bestOfThree(regex, twice, GROWTH_MAX * ms) > GROWTH_MAX * ms) return text.slice(0, 30);
  }
  return null;
}

/** Milliseconds; the machine may be busy with something else, but hardly three times. */
function bestOfThree(regex: RegExp, text: string, goodMs: number): number {
  let ms = Infinity;
  for (let look = 0; look < 3 && ms > goodMs; look += 1) {
    const begun = performance.now();
    text.replace(regex, '');
    ms = Math.min(ms, performance.now() - begun);
  }
  return ms;
}

test.each([
  ['elements that never end', '<head'.repeat(13_000)],
  ['nothing but beginnings of tags', '<'.repeat(64_000)],
  ['nothing but beginnings of tokens', 'eyJ'.repeat(21_000)],
])('an answer of OpenStack with %s costs no time', (_name, body) => {
  const begun = performance.now();
  serviceMessage(body);
  withoutTokens(body);
  expect(performance.now() - begun).toBeLessThan(1000);
});

test('the expressions are found', () => {
  const sources = found.map(({ regex }) => regex.source);
  expect(found.length).toBeGreaterThan(100);
  expect(sources.some((source) => source.includes('gAAAAA'))).toBe(true);
  expect(sources.some((source) => source.includes('%2e'))).toBe(true);
});

test('a quadratic one would be noticed, and a slow but linear one is none', () => {
  expect(trap(/\s+$/)).not.toBeNull();
  expect(trap(/<(head|script)\b[\s\S]*?<\/\1>/)).not.toBeNull();
  expect(trap(/cp.{0,400}x/u)).toBeNull();
});

test('none takes more than linear time', () => {
  const known = new Map<string, string | null>();
  const slow = found.flatMap(({ path, regex }) => {
    const key = String(regex);
    if (!known.has(key)) known.set(key, trap(regex));
    const text = known.get(key) ?? null;
    return text === null ? [] : [[path, key, text]];
  });
  expect(slow).toEqual([]);
}, 120_000);
