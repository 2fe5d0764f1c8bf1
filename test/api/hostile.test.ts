/** Requests that nobody's client makes, by property: whatever comes, an answer that is no defect, and nothing that leaks into others. */
import * as fc from 'fast-check';
import { pathForWatcher } from '../../src/api/proxy-path.js';
import { ADMIN_TOKEN, ApiError, type Door, openDoor, PATH, sendRaw } from './support.js';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

const RUNS = { numRuns: 60 };
/** Letters that mean something to somebody on the way. */
const odd = fc.string({
  unit: fc.constantFrom(
    ...'%/\\.?#:;@&=+ "\'<>{}[]|^`~$_-aZ0\u0000\u0001\t\r\n\u007f\u0085\u2028\ud800é'.split(''),
    '%2f',
    '%5c',
    '%2e%2e',
    '%00',
    '%0d%0a',
    '%c0%ae',
    '%252e',
    '//',
    '..',
    '__proto__',
  ),
  maxLength: 30,
});

function isNoDefect(status: number): void {
  expect(status).toBeGreaterThanOrEqual(200);
  expect(status).toBeLessThan(500);
  expect(door.logs.filter(({ msg }) => msg === 'defect')).toEqual([]);
}

test('any path and any query', async () => {
  await fc.assert(
    fc.asyncProperty(odd, odd, async (path, query) => {
      const target = `/v1/${encodeURI(path.replaceAll(/\p{Cs}/gu, ''))}?${encodeURI(query.replaceAll(/\p{Cs}/gu, ''))}`;
      isNoDefect((await door.call(target)).status);
    }),
    RUNS,
  );
});

test('any bytes in the request line, a header, the Host or the token', async () => {
  await fc.assert(
    fc.asyncProperty(
      odd,
      fc.constantFrom('target', 'host', 'header', 'token'),
      async (text, where) => {
        const at = (place: string, plain: string): string => (place === where ? text : plain);
        const raw = [
          `GET ${at('target', PATH)} HTTP/1.1`,
          `Host: ${at('host', 'x')}`,
          `X-OpenStack-Request-ID: ${at('header', 'req-1')}`,
          `X-Auth-Token: ${at('token', ADMIN_TOKEN)}`,
          'Connection: close',
        ];
        const answer = await sendRaw(
          door.server.port,
          Buffer.from(`${raw.join('\r\n')}\r\n\r\n`, 'latin1'),
          2000,
        );
        isNoDefect(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 400));
        // No line of ours may begin with what was sent: that would be a header, or an answer, of the sender's making.
        const [head = ''] = answer.split('\r\n\r\n', 1);
        for (const line of head.split('\r\n'))
          expect(line).toMatch(/^(HTTP\/1\.1 \d{3} |[A-Za-z-]+: )/);
      },
    ),
    RUNS,
  );
});

test('any JSON for a body, with keys that JavaScript has plans for', async () => {
  const key = fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'max_age',
    'actions',
    'hosts',
    'dry_run',
  );
  const value = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.jsonValue({ maxDepth: 1 }),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.array(fc.tuple(key, tie('any')), { maxLength: 3 }).map((pairs) => new Pairs(pairs)),
    ),
  })).any;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(key, value), { maxLength: 4 }), async (pairs) => {
      const body = textOf(new Pairs(pairs));
      isNoDefect((await door.call(PATH, { method: 'POST', body })).status);
      expect(Object.keys(Object.prototype)).toEqual([]);
      for (const name of ['max_age', 'actions', 'hosts', 'dry_run', 'polluted']) {
        expect(Object.prototype).not.toHaveProperty(name);
      }
    }),
    RUNS,
  );
});

/** An object whose keys may be anything, twice the same too. */
class Pairs {
  constructor(readonly pairs: readonly (readonly [string, unknown])[]) {}
}
function textOf(value: unknown): string {
  if (value instanceof Pairs) {
    return `{${value.pairs.map(([key, one]) => `${JSON.stringify(key)}:${textOf(one)}`).join(',')}}`;
  }
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  return JSON.stringify(value) ?? 'null';
}

test('what goes on to Watcher stays below its address, however the path is written', () => {
  fc.assert(
    fc.property(odd, (path) => {
      let target: string;
      try {
        target = pathForWatcher(`/v1/${path}`);
      } catch (error) {
        expect(error).toBeInstanceOf(ApiError);
        return;
      }
      const url = new URL(`http://watcher:9322/prefix${target}`);
      expect(url.host).toBe('watcher:9322');
      expect(url.pathname).toMatch(/^\/prefix\/v1\//);
      // A server behind that decodes once more still sees no way up.
      expect(
        decodeURIComponent(
          url.pathname.replaceAll(/%(?![\da-f]{2})/gi, '%25').replaceAll(/%[89a-f][\da-f]/gi, 'x'),
        ),
      ).not.toMatch(/(^|[/\\])\.\.?([/\\;]|$)|[\r\n\0\\]/);
      expect(target).toMatch(/^[!-~]*$/);
    }),
    { numRuns: 2000 },
  );
});

test('a line of the log is one line, whatever a caller sends', async () => {
  const before = door.logs.length;
  await door.call(
    `/v1/rollbacks?marker=${encodeURIComponent('x\r\n{"level":"fatal","msg":"forged"}')}`,
  );
  await door.call('/v1/%0d%0a%7b%22msg%22%3a%22forged%22%7d');
  // Each was read as one JSON document already.
  expect(door.logs.length).toBe(before + 2);
  expect(door.logs.some(({ msg }) => msg === 'forged')).toBe(false);
});
