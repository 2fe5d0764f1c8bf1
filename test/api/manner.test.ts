/** Watcher's manner: headers, microversions, version documents, links, pages. */
import { FAILURES } from '../../src/domain/failures.js';
import { PATH, PLAN, openDoor, recorded, rollbackResult, until } from './support.js';
import type { Door } from './support.js';

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => door.close());

const version = (header: string) =>
  door.call(PATH, { headers: { 'OpenStack-API-Version': header } });

describe('microversions, as the real service was seen to answer', () => {
  test.each([
    ['infra-optim latest', '1.4'],
    ['infra-optim LATEST', '1.4'],
    ['infra-optim 1.3', '1.3'],
    ['compute 2.90, infra-optim 1.3', '1.3'],
    ['compute 2.90', '1.0'],
    ['1.3', '1.0'],
    ['infra-optim 1', '1.0'],
    ['infra-optim x.y', '1.0'],
  ])('%s → %s', async (header, expected) => {
    const answer = await version(header);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('openstack-api-version')).toBe(`infra-optim ${expected}`);
  });

  test.each(['infra-optim 1.99', 'infra-optim 2.1', 'infra-optim 0.9', 'infra-optim 1.2.3'])(
    '%s: 406 naming the range, in body and headers',
    async (header) => {
      const answer = await version(header);
      expect(answer.status).toBe(406);
      expect(answer.fault).toContain('[1.0, 1.4]');
      const real = recorded('watcher-action-plan-unsupported-version');
      for (const name of [
        'content-type',
        'vary',
        'openstack-api-version',
        'openstack-api-minimum-version',
        'openstack-api-maximum-version',
      ]) {
        expect([name, answer.headers.get(name)]).toEqual([name, real.headers.get(name)]);
      }
      expect(door.rollbacks.asked).toEqual([]);
    },
  );

  test('the headers of a good answer are those of the real service', async () => {
    const answer = await version('infra-optim 1.4');
    const real = recorded('watcher-action-plan-1.4');
    for (const name of ['content-type', 'openstack-api-version']) {
      expect([name, answer.headers.get(name)]).toEqual([name, real.headers.get(name)]);
    }
    // Watcher's own answers may not be kept by anybody; ours may, by the caller.
    expect(answer.headers.get('vary')).toBe(`${real.headers.get('vary')}, X-Auth-Token`);
  });
});

describe('request ids', () => {
  const OWN = /^req-[0-9a-f-]{36}$/;

  test('every answer has its own id and may not be stored; the caller is recorded', async () => {
    const answer = await door.call(PATH, { method: 'POST' });
    const id = answer.headers.get('x-openstack-request-id');
    expect(id).toMatch(OWN);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-powered-by')).toBeNull();
    expect(door.rollbacks.asked[0]?.request.requested_by).toEqual({
      user_id: 'user-1',
      user_name: 'ada',
      project_id: 'project-1',
      request_id: id,
    });
  });

  test("the caller's global id is kept beside our own; what is none is not", async () => {
    const global = 'req-0a1b2c3d-1111-4222-8333-444455556666';
    for (const [given, kept] of [
      [global, true],
      ['req-x', false],
      [`${global}\tx`, false],
    ] as const) {
      const headers = { 'X-OpenStack-Request-ID': given };
      const answer = await door.call(PATH, { method: 'POST', headers });
      const own = answer.headers.get('x-openstack-request-id');
      expect(own).not.toBe(global);
      const asked = door.rollbacks.asked.at(-1)?.request.requested_by.request_id;
      expect(asked).toBe(kept ? global : own);
    }
    expect(door.logs.find((line) => line.global_request_id === global)).toMatchObject({
      msg: 'request',
      route: '/v1/action_plans/{uuid}/rollback',
      action_plan_uuid: PLAN,
      workflow_id: `rollback-${PLAN}`,
      status: 200,
      user_id: 'user-1',
    });
  });
});

test('the log line of a refusal names its type', async () => {
  await door.call('/v1/rollbacks?limit=0');
  await until(() => door.logs.length > 0);
  expect(door.logs[0]).toMatchObject({ status: 400, failure: 'InvalidRequest' });
});

describe('what is asked of the machinery', () => {
  test('options as given and complete, times of the request', async () => {
    const before = Date.now();
    await door.call(PATH, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
      body: '{"on_drift": "restore", "allow_cold": true, "max_age": 604800, "max_failures": 1}',
    });
    const [asked] = door.rollbacks.asked;
    const given = { on_drift: 'restore', allow_cold: true, max_age: 604_800, max_failures: 1 };
    expect(asked?.request.options).toEqual(given);
    expect(asked?.complete).toEqual({
      ...given,
      hosts: 'restore',
      abort_stuck: false,
      actions: null,
    });
    const requestedAt = Date.parse(asked?.request.requested_at ?? '');
    expect(requestedAt).toBeGreaterThanOrEqual(before);
    expect(Date.parse(asked?.request.accept_by ?? '') - requestedAt).toBe(30_000);
    expect(asked?.request.previous_run_id).toBeNull();
  });

  test('where nothing is given, max_age is the setting', async () => {
    await door.call(PATH, { method: 'POST' });
    expect(door.rollbacks.asked[0]?.complete).toMatchObject({ max_age: 3600, on_drift: 'keep' });
  });
});

