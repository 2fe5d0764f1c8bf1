/** POST /v1/auth/tokens: a person's credentials are handed on to Keystone, bounded, and leave no trace. */
import { LoginLimiter } from '../../src/api/login-limits.js';
import { OpenStackHttpError, OpenStackUnreachableError } from '../../src/openstack/errors.js';
import type { LoginCredentials } from '../../src/openstack/cloud.js';
import { ADMIN_TOKEN, type Door, openDoor } from './support.js';

const LOGIN = '/v1/auth/tokens';
let door: Door;

beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => door.close());

function logIn(body: unknown) {
  return door.call(LOGIN, {
    method: 'POST',
    token: null,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}
const right = { user: 'anna', password: 'right' };
const wrong = { user: 'anna', password: 'wrong-one' };

test('a token for the right ones, whatever domain and project they name', async () => {
  const asked: LoginCredentials[] = [];
  const { logIn: working } = door.cloud.identity;
  door.cloud.identity.logIn = (credentials) => {
    asked.push(credentials);
    return working(credentials);
  };
  const answer = await logIn(right);
  expect(answer.status).toBe(201);
  expect(answer.json).toMatchObject({ token: ADMIN_TOKEN, roles: ['member', 'Admin'] });
  expect(answer.headers.get('cache-control')).toContain('no-store');
  await logIn({ ...right, user_domain: 'people', project: 'ops', project_domain: 'work' });
  expect(asked).toEqual([
    { userName: 'anna', userDomain: 'Default', password: 'right', project: null },
    {
      userName: 'anna',
      userDomain: 'people',
      password: 'right',
      project: { name: 'ops', domain: 'work' },
    },
  ]);
});

test('401 with a sentence for the wrong ones', async () => {
  const answer = await logIn(wrong);
  expect(answer.status).toBe(401);
  expect(answer.text).toContain('Keystone does not accept this user, password, domain and project');
  expect(answer.headers.get('www-authenticate')).toContain('Keystone uri=');
});

test('neither password nor token is in an answer that refuses, or in any log line', async () => {
  const secret = 'hunter2-of-the-test';
  const refused = await logIn({ user: 'anna', password: secret });
  const malformed = await logIn({ user: 'anna', password: secret, domain: 'x' });
  const tooLong = await logIn({ user: 'anna', password: secret.repeat(400) });
  await logIn(right);
  for (const answer of [refused, malformed, tooLong]) expect(answer.text).not.toContain(secret);
  const logged = JSON.stringify(door.logs);
  expect(door.logs.length).toBeGreaterThan(3);
  expect(logged).not.toContain(secret);
  expect(logged).not.toContain(ADMIN_TOKEN);
});

test.each([
  [{ user: 'anna' }, '"password"'],
  [{ user: '', password: 'x' }, '"user"'],
  [{ user: 'anna', password: 7 }, '"password"'],
  [{ user: 'a'.repeat(256), password: 'x' }, '"user"'],
  [{ ...right, realm: 'x' }, 'fields user and password'],
  [[], 'fields user and password'],
])('400 for %j, saying which field', async (body, field) => {
  const answer = await logIn(body);
  expect(answer.status).toBe(400);
  expect(answer.fault).toContain(field);
});

test('503 where Keystone is away; its 403, as of an expired password, is a refusal', async () => {
  const call = { service: 'identity', method: 'POST', url: 'http://127.0.0.1/v3' } as const;
  door.cloud.identity.logIn = () =>
    Promise.reject(new OpenStackUnreachableError(call, 'connection refused'));
  const away = await logIn(right);
  expect(away.status).toBe(503);
  expect(away.fault).toContain('Keystone cannot be reached');
  door.cloud.identity.logIn = () =>
    Promise.reject(
      new OpenStackHttpError({
        service: 'identity',
        method: 'POST',
        path: '/v3/auth/tokens',
        status: 403,
        serviceMessage: null,
        requestId: null,
        retryAfterSeconds: null,
      }),
    );
  expect((await logIn(right)).status).toBe(401);
});

test('429 with Retry-After after ten that did not succeed, also for the right password', async () => {
  for (let attempt = 0; attempt < 10; attempt += 1) expect((await logIn(wrong)).status).toBe(401);
  const answer = await logIn({ ...right, user: 'ANNA' });
  expect(answer.status).toBe(429);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(answer.fault).toContain('Too many attempts');
  expect((await logIn({ user: 'other', password: 'x' })).status).toBe(401);
});

test('only POST; and no such path where nobody is asked for a token', async () => {
  expect((await door.call(LOGIN, { token: null })).status).toBe(405);
  const open = await openDoor({ auth: 'none' });
  expect((await open.call(LOGIN, { method: 'POST', body: '{}' })).status).toBe(404);
  await open.close();
});

describe('the limiter', () => {
  let now = 0;
  const limiterOf = () =>
    new LoginLimiter({ windowMs: 1000, perAddress: 3, perUser: 2, overAll: 5, now: () => now });

  test('counts per user, per address and over all, and forgets with time', () => {
    const limiter = limiterOf();
    limiter.begin('a', 'ann', 'Default');
    now += 100;
    limiter.begin('a', 'Ann', 'Default');
    expect(() => limiter.begin('b', 'ANN', 'Default')).toThrow('Try again in 1 s');
    limiter.begin('a', 'bob', 'Default');
    expect(() => limiter.begin('a', 'carl', 'Default')).toThrow('Too many');
    limiter.begin('b', 'carl', 'Default');
    // Somebody of the same name in another domain is somebody else.
    expect(() => limiter.begin('b', 'ann', 'elsewhere')).not.toThrow();
    expect(() => limiter.begin('d', 'eve', 'Default')).toThrow('Too many');
    now += 1001;
    expect(() => limiter.begin('a', 'ann', 'Default')).not.toThrow();
  });

  test('does not count what succeeded', () => {
    const limiter = limiterOf();
    for (let i = 0; i < 20; i += 1) limiter.begin('a', 'ann', 'Default')();
    expect(() => limiter.begin('a', 'ann', 'Default')).not.toThrow();
  });
});
