/** Who may pass the door, and how rarely Keystone is asked. */
import { TokenCache } from '../../src/api/token-cache.js';
import { OpenStackHttpError, OpenStackUnreachableError } from '../../src/openstack/errors.js';
import type { TokenInfo } from '../../src/openstack/cloud.js';
import {
  ADMIN_TOKEN,
  ApiError,
  PATH,
  openDoor,
  recorded,
  sendRaw,
  tokenInfo,
  until,
} from './support.js';
import type { Door } from './support.js';

const AWAY = new OpenStackUnreachableError(
  { service: 'identity', method: 'GET', url: 'http://127.0.0.1:15000/v3/auth/tokens' },
  'connection refused',
);
const refusedWith = (status: number) =>
  new OpenStackHttpError({
    service: 'identity',
    method: 'GET',
    path: '/v3/auth/tokens',
    status,
    serviceMessage: 'No.',
    requestId: null,
    retryAfterSeconds: null,
  });

describe('the door', () => {
  let door: Door;
  beforeEach(async () => {
    door = await openDoor();
  });
  afterEach(() => door.close());

  test.each([
    ['no token', null],
    ['an unknown token', 'unknown'],
    ['a token that is no header', 'x'.repeat(12_001)],
  ])('%s: 401 as the real service answers', async (_what, token) => {
    const real = recorded('watcher-unauthorized');
    for (const [path, method] of [
      [PATH, 'POST'],
      [PATH, 'GET'],
      ['/v1/nope', 'GET'],
    ] as const) {
      const answer = await door.call(path, { token, method });
      expect(answer.status).toBe(401);
      expect(answer.json).toEqual(real.json);
      for (const name of ['www-authenticate', 'content-type']) {
        expect(answer.headers.get(name)).toBe(real.headers.get(name));
      }
    }
    expect(door.rollbacks.asked).toEqual([]);
  });

  test('a good token without the admin role: 403 as the real service answers, and what it lacks', async () => {
    const real = recorded('watcher-forbidden');
    const answer = await door.call(PATH, { token: 'member', method: 'POST' });
    expect(answer.status).toBe(real.status);
    for (const [name, value] of real.headers) {
      if (name === 'date' || name === 'content-length') continue;
      expect([name, answer.headers.get(name)]).toEqual([name, value]);
    }
    const inner = JSON.parse(String(real.json.error_message)) as { faultstring: string };
    const words = inner.faultstring.replace('action_plan:get_all', 'rollback:start');
    expect(answer.fault).toBe(
      `${words.slice(0, -1)}: the token lacks the role admin or administrator (ROLLBACK_ROLES_START).`,
    );
    expect(door.rollbacks.asked).toEqual([]);
  });

  test('a token is checked once and then remembered; a refused one is asked for again', async () => {
    await door.call(PATH);
    await door.call(PATH);
    expect(door.validated).toEqual([ADMIN_TOKEN]);
    await door.call(PATH, { token: 'unknown' });
    await door.call(PATH, { token: 'unknown' });
    expect(door.validated).toHaveLength(3);
  });

  test('Keystone away: 503 with Retry-After; afterwards all is well by itself', async () => {
    const working = door.cloud.identity.validateToken;
    door.cloud.identity.validateToken = () => Promise.reject(AWAY);
    const answer = await door.call(PATH, { method: 'POST' });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
    expect(answer.fault).toContain('Keystone cannot be reached');
    expect(door.rollbacks.asked).toEqual([]);
    door.cloud.identity.validateToken = working;
    expect((await door.call(PATH)).status).toBe(200);
  });

  test("our own credentials refused: 503 that says whose fault it is, not the caller's 401", async () => {
    door.cloud.identity.validateToken = () => Promise.reject(refusedWith(403));
    const answer = await door.call(PATH);
    expect(answer.status).toBe(503);
    expect(answer.fault).toContain('its own credentials');
  });

  test('the token is in no log line, also when things go wrong', async () => {
    door.cloud.identity.validateToken = (token) => Promise.reject(new Error(`odd ${token}`));
    expect((await door.call(PATH)).status).toBe(500);
    await until(() => door.logs.length >= 2);
    expect(JSON.stringify(door.logs)).not.toContain(ADMIN_TOKEN);
  });

  test('ROLLBACK_AUTH=none lets everybody pass and asks nobody', async () => {
    const open = await openDoor({ auth: 'none' });
    const answer = await open.call(PATH, { token: null, method: 'POST' });
    expect(answer.status).toBe(200);
    expect(open.validated).toEqual([]);
    expect(open.rollbacks.asked[0]?.request.requested_by.user_id).toBeNull();
    await open.close();
  });

  test.each([
    ['a page of another site', (own: string) => `Host: ${own}\r\nOrigin: http://evil.example`, 403],
    ['a name that was made to lead here', () => 'Host: evil.example', 403],
    ['a page that hides its origin', (own: string) => `Host: ${own}\r\nOrigin: null`, 403],
    ['a page of our own', (own: string) => `Host: ${own}\r\nOrigin: http://${own}`, 200],
    ['a program', (own: string) => `Host: ${own}`, 200],
  ])('ROLLBACK_AUTH=none, asked by %s', async (_, headersOf, status) => {
    const open = await openDoor({ auth: 'none' });
    const own = `127.0.0.1:${open.server.port}`;
    const answer = await sendRaw(
      open.server.port,
      `POST ${PATH} HTTP/1.1\r\n${headersOf(own)}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(open.rollbacks.asked).toHaveLength(status === 200 ? 1 : 0);
    await open.close();
  });
});

describe('the memory of tokens', () => {
  const counts: string[] = [];
  const metrics = { tokenValidated: (outcome: string) => void counts.push(outcome) };
  let now: number;
  let asked: string[];
  let answers: (token: string) => Promise<TokenInfo | null>;
  const identity = {
    validateToken: (token: string) => {
      asked.push(token);
      return answers(token);
    },
  };
  const cacheOf = (options = {}) =>
    new TokenCache(identity, metrics, { now: () => now, ...options });

  beforeEach(() => {
    counts.length = 0;
    now = Date.parse('2026-11-24T00:00:00Z');
    asked = [];
    answers = () => Promise.resolve(tokenInfo({ expiresAt: '2026-11-24T01:00:00Z' }));
  });

  test('ends after five minutes', async () => {
    const cache = cacheOf();
    await cache.check('a');
    now += 299_999;
    await cache.check('a');
    expect(asked).toHaveLength(1);
    now += 1;
    answers = () => Promise.resolve(null);
    expect(await cache.check('a')).toBeNull();
    expect(counts).toEqual(['accepted', 'cached', 'refused']);
  });

  test("ends with the token's own time, and keeps nothing of one whose time is no time", async () => {
    const cache = cacheOf();
    answers = () => Promise.resolve(tokenInfo({ expiresAt: '2026-11-24T00:00:10Z' }));
    await cache.check('a');
    now += 10_000;
    await cache.check('a');
    expect(asked).toHaveLength(2);
    answers = () => Promise.resolve(tokenInfo({ expiresAt: 'soon' }));
    await cache.check('b');
    await cache.check('b');
    expect(asked).toHaveLength(4);
  });

  test('is bounded: the oldest goes first', async () => {
    const cache = cacheOf({ maxEntries: 2 });
    for (const token of ['a', 'b', 'c', 'c', 'b', 'a']) await cache.check(token);
    expect(asked).toEqual(['a', 'b', 'c', 'a']);
  });

  test('asks once for many at the same time, and again after a failure', async () => {
    const cache = cacheOf();
    answers = () => Promise.reject(AWAY);
    const failed = await Promise.allSettled([cache.check('a'), cache.check('a')]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(asked).toHaveLength(1);
    answers = () => Promise.resolve(tokenInfo({ expiresAt: '2026-11-24T01:00:00Z' }));
    await Promise.all([cache.check('a'), cache.check('a'), cache.check('a')]);
    expect(asked).toHaveLength(2);
  });

  test('does not wait for Keystone for ever', async () => {
    const slow = {
      validateToken: (_token: string, options?: { signal?: AbortSignal }) =>
        new Promise<null>((_resolve, reject) => {
          options?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
        }),
    };
    const cache = new TokenCache(slow, metrics, { timeoutMs: 20 });
    const error = await cache.check('a').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ type: 'OpenStackUnreachable' });
  });
});
