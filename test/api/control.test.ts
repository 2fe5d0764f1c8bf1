/** Control calls, previews, the stop switch, and the headers that go with what is read. */
import { ADMIN_TOKEN, ApiError, openDoor, PATH, PLAN } from './support.js';
import type { Door } from './support.js';

const ACTION = '0f1d4c2a-6b7e-4a55-9d3c-1a2b3c4d5e6f';
let door: Door;
beforeEach(async () => {
  door = await openDoor();
});
afterEach(() => door.close());
const post = (path: string, body?: unknown) =>
  door.call(path, { method: 'POST', ...(body !== undefined && { body: JSON.stringify(body) }) });

describe('control', () => {
  test.each(['pause', 'resume', 'cancel'])('%s: 200 with the result so far', async (verb) => {
    const answer = await post(`${PATH}/${verb}`);
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ action_plan_uuid: PLAN, links: [{ rel: 'self' }, {}] });
    expect(door.rollbacks.controlled).toEqual([{ plan: PLAN, verb, by: 'ada' }]);
  });

  test.each(['retry', 'skip'])('%s is about one action, and needs it', async (verb) => {
    const missing = await post(`${PATH}/${verb}`, {});
    expect(missing.status).toBe(400);
    expect(missing.fault).toMatch(/action_uuid.*UUID of an action/);
    expect((await post(`${PATH}/${verb}`, { action_uuid: ACTION.toUpperCase() })).status).toBe(200);
    expect(door.rollbacks.controlled).toEqual([
      { plan: PLAN, verb, by: 'ada', action_uuid: ACTION },
    ]);
  });

  test('a field that is not known is refused, also where there are none', async () => {
    const answer = await post(`${PATH}/pause`, { action_uuid: ACTION });
    expect([answer.status, answer.fault]).toEqual([
      400,
      'Unknown attribute for argument pause: "action_uuid"; none is allowed here.',
    ]);
  });

  test.each([
    ['NotControllable', 409],
    ['NoRollback', 404],
    ['NoWorker', 503],
  ] as const)('%s is answered with %d', async (type, status) => {
    door.rollbacks.accepted = new ApiError(type, 'It is so.');
    const answer = await post(`${PATH}/pause`);
    expect([answer.status, answer.fault]).toEqual([status, 'It is so.']);
  });

  test('GET tells that only POST is there', async () => {
    const answer = await door.call(`${PATH}/pause`);
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
  });
});

describe('previews', () => {
  const options = {
    max_age: 60,
    on_drift: 'restore',
    hosts: 'keep',
    allow_cold: true,
    abort_stuck: true,
    max_failures: 3,
    actions: [ACTION],
  };

  test('GET with options in the query, and dry_run with the same in the body, ask the same', async () => {
    const query = `max_age=60&on_drift=restore&hosts=keep&allow_cold=true&abort_stuck=true&max_failures=3&actions=${ACTION},${ACTION.toUpperCase()}`;
    const got = await door.call(`${PATH}/preview?${query}`);
    const posted = await post(PATH, { ...options, dry_run: true });
    expect([got.status, posted.status]).toEqual([200, 200]);
    expect(got.json).toMatchObject({ dry_run: true, preview: { order: [] } });
    expect(door.rollbacks.previewed.map(({ request }) => request.options)).toEqual([
      options,
      options,
    ]);
    expect(door.rollbacks.asked).toEqual([]);
  });

  test('dry_run: false is a rollback, and is not among its options', async () => {
    await post(PATH, { dry_run: false, actions: [ACTION, ACTION] });
    expect(door.rollbacks.previewed).toEqual([]);
    expect(door.rollbacks.asked[0]?.request.options).toEqual({ actions: [ACTION] });
  });

  test.each([
    ['max_age=x', 'max_age'],
    ['allow_cold=1', 'allow_cold'],
    ['abort_stuck=yes', 'abort_stuck'],
    ['actions=', 'actions'],
    ['actions=vm-1', 'actions'],
    ['on_drift=ignore', 'on_drift'],
    ['hosts=keep&hosts=keep', 'hosts'],
    ['dry_run=true', 'Unknown argument'],
  ])('%s: 400 naming %s', async (query, named) => {
    const answer = await door.call(`${PATH}/preview?${query}`);
    expect([answer.status, answer.fault]).toEqual([400, expect.stringContaining(named)]);
  });
});

