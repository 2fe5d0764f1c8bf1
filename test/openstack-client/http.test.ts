/** Bad luck on the wire: each ends soon, as the right kind of error. */
import { EventEmitter, getEventListeners, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import {
  isBadAnswer,
  isTransient,
  isUnreachable,
  type OpenStackHttpError,
} from '../../src/openstack/errors.js';
import { CONNECTIONS_PER_ORIGIN } from '../../src/openstack/http.js';
import { startStubCloud, type Handler, type StubCloud } from './stub-cloud.js';

let stub: StubCloud;
beforeEach(async () => {
  stub = await startStubCloud();
});
afterEach(() => stub.close());

async function failure(handle: Handler, options = {}): Promise<unknown> {
  stub.handle = handle;
  return stub
    .connect(options)
    .optimizer.getActionPlan('p')
    .then(
      () => new Error('it did not fail'),
      (error: unknown) => error,
    );
}

/** Long enough for the authentication on a busy machine, far below the 30 to 120 s of the defaults. */
const FAST = { timeouts: { readMs: 1500 } };

test('never answered: unreachable, within the time limit', async () => {
  const started = performance.now();
  const error = await failure(() => undefined, FAST);
  expect(isUnreachable(error)).toBe(true);
  expect(performance.now() - started).toBeLessThan(10_000);
  expect((error as Error).message).toContain('/optimizer/v1/action_plans/p');
});

test('a request that changes something is given a time of its own, a token that of a read', async () => {
  const slow = await startStubCloud({ authDelayMs: 500 });
  slow.handle = () => undefined;
  const calls = (from: StubCloud, timeouts: { readMs: number; changeMs: number }) => ({
    change: () => from.connect({ timeouts }).baremetal.setPowerState('n', 'power on', null),
    read: () => from.connect({ timeouts }).optimizer.getActionPlan('p'),
  });
  stub.handle = () => undefined;
  const within = /within 250 ms/u;
  const hurriedReads = { readMs: 250, changeMs: 20_000 };
  await expect(calls(stub, hurriedReads).read()).rejects.toThrow(within);
  await expect(calls(slow, hurriedReads).change()).rejects.toThrow(/auth\/tokens.*within 250 ms/u);
  const hurriedChanges = { readMs: 20_000, changeMs: 250 };
  await expect(calls(slow, hurriedChanges).change()).rejects.toThrow(within);
  await slow.close();
});

test('an answer that drips for ever: unreachable, within the time limit, and the connection is given up', async () => {
  const closed = new EventEmitter();
  const isClosed = once(closed, 'close');
  const error = await failure((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => {
      clearInterval(timer);
      closed.emit('close');
    });
    return undefined;
  }, FAST);
  expect(isUnreachable(error)).toBe(true);
  expect((error as Error).message).toMatch(/no whole answer within 1500 ms$/u);
  await isClosed;
});

test.each([
  ['closed before the answer', (destroy: () => void) => destroy()],
  ['closed in the middle of the body', (destroy: () => void) => setTimeout(destroy, 30)],
])('%s: unreachable', async (_name, end) => {
  const error = await failure((_request, response) => {
    if (_name.includes('body')) {
      response.writeHead(200, { 'content-length': '500' });
      response.write('{"uuid": "half');
    }
    end(() => response.destroy());
    return undefined;
  });
  expect(isUnreachable(error)).toBe(true);
  expect(isTransient(error)).toBe(true);
});

test('not HTTP: unreachable', async () => {
  const error = await failure((_request, response) => {
    response.socket?.end('220 mail.example ESMTP\r\n');
    return undefined;
  });
  expect(isUnreachable(error)).toBe(true);
});

test('nobody listens: unreachable, naming address and reason', async () => {
  const cloud = stub.connect({}, { authUrl: 'http://127.0.0.1:1/v3' });
  const error: unknown = await cloud.identity.ownUserId().catch((caught: unknown) => caught);
  expect(isUnreachable(error)).toBe(true);
  expect((error as Error).message).toMatch(/127\.0\.0\.1:1\/v3\/auth\/tokens.*ECONNREFUSED/u);
});

test('a cancelled call ends at once, with the reason of the one who cancelled', async () => {
  stub.handle = () => undefined;
  const controller = new AbortController();
  const reason = new Error('cancelled by the operator');
  const call = stub.connect().optimizer.getActionPlan('p', { signal: controller.signal });
  setTimeout(() => controller.abort(reason), 50);
  await expect(call).rejects.toBe(reason);
});

