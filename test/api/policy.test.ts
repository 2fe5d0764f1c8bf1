/** Who may do what: roles per operation, service tokens, and tokens that were revoked. */
import { TokenCache } from '../../src/api/token-cache.js';
import { readConfig } from '../../src/config.js';
import type { TokenInfo } from '../../src/openstack/cloud.js';
import { ADMIN_TOKEN, openDoor, PATH, tokenInfo } from './support.js';
import type { Door } from './support.js';

const ROLES = {
  read: ['reader', 'operator'],
  preview: ['planner'],
  start: ['operator'],
  control: ['controller'],
  admin: ['admin'],
};
const ACTION = '0f1d4c2a-6b7e-4a55-9d3c-1a2b3c4d5e6f';

/** What each role is the only one to be allowed, as a call. */
const CALLS: Record<string, [path: string, options: Parameters<Door['call']>[1]][]> = {
  reader: [
    [PATH, {}],
    [`${PATH}/compensations`, {}],
    [`${PATH}/events`, {}],
    ['/v1/rollbacks', {}],
    ['/v1/rollbacks/stop', {}],
  ],
  planner: [
    [`${PATH}/preview`, {}],
    [PATH, { method: 'POST', body: '{"dry_run": true}' }],
  ],
  operator: [[PATH, { method: 'POST' }]],
  controller: [
    [`${PATH}/pause`, { method: 'POST' }],
    [`${PATH}/resume`, { method: 'POST' }],
    [`${PATH}/cancel`, { method: 'POST' }],
    [`${PATH}/retry`, { method: 'POST', body: `{"action_uuid": "${ACTION}"}` }],
    [`${PATH}/skip`, { method: 'POST', body: `{"action_uuid": "${ACTION}"}` }],
  ],
  admin: [['/v1/rollbacks/stop', { method: 'PUT', body: '{"stopped": true}' }]],
};

describe('roles per operation', () => {
  let door: Door;
  beforeAll(async () => {
    door = await openDoor({ roles: ROLES });
    door.cloud.identity.validateToken = (token) =>
      Promise.resolve(tokenInfo({ roles: [token.toUpperCase()] }));
  });
  afterAll(() => door.close());

  test.each(Object.keys(CALLS))('%s may do its own and nothing else', async (role) => {
    for (const [owner, calls] of Object.entries(CALLS)) {
      for (const [path, options] of calls) {
        // Operators may read as well.
        const allowed = owner === role || (role === 'operator' && owner === 'reader');
        const answer = await door.call(path, { ...options, token: role });
        expect([role, path, answer.status]).toEqual([role, path, allowed ? 200 : 403]);
        if (!allowed)
          expect(answer.fault).toMatch(/Policy doesn't allow rollback:\w+ .*ROLLBACK_ROLES_/);
      }
    }
  });

  test('a path that is not there is 404 for anybody with a token, as in Watcher', async () => {
    expect((await door.call('/v1/nope', { token: 'nobody' })).status).toBe(404);
  });

  test('a refused caller learns nothing about the request: the role is looked at first', async () => {
    const answer = await door.call(PATH, { token: 'nobody', method: 'POST', body: '{broken' });
    expect(answer.status).toBe(403);
  });
});

test('the settings: Watcher’s own roles by default, others as said', () => {
  const { api } = readConfig({ ROLLBACK_ROLES_START: ' Operator, night shift ' });
  expect(api.roles.read).toEqual(['admin', 'administrator']);
  expect(api.roles.start).toEqual(['operator', 'night shift']);
  expect(() => readConfig({ ROLLBACK_ROLES_READ: 'a,,b' })).toThrow(/ROLLBACK_ROLES_READ/);
});

describe('service tokens, as by keystonemiddleware', () => {
  let door: Door;
  let asked: { token: string; allowExpired: boolean }[];
  beforeEach(async () => {
    door = await openDoor();
    asked = [];
    const long = new Date(Date.now() - 60_000).toISOString();
    const known: Record<string, TokenInfo> = {
      service: tokenInfo({ roles: ['Service'] }),
      'no-service': tokenInfo({ roles: ['admin'] }),
      expired: tokenInfo({ expiresAt: long }),
    };
    door.cloud.identity.validateToken = (token, options: { allowExpired?: boolean } = {}) => {
      const allowExpired = options.allowExpired === true;
      asked.push({ token, allowExpired });
      const info = known[token];
      const good = info !== undefined && (allowExpired || token !== 'expired');
      return Promise.resolve(good ? info : null);
    };
  });
  afterEach(() => door.close());
  const withService = (token: string, service: string) =>
    door.call(PATH, { token, headers: { 'X-Service-Token': service } });

  test('with a good one an expired user token is accepted', async () => {
    expect((await door.call(PATH, { token: 'expired' })).status).toBe(401);
    expect((await withService('expired', 'service')).status).toBe(200);
    expect(asked).toContainEqual({ token: 'expired', allowExpired: true });
    // And that answer is not remembered for those who come without.
    expect((await door.call(PATH, { token: 'expired' })).status).toBe(401);
  });

  test('one without the role, or that Keystone does not know, refuses the request', async () => {
    expect((await withService('no-service', 'no-service')).status).toBe(401);
    expect((await withService('no-service', 'unknown')).status).toBe(401);
    expect((await withService('no-service', '\u00e9')).status).toBe(401);
    expect(asked.every(({ allowExpired }) => !allowExpired)).toBe(true);
  });

  test('it stands for the service, not for the user: a user token is needed all the same', async () => {
    const answer = await door.call(PATH, {
      token: null,
      headers: { 'X-Service-Token': 'service' },
    });
    expect(answer.status).toBe(401);
  });
});

describe('a revoked token', () => {
  let now: number;
  let good: boolean;
  let asked: number;
  const identity = {
    validateToken: () => {
      asked += 1;
      return Promise.resolve(good ? tokenInfo({ expiresAt: '2026-11-25T00:00:00Z' }) : null);
    },
  };
  const metrics = { tokenValidated: () => undefined };
  beforeEach(() => {
    now = Date.parse('2026-11-24T00:00:00Z');
    good = true;
    asked = 0;
  });

  test('changes nothing after a minute, and reads nothing after five', async () => {
    const cache = new TokenCache(identity, metrics, { now: () => now });
    await cache.check('a');
    good = false;
    now += 59_999;
    expect(await cache.check('a', { maxAgeMs: 60_000 })).not.toBeNull();
    expect(asked).toBe(1);
    now += 1;
    expect(await cache.check('a')).not.toBeNull();
    expect(await cache.check('a', { maxAgeMs: 60_000 })).toBeNull();
    // Once Keystone has said no, reading ends too.
    expect(await cache.check('a')).toBeNull();
  });

  test('calls that change something ask for the fresh answer; calls that read do not', async () => {
    const clock = jest.spyOn(Date, 'now');
    try {
      const long = '2099-01-01T00:00:00Z';
      const door = await openDoor();
      door.cloud.identity.validateToken = (token) => {
        door.validated.push(token);
        return Promise.resolve(tokenInfo({ expiresAt: long }));
      };
      await door.call(PATH);
      const later = Date.now() + 61_000;
      clock.mockImplementation(() => later);
      await door.call(PATH);
      expect(door.validated).toEqual([ADMIN_TOKEN]);
      await door.call(`${PATH}/pause`, { method: 'POST' });
      expect(door.validated).toEqual([ADMIN_TOKEN, ADMIN_TOKEN]);
      clock.mockRestore();
      await door.close();
    } finally {
      clock.mockRestore();
    }
  });
});