describe('the stop switch', () => {
  const put = (body: unknown) =>
    door.call('/v1/rollbacks/stop', { method: 'PUT', body: JSON.stringify(body) });

  test('is set with a reason, in the name of who set it', async () => {
    expect((await door.call('/v1/rollbacks/stop')).json).toMatchObject({ stopped: false });
    const answer = await put({ stopped: true, reason: 'storage' });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({ stopped: true, reason: 'storage', by: 'ada' });
    expect((await door.call('/v1/rollbacks/stop')).json).toEqual(answer.json);
  });

  test.each([{}, { stopped: 'yes' }, { stopped: true, reason: '' }, { stopped: true, why: 'x' }])(
    '%j: 400',
    async (body) => {
      expect((await put(body)).status).toBe(400);
      expect(door.rollbacks.stop.stopped).toBe(false);
    },
  );
});

describe('what may be kept', () => {
  test.each([PATH, `${PATH}/compensations`, '/v1/rollbacks', '/v1/rollbacks/stop'])(
    '%s: an ETag that holds as long as nothing changes',
    async (path) => {
      const first = await door.call(path);
      const tag = first.headers.get('etag') ?? '';
      expect(tag).toMatch(/^"[\w-]{27}"$/);
      expect(first.headers.get('cache-control')).toBe('private, no-cache');
      expect(first.headers.get('vary')).toContain('X-Auth-Token');
      const same = await door.call(path, { headers: { 'If-None-Match': `"x", W/${tag}` } });
      expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', tag]);
      expect((await door.call(path, { headers: { 'If-None-Match': '"x"' } })).status).toBe(200);
    },
  );

  test('another result, another ETag', async () => {
    const tag = (await door.call(PATH)).headers.get('etag') ?? '';
    door.rollbacks.current = { ...(door.rollbacks.current as object), state: 'FAILED' } as never;
    expect((await door.call(PATH, { headers: { 'If-None-Match': tag } })).status).toBe(200);
  });

  test('what is asked for with POST, and every refusal, may be kept by nobody', async () => {
    for (const answer of [
      await post(PATH),
      await post(`${PATH}/pause`),
      await door.call(PATH, { token: null }),
      await door.call(`${PATH}/preview`),
    ]) {
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('etag')).toBeNull();
    }
  });

  test('Link names the result itself, its pages, and the description', async () => {
    const link = (await door.call(PATH)).headers.get('link') ?? '';
    const base = door.server.url;
    expect(link.split(', ')).toEqual([
      `<${base}${PATH}>; rel="self"`,
      `<${base}${PATH}/compensations>; rel="related"`,
      `<${base}/v1/openapi.json>; rel="service-desc"`,
    ]);
    door.rollbacks.page = { total: 3, offset: 0, compensations: [{}, {}] as never };
    const page = await door.call(`${PATH}/compensations?limit=2`);
    expect(page.headers.get('link')).toContain(
      `<${base}${PATH}/compensations?limit=2&offset=2>; rel="next"`,
    );
  });
});

test("the caller's request id travels with the request, and is in the log", async () => {
  const id = 'req-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';
  await door.call(`${PATH}/preview`, { headers: { 'X-OpenStack-Request-ID': id } });
  expect(door.rollbacks.previewed[0]?.request.requested_by.request_id).toBe(id);
  expect(door.logs.some((line) => line.global_request_id === id)).toBe(true);
  expect(ADMIN_TOKEN).not.toBe('');
});
