/** Names and sentences that tenants chose, on their way to people: nothing in them makes a line, a header or a prototype. */
import { PassThrough } from 'node:stream';
import { createServer } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { z } from 'zod';
import { guardedLookup } from '../../activities/webhook-address.js';
import { type JunitReport, junit } from '../../src/cli/junit.js';
import { Out } from '../../src/cli/out.js';
import { plain } from '../../src/cli/words.js';
import { createLogger } from '../../src/log.js';
import { parseAnswer } from '../../src/openstack/parse-answer.js';
import { serviceMessage } from '../../src/openstack/service-message.js';
import { rollbackResult } from '../api/support.js';
import { openDoor, PATH } from '../api/support.js';

const HOSTILE =
  'vm\r\n00:00:00.000 ERROR forged\u001B[2J\u001B]0;title\u0007\u0000\u009B1m\u2028\u202Eevil';
// oxlint-disable-next-line no-control-regex
const STEERS = /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/;

test.each(['json', 'pretty'] as const)('a log in %s: one line, and no forged one', (format) => {
  let written = '';
  const destination = { write: (line: string): unknown => (written += line) };
  const log = createLogger({ level: 'info', format, destination });
  log.info({ server: HOSTILE, deep: { host: HOSTILE } }, HOSTILE);
  expect(written.trimEnd().split('\n')).toHaveLength(1);
  if (format === 'pretty') expect(written).not.toMatch(STEERS);
  written = '';
  log.error({ err: new Error(HOSTILE) }, 'it failed');
  // What an error says begins no line: a stack stands indented below its own.
  expect(written.split('\n').filter((line) => line.startsWith('00:00:00'))).toEqual([]);
  if (format === 'pretty') expect(written).not.toMatch(STEERS);
});

test("the command's sentences and tables steer no terminal", () => {
  const stderr = new PassThrough();
  const stdout = new PassThrough();
  const streams = { stdout, stderr } as unknown as NonNullable<
    ConstructorParameters<typeof Out>[2]
  >;
  const out = new Out({}, {}, streams);
  out.complain(HOSTILE);
  out.say(HOSTILE);
  expect(String(stderr.read())).not.toMatch(STEERS);
  expect(plain(HOSTILE)).not.toMatch(/[\n\r]/);
  expect(plain(HOSTILE)).not.toMatch(STEERS);
});

test('what a service says is one line without control characters', () => {
  for (const body of [
    JSON.stringify({ badRequest: { code: 400, message: HOSTILE } }),
    JSON.stringify({ error_message: JSON.stringify({ faultstring: HOSTILE }) }),
    `<html><h1>${HOSTILE}</h1></html>`,
  ]) {
    // oxlint-disable-next-line no-control-regex
    expect(serviceMessage(body)).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u2028]/);
  }
});

test('a JUnit report stays well-formed: no character that XML has not, and no tag of a name', () => {
  const name = `${HOSTILE}"/></testcase><testcase name='x'>]]>`;
  const compensation = {
    action_uuid: 'a',
    action_type: 'migrate',
    resource_type: 'server',
    resource_id: 's',
    resource_name: name,
    state: 'FAILED',
    reason: name,
    before: null,
    after: null,
    now: null,
    started_at: null,
    finished_at: null,
  } as unknown as JunitReport['compensations'][number];
  const result = rollbackResult('PARTIAL') as unknown as JunitReport['result'];
  const report = junit({ plan: 'p', result, compensations: [compensation], problem: null });
  // oxlint-disable-next-line no-control-regex
  expect(report).not.toMatch(/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/);
  expect(report.match(/<testcase /g)).toHaveLength(2);
  expect(report).not.toContain(']]>');
});

describe('prototypes', () => {
  const KEYS = '"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}';
  afterEach(() => {
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test("an answer of OpenStack's with such keys, at any depth", () => {
    const call = { service: 'compute', method: 'GET', url: new URL('http://n/x') } as const;
    const body = `{${KEYS}, "servers": [{${KEYS}, "metadata": {${KEYS}}}]}`;
    const answer = { status: 200, header: () => null, body };
    const metadata = z.record(z.string(), z.unknown());
    const schema = z.object({ servers: z.array(z.object({ metadata })) });
    const parsed = parseAnswer(call, answer, schema);
    expect(Reflect.get(parsed, 'polluted')).toBeUndefined();
    expect(Reflect.get(parsed.servers[0]?.metadata ?? {}, 'polluted')).toBeUndefined();
    expect(serviceMessage(`{${KEYS}}`)).toBeNull();
  });

  test('a query with such names is refused, and changes nothing', async () => {
    const door = await openDoor();
    for (const query of [
      '__proto__=1',
      '__proto__[polluted]=true',
      'constructor[prototype][polluted]=true',
      'constructor.prototype.polluted=true',
      'limit[__proto__][polluted]=true',
      'limit=1&limit=2',
      'toString=1',
      '%5F_proto__=1',
    ]) {
      expect([query, (await door.call(`/v1/rollbacks?${query}`)).status]).toEqual([query, 400]);
      expect((await door.call(`${PATH}/preview?${query}`)).status).toBe(400);
    }
    await door.close();
  });
});

test('what a name from OpenStack says in a refusal is in the body only, and ends no header', async () => {
  const door = await openDoor();
  const { ApiError } = await import('../api/support.js');
  door.rollbacks.current = new ApiError('NotFound', HOSTILE);
  const answer = await door.call(PATH);
  expect(answer.status).toBe(404);
  expect(answer.fault).toContain('forged');
  for (const [name, value] of answer.headers) expect(name + value).not.toContain('forged');
  await door.close();
});

test('DNS rebinding: a webhook is resolved once, and it is the address that was looked at which is connected', async () => {
  const { request } = await import('node:http');
  const server = createServer((_req, res) => res.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const guarded = guardedLookup({ allow: ['127.0.0.0/8', '::1'] });
  let asked = 0;
  const lookup: LookupFunction = (host, options, callback) => {
    asked += 1;
    guarded(host, options, callback);
  };
  const { port } = server.address() as AddressInfo;
  const connected = await new Promise<string | undefined>((resolve, reject) => {
    const sent = request(`http://localhost:${port}/`, { agent: false, lookup }, (answer) => {
      resolve(answer.socket.remoteAddress);
      answer.resume();
    });
    sent.once('error', reject);
    sent.end();
  });
  expect([asked, connected]).toEqual([1, '127.0.0.1']);
  server.close();
});