const links = (base: string) => [
  { rel: 'self', href: `${base}/v1/action_plans/${PLAN}/rollback` },
  { rel: 'bookmark', href: `${base}/action_plans/${PLAN}/rollback` },
];

describe('links and pages', () => {
  test('the result has links to itself, as the caller reached it', async () => {
    for (const method of ['GET', 'POST']) {
      const answer = await door.call(PATH, { method });
      expect(answer.json).toEqual({ ...rollbackResult(), links: links(door.server.url) });
    }
    const proxied = await door.call(PATH, {
      headers: { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'cloud.example:9443' },
    });
    expect(proxied.json.links).toEqual(links('https://cloud.example:9443'));
    const evil = await door.call(PATH, { headers: { 'X-Forwarded-Host': 'a"b<c>' } });
    expect(evil.json.links).toEqual(links(door.server.url));
  });

  test('a bookmark link leads to the same result', async () => {
    const answer = await door.call(`/action_plans/${PLAN}/rollback`);
    expect([answer.status, answer.json.uuid]).toEqual([200, rollbackResult().uuid]);
  });

  test('rollbacks: filter, limit and marker go down, rows and the next page come up', async () => {
    const { uuid, created_at, updated_at, counts } = rollbackResult();
    const row = { action_plan_uuid: PLAN, uuid, state: 'PARTIAL' as const, created_at, updated_at };
    door.rollbacks.rows = { rollbacks: [{ ...row, counts, links: [] }], next: 'm/2+' };
    const answer = await door.call('/v1/rollbacks?state=PARTIAL&limit=1&marker=m1');
    expect(door.rollbacks.listed).toEqual([{ limit: 1, marker: 'm1', state: 'PARTIAL' }]);
    expect(answer.json.next).toBe(
      `${door.server.url}/v1/rollbacks?state=PARTIAL&limit=1&marker=m%2F2%2B`,
    );
    expect(answer.json.rollbacks).toEqual([{ ...row, counts, links: links(door.server.url) }]);
    await door.call(String(answer.json.next).slice(door.server.url.length));
    expect(door.rollbacks.listed[1]).toEqual({ limit: 1, marker: 'm/2+', state: 'PARTIAL' });
  });

  test('the last page names no next one, as in Watcher; a great limit is cut', async () => {
    const answer = await door.call('/v1/rollbacks?limit=5000');
    expect(answer.json).toEqual({ rollbacks: [] });
    expect(door.rollbacks.listed).toEqual([{ limit: 1000, marker: null }]);
  });

  test('compensations: pages by offset until all are there', async () => {
    const compensation = {
      action_uuid: 'a',
      action_type: 'nop',
      kind: null,
      resource_type: null,
      resource_id: null,
      resource_name: null,
      before: null,
      after: null,
      now: null,
      state: 'SKIPPED' as const,
      reason: null,
      parents: [],
      attempts: 0,
      started_at: null,
      finished_at: null,
      evidence: {},
    };
    door.rollbacks.page = { total: 4, offset: 1, compensations: [compensation, compensation] };
    const first = await door.call(`${PATH}/compensations?limit=2&offset=1`);
    const next = `${door.server.url}${PATH}/compensations?limit=2&offset=3`;
    expect(first.json).toMatchObject({ total: 4, offset: 1, next });
    expect(first.json.compensations).toHaveLength(2);
    door.rollbacks.page = { total: 4, offset: 3, compensations: [compensation] };
    const last = await door.call(`${PATH}/compensations?limit=2&offset=3`);
    expect(last.json.next).toBeUndefined();
    // An offset beyond the end must not send a client round for ever.
    door.rollbacks.page = { total: 4, offset: 2, compensations: [] };
    expect((await door.call(`${PATH}/compensations?offset=2`)).json.next).toBeUndefined();
    expect(door.rollbacks.pages).toEqual([
      { plan: PLAN, offset: 1, limit: 2 },
      { plan: PLAN, offset: 3, limit: 2 },
      { plan: PLAN, offset: 2, limit: 1000 },
    ]);
  });
});

describe('version documents', () => {
  test('the root is open and has the fields of the real one', async () => {
    const answer = await door.call('/', { token: null });
    const real = recorded('watcher-root');
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.json)).toEqual(Object.keys(real.json));
    const address = /http:\/\/127\.0\.0\.1:\d+/g;
    const bare = (json: unknown) =>
      JSON.parse(JSON.stringify(json).replace(address, '')) as unknown;
    expect(bare(answer.json.versions)).toEqual(bare(real.json.versions));
    expect(bare(answer.json.default_version)).toEqual(bare(real.json.default_version));
  });

  test('/v1 and /v1/ need a token, as in Watcher', async () => {
    expect((await door.call('/v1/', { token: null })).status).toBe(401);
    for (const path of ['/v1', '/v1/']) {
      const answer = await door.call(path);
      expect(answer.json).toMatchObject({
        id: 'v1',
        media_types: recorded('watcher-v1').json.media_types,
      });
    }
  });
});

test('every failure with a status is one that an HTTP answer can have', () => {
  const statuses = Object.values(FAILURES).flatMap(({ status }) =>
    status === null ? [] : [status],
  );
  expect(statuses.every((status) => status >= 400 && status < 600)).toBe(true);
});
