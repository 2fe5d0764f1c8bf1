/** What the door refuses: at once, touching nothing, saying what to do. */
import { ADMIN_TOKEN, ApiError, PATH, PLAN, openDoor, recorded, sendRaw } from './support.js';
import type { Door } from './support.js';
import type { FailureType } from '../../src/domain/failures.js';

let door: Door;
beforeEach(async () => {
  door = await openDoor({ maxAgeCeiling: 7200 });
});
afterEach(() => door.close());

const JSON_TYPE = { 'Content-Type': 'application/json' };
const post = (body: string) => door.call(PATH, { method: 'POST', headers: JSON_TYPE, body });

function faultObject(json: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(String(json.error_message)) as Record<string, unknown>;
}

describe('the plan', () => {
  test.each(['not-a-uuid', '123', `${PLAN}0`, '%00', encodeURIComponent("x' OR 1=1")])(
    '%s is no UUID: 400 in the words of Watcher',
    async (ident) => {
      for (const method of ['POST', 'GET']) {
        const answer = await door.call(`/v1/action_plans/${ident}/rollback`, { method });
        expect(answer.status).toBe(400);
        expect(answer.fault).toMatch(
          /^Invalid input for field\/attribute action_plan_uuid\. Value: '.*'\. Expected the UUID/,
        );
      }
      expect(door.rollbacks.asked).toEqual([]);
    },
  );

  test('the shape of the refusal is that of the real service', async () => {
    const real = recorded('watcher-action-plan-bad-uuid');
    const answer = await door.call('/v1/action_plans/not-a-uuid/rollback');
    expect(answer.status).toBe(real.status);
    expect(Object.keys(answer.json)).toEqual(Object.keys(real.json));
    expect({ ...faultObject(answer.json), faultstring: '' }).toEqual({
      ...faultObject(real.json),
      faultstring: '',
    });
    for (const name of [
      'content-type',
      'vary',
      'openstack-api-version',
      'openstack-api-minimum-version',
      'openstack-api-maximum-version',
    ]) {
      expect([name, answer.headers.get(name)]).toEqual([name, real.headers.get(name)]);
    }
  });

  test('a UUID in upper case is the same plan', async () => {
    const path = `/v1/action_plans/${PLAN.toUpperCase()}/rollback`;
    expect((await door.call(path, { method: 'POST' })).status).toBe(200);
    expect(door.rollbacks.asked[0]?.plan).toBe(PLAN);
  });

  test('a broken percent sign in the path: 400, no defect', async () => {
    const answer = await door.call('/v1/action_plans/%E0%A4%A/rollback');
    expect(answer.status).toBe(400);
    expect(answer.fault).toContain('percent');
  });
});

