/** /healthz, /readyz, /metrics, and the server around them. */
import { connect } from 'node:net';
import { readinessChecker } from '../../src/api/readiness.js';
import { OpenStackUnreachableError } from '../../src/openstack/errors.js';
import { ADMIN_TOKEN, PATH, openDoor, sendRaw } from './support.js';
import type { Door } from './support.js';

const AWAY = new OpenStackUnreachableError(
  { service: 'compute', method: 'GET', url: 'http://127.0.0.1:1/os-services' },
  'connection refused',
);
const GOOD = { ok: true, message: null };

let door: Door;
beforeEach(async () => {
  door = await openDoor({}, { sdkMetrics: () => Promise.resolve('temporal_worker_up 1\n') });
});
afterEach(() => door.close());

test('healthz needs no token and nobody else', async () => {
  const answer = await door.call('/healthz', { token: null });
  expect([answer.status, answer.json]).toEqual([200, { ok: true }]);
});

const ready = () => door.call('/readyz', { token: null });

describe('readyz', () => {
  test('all well: 200', async () => {
    const answer = await ready();
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ ready: true, temporal: GOOD, worker: GOOD, openstack: GOOD });
  });

  test('no worker: 503 naming it alone', async () => {
    door.rollbacks.readiness = { temporal: true, worker: false, message: 'No worker polls.' };
    const answer = await ready();
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    const worker = { ok: false, message: 'No worker polls.' };
    expect(answer.json).toEqual({ ready: false, temporal: GOOD, worker, openstack: GOOD });
  });

  test('Temporal away: the worker is not known either', async () => {
    door.rollbacks.ready = () => Promise.reject(new Error('refused'));
    const answer = await ready();
    expect(answer.status).toBe(503);
    expect(answer.json.temporal).toEqual({ ok: false, message: 'refused' });
    expect(answer.json.worker).toMatchObject({ ok: false });
  });

  test('Nova away: 503 with its name', async () => {
    door.cloud.compute.listServices = () => Promise.reject(AWAY);
    const answer = await ready();
    expect(answer.status).toBe(503);
    expect(answer.json.openstack).toEqual({
      ok: false,
      message: 'compute gave no answer to GET http://127.0.0.1:1/os-services: connection refused',
    });
  });

  test('many who ask at the same time make one question', async () => {
    let asked = 0;
    door.cloud.identity.ownUserId = () => {
      asked += 1;
      return Promise.resolve('x');
    };
    await Promise.all([ready(), ready(), ready()]);
    expect(asked).toBe(1);
  });

  test('what is not ready is asked again much sooner than what is', async () => {
    let nowMs = 0;
    const check = readinessChecker(door.rollbacks, door.cloud, () => nowMs);
    door.rollbacks.readiness = { temporal: true, worker: false, message: 'No worker polls.' };
    expect((await check()).ready).toBe(false);
    door.rollbacks.readiness = { temporal: true, worker: true, message: null };
    nowMs = 300;
    expect((await check()).ready).toBe(true);
    door.rollbacks.readiness = { temporal: true, worker: false, message: 'No worker polls.' };
    nowMs = 600;
    expect((await check()).ready).toBe(true);
  });
});

describe('metrics', () => {
  test('count requests by route, not by path, and rollbacks by outcome; the SDK’s are beside them', async () => {
    await door.call(PATH, { method: 'POST' });
    await door.call('/v1/nope/1');
    await door.call('/v1/nope/2');
    const answer = await door.call('/metrics', { token: null });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/plain');
    for (const line of [
      'watcher_rollback_http_request_duration_seconds_count{route="/v1/action_plans/{uuid}/rollback",method="POST",status="200"} 1',
      'watcher_rollback_http_request_duration_seconds_count{route="unmatched",method="GET",status="404"} 2',
      'watcher_rollback_requests_total{outcome="SUCCEEDED"} 1',
      'watcher_rollback_token_validations_total{outcome="cached"} 2',
      'temporal_worker_up 1',
    ]) {
      expect(answer.text.split('\n')).toContain(line);
    }
    expect(answer.text).not.toContain('nope');
  });

  test("without the SDK's, our own are still there", async () => {
    const other = await openDoor({}, { sdkMetrics: () => Promise.reject(new Error('away')) });
    const answer = await other.call('/metrics', { token: null });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('watcher_rollback_requests_total');
    await other.close();
  });
});

describe('the server', () => {
  test('headers over the limit: 431 in the shape of every refusal', async () => {
    const answer = await door.call('/v1/', { headers: { 'X-Big': 'x'.repeat(20_000) } });
    expect(answer.status).toBe(431);
    expect(answer.fault).toContain('16 KiB');
  });

  test('what is not HTTP: 400, and the connection ends', async () => {
    const answer = await sendRaw(door.server.port, 'SSH-2.0-OpenSSH_9\r\n\r\n');
    expect(answer).toContain('HTTP/1.1 400 Bad Request');
    expect(answer).toContain('faultstring');
  });

  test('a client that is too slow with its headers is cut off', async () => {
    const slow = await openDoor({}, {}, { headersTimeout: 100, connectionsCheckingInterval: 50 });
    const answer = await sendRaw(slow.server.port, 'GET /healthz HTTP/1.1\r\nX-Slow: ');
    expect(answer).toContain('HTTP/1.1 408 Request Timeout');
    await slow.close();
  });

  test('HTTP/1.0 without a Host gets its links all the same', async () => {
    const request = `GET ${PATH} HTTP/1.0\r\nX-Auth-Token: ${ADMIN_TOKEN}\r\n\r\n`;
    const answer = await sendRaw(door.server.port, request);
    expect(answer).toContain(`"href":"http://127.0.0.1:${door.server.port}${PATH}"`);
  });

  test('closing ends idle connections at once and refuses new ones', async () => {
    const socket = connect(door.server.port, '127.0.0.1');
    const ended = new Promise((resolve) => socket.once('close', resolve));
    await door.call('/healthz');
    const begin = Date.now();
    await door.server.close(1000);
    await ended;
    expect(Date.now() - begin).toBeLessThan(700);
    await expect(door.call('/healthz')).rejects.toThrow('fetch failed');
  });

  test('an address in use is told', async () => {
    await expect(openDoor({ port: door.server.port })).rejects.toThrow('EADDRINUSE');
  });
});
