/** One caller cannot take the service from the others; what is too much is refused before it costs anything. */
import { addressOf, RateLimiter } from '../../src/api/rate-limit.js';
import { ApiError, type Door, openDoor, PATH, sendRaw } from './support.js';

function limiterAt(perMinute: number, callersMax?: number) {
  const clock = { ms: 1_000_000 };
  const limiter = new RateLimiter(perMinute, () => clock.ms, callersMax);
  const tries = (caller: string, count: number): number =>
    Array.from({ length: count }).filter(() => {
      try {
        limiter.take(caller);
        return true;
      } catch (error) {
        expect(error).toBeInstanceOf(ApiError);
        return false;
      }
    }).length;
  return { clock, limiter, tries };
}

describe('the counting', () => {
  test('so many at once, then one for each share of the minute, and all of them again after a minute', () => {
    const { clock, tries } = limiterAt(60);
    expect(tries('a', 100)).toBe(60);
    clock.ms += 999;
    expect(tries('a', 5)).toBe(0);
    clock.ms += 1;
    expect(tries('a', 5)).toBe(1);
    clock.ms += 10_000;
    expect(tries('a', 50)).toBe(10);
    clock.ms += 60_000;
    expect(tries('a', 100)).toBe(60);
  });

  test.each([1, 3, 7, 3000])('%d a minute are that many, however they come', (limit) => {
    const { clock, tries } = limiterAt(limit);
    expect(tries('a', limit + 5)).toBe(limit);
    let taken = 0;
    for (let second = 0; second < 60; second += 1) {
      clock.ms += 1000;
      taken += tries('a', Math.ceil(limit / 60) + 1);
    }
    expect(taken).toBeGreaterThanOrEqual(limit - 1);
    expect(taken).toBeLessThanOrEqual(limit);
  });

  test('callers do not share; refused ones do not count; Retry-After is when one more fits', () => {
    const { clock, limiter, tries } = limiterAt(2);
    expect([tries('a', 50), tries('b', 1)]).toEqual([2, 1]);
    let after = 0;
    try {
      limiter.take('a');
    } catch (error) {
      after = (error as ApiError).retryAfterSeconds ?? 0;
    }
    expect(after).toBe(30);
    clock.ms += after * 1000;
    expect(tries('a', 5)).toBe(1);
  });

  test('0 is no limit, and callers are remembered up to a bound', () => {
    expect(limiterAt(0).tries('a', 10_000)).toBe(10_000);
    const { tries } = limiterAt(1, 10);
    expect(tries('a', 2)).toBe(1);
    for (let other = 0; other < 10; other += 1) tries(`other-${other}`, 1);
    expect(tries('a', 1)).toBe(1);
  });

  test('an address is a machine: of IPv6 the network', () => {
    const of = (ip: string): string => addressOf({ ip });
    expect(of('10.0.0.1')).toBe(of('::ffff:10.0.0.1'));
    expect(of('10.0.0.1')).not.toBe(of('10.0.0.2'));
    expect(of('2001:db8:1:2::7')).toBe(of('2001:db8:1:2:ffff:1:2:3'));
    expect(of('2001:db8:1:2::7')).not.toBe(of('2001:db8:1:3::7'));
    expect(of('2001:db8::1')).toBe(of('2001:db8:0:0:9::'));
    expect(of('::1')).toBe('address 0:0:0:0');
  });
});

describe('at the door', () => {
  let door: Door;
  afterEach(() => door.close());

  test('the user counts, not the token: 429 in the usual shape, and nothing is asked', async () => {
    door = await openDoor({ rateLimit: 3 });
    const { cloud, rollbacks } = door;
    const validate = cloud.identity.validateToken;
    cloud.identity.validateToken = (token) => validate(token.replace(/\d+$/, ''));
    const token = (n: number): string => `member${n}`;
    const statuses: number[] = [];
    for (let ask = 0; ask < 5; ask += 1) {
      statuses.push((await door.call(PATH, { token: token(ask) })).status);
    }
    expect(statuses).toEqual([403, 403, 403, 429, 429]);
    // The same user by another name is the same user; somebody else is not concerned.
    const refused = await door.call(PATH, { method: 'POST', token: token(9) });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('Retry-After')).toBe('20');
    expect(refused.headers.get('X-Rollback-Failure')).toBe('TooManyRequests');
    expect(refused.fault).toMatch(/ROLLBACK_RATE_LIMIT.*Nothing was touched/);
    expect(rollbacks.asked).toEqual([]);
    cloud.identity.validateToken = () =>
      Promise.resolve({
        userId: 'user-2',
        userName: 'bo',
        projectId: null,
        roles: ['admin'],
        expiresAt: new Date(Date.now() + 60_000).toISOString(),
      });
    expect((await door.call(PATH, { token: 'another' })).status).toBe(200);
  });

  test('tokens that are none count by address, and Keystone is asked about so many only', async () => {
    door = await openDoor({ rateLimit: 3 });
    const statuses: number[] = [];
    for (let ask = 0; ask < 6; ask += 1) {
      statuses.push((await door.call(PATH, { token: `none-${ask}` })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 429, 429, 429]);
    expect(door.validated).toHaveLength(3);
  });

  test('who is known does not wait for a neighbour at the same address who is not', async () => {
    door = await openDoor({ rateLimit: 3 });
    const status = async (token: string | null): Promise<number> =>
      (await door.call(PATH, { token })).status;
    expect(await status('member')).toBe(403);
    const strange = [];
    for (let ask = 0; ask < 5; ask += 1) strange.push(await status(null));
    expect(strange).toEqual([401, 401, 401, 429, 429]);
    expect(await status('member')).toBe(403);
    expect(await status('none')).toBe(429);
    expect(door.validated).toEqual(['member']);
  });

  test('the page, the documents and logins count by address; probes never', async () => {
    door = await openDoor({ rateLimit: 2 });
    const get = async (path: string): Promise<number> =>
      (await door.call(path, { token: null })).status;
    expect([await get('/docs'), await get('/v1/openapi.json')]).toEqual([200, 200]);
    expect([await get('/docs'), await get('/v1/openapi.json')]).toEqual([429, 429]);
    const login = { method: 'POST', token: null, body: '{"user": "anna", "password": "right"}' };
    expect((await door.call('/v1/auth/tokens', login)).status).toBe(429);
    for (let ask = 0; ask < 20; ask += 1) {
      expect([await get('/healthz'), await get('/readyz'), await get('/metrics')]).toEqual([
        200, 200, 200,
      ]);
    }
  });

  test('without tokens the address counts', async () => {
    door = await openDoor({ rateLimit: 2, auth: 'none' });
    const statuses: number[] = [];
    for (let ask = 0; ask < 3; ask += 1) {
      statuses.push((await door.call(PATH, { token: null })).status);
    }
    expect(statuses).toEqual([200, 200, 429]);
  });

  test('an address of 8,192 characters passes, a longer one is 414, one beyond all headers 431', async () => {
    door = await openDoor();
    const target = (length: number): string => `/v1/nope?${'x'.repeat(length - 9)}`;
    expect((await door.call(target(8192))).status).toBe(404);
    const long = await door.call(target(8193));
    expect(long.status).toBe(414);
    expect(long.fault).toContain('8192');
    const raw = `GET ${target(20_000)} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    expect(await sendRaw(door.server.port, raw)).toMatch(/^HTTP\/1.1 431 .*16 KiB/s);
  });
});