describe('the body', () => {
  const AGE = 'Expected a whole number of seconds from 1 to 7200';
  test.each([
    ['{"max_age": 7201}', 'max_age', AGE],
    ['{"max_age": 0}', 'max_age', AGE],
    ['{"max_age": 1.5}', 'max_age', AGE],
    ['{"max_age": "3600"}', 'max_age', AGE],
    ['{"max_age": null}', 'max_age', AGE],
    ['{"max_age": 1e400}', 'max_age', AGE],
    ['{"on_drift": "ignore"}', 'on_drift', 'Expected one of "keep", "restore", "fail"'],
    ['{"on_drift": ["keep"]}', 'on_drift', 'Expected one of'],
    ['{"hosts": true}', 'hosts', 'Expected one of "restore", "keep"'],
    ['{"allow_cold": "yes"}', 'allow_cold', 'Expected true or false'],
    ['{"abort_stuck": 1}', 'abort_stuck', 'Expected true or false'],
    ['{"max_failures": 0}', 'max_failures', 'Expected a whole number from 1 to 10000'],
    ['{"max_failures": 10001}', 'max_failures', 'Expected a whole number from 1 to 10000'],
    ['{"nope": 1}', 'Unknown attribute for argument rollback: "nope"', 'max_age'],
    ['{"__proto__": {"max_age": 1}}', 'Unknown attribute', '__proto__'],
    ['{"dry_run": "yes"}', 'dry_run', 'Expected true or false'],
    ['{"actions": []}', 'actions', 'Expected a list of 1 to 1000 UUIDs'],
    ['{"actions": ["vm-1"]}', 'actions', 'Expected the UUID of an action'],
    ['[]', 'not an object', 'Expected a JSON object'],
    ['null', 'not an object', 'Expected a JSON object'],
    ['"x"', 'not an object', 'Expected a JSON object'],
    ['{broken', 'not valid JSON', ''],
    [' ', 'not valid JSON', ''],
  ])('%s: 400 naming %s', async (body, named, allowed) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(answer.fault).toContain(named);
    expect(answer.fault).toContain(allowed);
    expect(door.rollbacks.asked).toEqual([]);
  });

  test('every wrong field is named at once, and the ceiling names its setting', async () => {
    const answer = await post('{"max_age": 999999, "hosts": 1, "x": 2}');
    for (const word of ['max_age', 'ROLLBACK_MAX_AGE_CEILING', 'hosts', '"x"']) {
      expect(answer.fault).toContain(word);
    }
  });

  test('a value is not given back at full length, nor control characters', async () => {
    const answer = await post(JSON.stringify({ hosts: `\u001b[31m${'x'.repeat(5000)}` }));
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(400);
    expect(answer.fault).not.toContain('\u001b');
  });

  test('text that is no UTF-8: 400', async () => {
    const head = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Auth-Token: ${ADMIN_TOKEN}\r\n`;
    const raw = Buffer.concat([
      Buffer.from(`${head}Content-Length: 4\r\n\r\n`),
      Buffer.from([0x22, 0xff, 0xfe, 0x22]),
    ]);
    expect(await sendRaw(door.server.port, raw)).toContain('400 Bad Request');
  });

  test('other media types and compressed bodies: 415, saying which to send', async () => {
    for (const headers of [
      { 'Content-Type': 'text/plain' },
      { 'Content-Type': 'application/x-www-form-urlencoded' },
      { ...JSON_TYPE, 'Content-Encoding': 'gzip' },
    ]) {
      const answer = await door.call(PATH, { method: 'POST', headers, body: '{}' });
      expect(answer.status).toBe(415);
      expect(answer.fault).toContain('Content-Type: application/json');
    }
    expect(door.rollbacks.asked).toEqual([]);
  });

  test('64 KiB pass the door, one byte more does not: 400 naming the limit', async () => {
    const fits = `{}${' '.repeat(65_534)}`;
    expect((await post(fits)).status).toBe(200);
    const answer = await post(`${fits} `);
    expect(answer.status).toBe(400);
    expect(answer.fault).toContain('65536 bytes (64 KiB)');
    expect(door.rollbacks.asked).toHaveLength(1);
  });

  test('a body without a stated length is cut at the limit, before its end has come', async () => {
    const chunk = 'x'.repeat(70_000);
    const begun =
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${ADMIN_TOKEN}\r\n` +
      `Transfer-Encoding: chunked\r\n\r\n${chunk.length.toString(16)}\r\n${chunk}\r\n`;
    const answer = await sendRaw(door.server.port, begun, 500);
    expect(answer).toContain('HTTP/1.1 400 Bad Request');
    expect(answer).toContain('64 KiB');
  });

  test('a stated length over the limit is refused before any of it comes', async () => {
    const begun =
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${ADMIN_TOKEN}\r\n` +
      'Content-Length: 100000000\r\n\r\n';
    expect(await sendRaw(door.server.port, begun, 500)).toContain('HTTP/1.1 400 Bad Request');
  });

  test.each([
    ['nothing', {}],
    ['an empty body with a form type', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['an empty body with a JSON type', JSON_TYPE],
  ])('%s is all defaults', async (_what, headers) => {
    const answer = await door.call(PATH, { method: 'POST', headers });
    expect(answer.status).toBe(200);
    expect(door.rollbacks.asked[0]?.request.options).toEqual({});
  });
});

describe('the query', () => {
  test.each([
    ['/v1/rollbacks?limit=0', 'limit'],
    ['/v1/rollbacks?limit=-1', 'limit'],
    ['/v1/rollbacks?limit=abc', 'limit'],
    ['/v1/rollbacks?limit=1&limit=2', 'limit'],
    ['/v1/rollbacks?state=DONE', 'PENDING, ONGOING, PAUSED, SUCCEEDED, PARTIAL, FAILED, CANCELLED'],
    ['/v1/rollbacks?marker=', 'marker'],
    ['/v1/rollbacks?nope=1', 'Unknown argument: "nope"; allowed are limit, marker, state'],
    [`${PATH}?max_age=1`, 'Unknown argument: "max_age"'],
    [`${PATH}/compensations?offset=-1`, 'offset'],
    [`${PATH}/compensations?limit=1.5`, 'limit'],
  ])('%s: 400 naming %s', async (path, named) => {
    const answer = await door.call(path);
    expect(answer.status).toBe(400);
    expect(answer.fault).toContain(named);
    expect([...door.rollbacks.listed, ...door.rollbacks.pages]).toEqual([]);
  });
});

describe('paths and methods', () => {
  test.each(['/v1/nope', '/nope', `/v1/action_plans/${PLAN}`, `${PATH}/nope`, '/V1/rollbacks'])(
    '%s: 404 in the shape of Watcher',
    async (path) => {
      const answer = await door.call(path);
      expect(answer.status).toBe(404);
      expect(answer.fault).toBe('The resource could not be found.');
    },
  );

  test.each([
    [PATH, 'PUT', 'GET, HEAD, POST, OPTIONS'],
    [PATH, 'DELETE', 'GET, HEAD, POST, OPTIONS'],
    [PATH, 'PATCH', 'GET, HEAD, POST, OPTIONS'],
    ['/v1/rollbacks', 'POST', 'GET, HEAD, OPTIONS'],
    [`${PATH}/compensations`, 'POST', 'GET, HEAD, OPTIONS'],
    ['/v1/', 'POST', 'GET, HEAD, OPTIONS'],
    ['/metrics', 'POST', 'GET, HEAD, OPTIONS'],
  ])('%s does not know %s: 405 with Allow', async (path, method, allow) => {
    const answer = await door.call(path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allow);
    expect(answer.fault).toContain(method);
    expect(recorded('watcher-rollback-today').status).toBe(405);
  });

  test('OPTIONS tells the methods; HEAD is GET without the body', async () => {
    const options = await door.call(PATH, { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([
      204,
      'GET, HEAD, POST, OPTIONS',
    ]);
    const get = await door.call(PATH);
    const head = await door.call(PATH, { method: 'HEAD' });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers.get('content-length')).toBe(String(get.text.length));
  });
});

describe('refusals from behind the door', () => {
  test.each<[FailureType, number, string | null]>([
    ['ActionPlanNotFound', 404, null],
    ['PlanNotFinished', 400, null],
    ['PlanTooOld', 400, null],
    ['OtherPlanOngoing', 400, null],
    ['OptionsDiffer', 409, null],
    ['TemporalUnreachable', 503, '7'],
    ['NoWorker', 503, '7'],
    ['OpenStackUnreachable', 503, '7'],
    ['RequestExpired', 503, '7'],
    ['RollbackIncomplete', 500, null],
  ])('%s: %i', async (type, status, retryAfter) => {
    door.rollbacks.accepted = new ApiError(type, 'Say what to do.', 6.2);
    const answer = await door.call(PATH, { method: 'POST' });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('retry-after')).toBe(retryAfter);
    if (status !== 500) expect(answer.fault).toBe('Say what to do.');
    const code = JSON.parse(String(answer.json.error_message)) as { faultcode: string };
    expect(code.faultcode).toBe(status < 500 ? 'Client' : 'Server');
  });

  test('a defect shows nothing of its inside to the caller, and all of it to the log', async () => {
    door.rollbacks.accepted = new TypeError('cannot read properties of undefined');
    const answer = await door.call(PATH, { method: 'POST' });
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('undefined');
    expect(answer.fault).toContain(answer.headers.get('x-openstack-request-id'));
    const line = door.logs.find((entry) => entry.msg === 'defect');
    expect(JSON.stringify(line)).toContain('cannot read properties');
  });

  test('no rollback yet: 404 saying so', async () => {
    door.rollbacks.current = null;
    door.rollbacks.page = null;
    for (const path of [PATH, `${PATH}/compensations`]) {
      const answer = await door.call(path);
      expect(answer.status).toBe(404);
      expect(answer.fault).toContain('no rollback yet');
    }
  });
});