test.each([
  ['answered', () => ({ status: 200, body: { services: [] } }), 'fulfilled'],
  ['refused', () => ({ status: 403 }), 'rejected'],
  ['not answered in time', () => undefined, 'rejected'],
])('a call that was %s leaves nothing on the signal of its caller', async (_how, handle, how) => {
  stub.handle = handle;
  const { signal } = new AbortController();
  const { compute } = stub.connect(FAST);
  const [ended] = await Promise.allSettled([compute.listServices({}, { signal })]);
  expect(ended.status).toBe(how);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('a call that is cancelled while it waits for a free connection is never sent', async () => {
  const held: ServerResponse[] = [];
  stub.handle = (_request, response) => void held.push(response);
  const { optimizer } = stub.connect();
  const others = Array.from({ length: CONNECTIONS_PER_ORIGIN }, (_, number) =>
    optimizer.getActionPlan(`first-${number}`),
  );
  while (held.length < CONNECTIONS_PER_ORIGIN) await pause(10);
  const controller = new AbortController();
  const last = optimizer.getActionPlan('last', { signal: controller.signal });
  await pause(20);
  controller.abort(new Error('no more'));
  await expect(last).rejects.toThrow('no more');
  stub.handle = () => ({ status: 404 });
  for (const response of held) response.writeHead(404).end('{}');
  await Promise.allSettled([...others, optimizer.getActionPlan('after')]);
  const sent = stub.received.map(({ path }) => path.split('/').at(-1));
  expect(sent).toContain('after');
  expect(sent).not.toContain('last');
});

test('an answer that comes in pieces, in the middle of a letter, after a hint', async () => {
  stub.handle = (_request, response) => {
    const plan = { uuid: 'é€😀', state: 'SUCCEEDED', created_at: '2026-11-30T20:00:00Z' };
    const body = Buffer.from(JSON.stringify(plan));
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.writeHead(200, { 'content-type': 'application/json' });
    void (async () => {
      for (const byte of body) {
        response.write(Buffer.from([byte]));
        await pause(1);
      }
      response.end();
    })();
    return undefined;
  };
  await expect(stub.connect().optimizer.getActionPlan('p')).resolves.toMatchObject({
    uuid: 'é€😀',
  });
});

test('too large: a bad answer, and the connection is given up', async () => {
  const closed = new EventEmitter();
  const isClosed = once(closed, 'close');
  const error = await failure(
    (_request, response) => {
      response.writeHead(200).write(JSON.stringify({ uuid: 'x'.repeat(5000) }));
      response.on('close', () => closed.emit('close'));
      return undefined;
    },
    { maxAnswerBytes: 4096 },
  );
  expect(isBadAnswer(error)).toBe(true);
  expect((error as Error).message).toContain('larger than 4096 bytes');
  await isClosed;
});

test('an error whose page is too large is still that error', async () => {
  const error = await failure(() => ({ status: 502, body: 'x'.repeat(100_000) }));
  expect(error).toMatchObject({ name: 'OpenStackHttpError', status: 502, serviceMessage: null });
});

test('a hundred thousand pieces of one byte are one answer', async () => {
  const plan = { uuid: 'u'.repeat(100_000), state: 'ONGOING', created_at: '2026-11-30T20:00:00Z' };
  stub.handle = (_request, response) => {
    response.writeHead(200);
    // Written by hand: Node would join them.
    response.flushHeaders();
    const pieces = JSON.stringify(plan)
      .split('')
      .map((byte) => `1\r\n${byte}\r\n`)
      .join('');
    response.socket?.end(`${pieces}0\r\n\r\n`);
    return undefined;
  };
  await expect(stub.connect().optimizer.getActionPlan('p')).resolves.toMatchObject({
    uuid: plan.uuid,
  });
});

test('a page in the place of an answer: a bad answer that does not quote it', async () => {
  const error = await failure(() => ({
    status: 200,
    headers: { 'content-type': 'text/html' },
    body: '<html><body>please log in</body></html>',
  }));
  expect(isBadAnswer(error)).toBe(true);
  expect((error as Error).message).toContain('not JSON (text/html)');
  expect((error as Error).message).not.toContain('log in');
});

test('an unexpected shape: a bad answer that names the field', async () => {
  const error = await failure(() => ({ status: 200, body: { uuid: 7, state: 'SUCCEEDED' } }));
  expect(isBadAnswer(error)).toBe(true);
  expect((error as Error).message).toMatch(/at uuid: /u);
});

test('a redirect is not followed: the token stays with whom it was meant for', async () => {
  const error = await failure(() => ({
    status: 302,
    headers: { location: `${stub.origin}/else` },
  }));
  expect(error).toMatchObject({ status: 302 });
  expect(stub.received.map(({ path }) => path)).not.toContain('/else');
});

test("a proxy's refusal: its sentence, its Retry-After, and no token", async () => {
  const error = await failure(({ headers }) => ({
    status: 503,
    headers: { 'content-type': 'text/html', 'retry-after': '7', 'x-openstack-request-id': 'req-1' },
    body: `<html><head><title>503</title></head><body><h1>Service Unavailable</h1>No backend. ${String(headers['x-auth-token'])}</body></html>`,
  }));
  expect(error).toMatchObject({
    name: 'OpenStackHttpError',
    service: 'infra-optim',
    method: 'GET',
    path: '/optimizer/v1/action_plans/p',
    status: 503,
    retryAfterSeconds: 7,
    requestId: 'req-1',
    serviceMessage: 'Service Unavailable: No backend. (secret)',
  });
  expect(isTransient(error)).toBe(true);
  // No retries here: that is for whoever knows whether to.
  expect(stub.received.filter(({ path }) => path.includes('action_plans'))).toHaveLength(1);
});

test('Retry-After as a date', async () => {
  const date = new Date(Date.now() + 30_000).toUTCString();
  const error = await failure(() => ({ status: 429, headers: { 'retry-after': date } }));
  const { retryAfterSeconds } = error as OpenStackHttpError;
  expect(retryAfterSeconds).toBeGreaterThan(27);
  expect(retryAfterSeconds).toBeLessThan(32);
});
