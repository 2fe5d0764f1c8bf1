/**
 * No regular expression of the service takes more than linear time, whatever text it meets: each is found in the source and run
 * on long texts that are made of its own letters, repeated, with an end that does not match.
 */
import { serviceMessage } from '../../src/openstack/service-message.js';
import { withoutTokens } from '../../src/token-text.js';
import { readSources } from '../tidy/sources.js';

/** A quadratic one takes seconds over so many characters, a linear one mostly less than one, the slowest a tenth of this. */
const CHARS = 100_000;
const TOO_SLOW_MS = 400;
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

function slowestMs(regex: RegExp): { ms: number; text: string } {
  let slowest = { ms: 0, text: '' };
  for (const text of attacks(regex)) {
    let ms = Infinity;
    for (let look = 0; look < 3 && ms > TOO_SLOW_MS; look += 1) {
      const begun = performance.now();
      text.replace(regex, '');
      ms = Math.min(ms, performance.now() - begun);
    }
    if (ms > slowest.ms) slowest = { ms, text: text.slice(0, 30) };
    if (ms > TOO_SLOW_MS) break;
  }
  return slowest;
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

test('a quadratic one would be noticed', () => {
  expect(slowestMs(/\s+$/).ms).toBeGreaterThan(TOO_SLOW_MS);
  expect(slowestMs(/<(head|script)\b[\s\S]*?<\/\1>/).ms).toBeGreaterThan(TOO_SLOW_MS);
}, 240_000);

test('none takes more than linear time', () => {
  const known = new Map<string, { ms: number; text: string }>();
  const slow = found.filter(({ regex }) => {
    const key = String(regex);
    const result = known.get(key) ?? slowestMs(regex);
    known.set(key, result);
    return result.ms > TOO_SLOW_MS;
  });
  expect(slow.map(({ path, regex }) => [path, String(regex), known.get(String(regex))])).toEqual(
    [],
  );
}, 240_000);
