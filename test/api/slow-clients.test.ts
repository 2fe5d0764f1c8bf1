/** Clients that are slow, stop reading or only hold on: each is cut off within its bound, and nobody else notices. */
import { connect, type Socket } from 'node:net';
import { stuckSinceLastTime } from '../../src/api/routes/events.js';
import type { RollbackResult } from '../../src/domain/result.js';
import {
  ADMIN_TOKEN,
  type Door,
  openDoor,
  PATH,
  rollbackResult,
  sendRaw,
  until,
} from './support.js';

let door: Door;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await door.close();
});

/** A client with a small window that reads only when it is let; closed says whether the server has dropped it. */
function client(text: string, reads = true): Promise<{ socket: Socket; closed: () => boolean }> {
  return new Promise((resolve, reject) => {
    let closed = false;
    const socket = connect(door.server.port, '127.0.0.1', () => {
      socket.write(text);
      if (!reads) socket.pause();
      resolve({ socket, closed: () => closed });
    });
    sockets.push(socket);
    if (reads) socket.resume();
    socket.on('error', reject);
    socket.on('close', () => (closed = true));
  });
}

const request = (path: string, more = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${ADMIN_TOKEN}\r\n${more}\r\n`;

function large(state: RollbackResult['state']): RollbackResult {
  const history = [{ time: 't', action_uuid: null, event: 'x', message: 'x'.repeat(24_000_000) }];
  return { ...rollbackResult(state), history };
}

test('a body that comes drop by drop is cut off at the time for a whole request', async () => {
  const limits = { requestTimeout: 200, headersTimeout: 100, connectionsCheckingInterval: 50 };
  door = await openDoor({}, {}, limits);
  const head = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${ADMIN_TOKEN}\r\n`;
  const begun = performance.now();
  const slow = sendRaw(door.server.port, `${head}Content-Length: 100\r\n\r\n{`, 5000);
  expect(await slow).toContain('HTTP/1.1 408 Request Timeout');
  expect(performance.now() - begun).toBeLessThan(3000);
  expect(door.rollbacks.asked).toEqual([]);
});

test('hundreds that send a header at a time do not keep anybody else out', async () => {
  door = await openDoor();
  for (let one = 0; one < 300; one += 1) await client('GET /healthz HTTP/1.1\r\nX-Slow: ');
  expect((await door.call('/healthz')).status).toBe(200);
  expect((await door.call(PATH)).status).toBe(200);
});

test('an answer that is not taken is dropped, with what it holds', async () => {
  door = await openDoor({}, {}, { takenWithinMs: 200 });
  door.rollbacks.current = large('SUCCEEDED');
  const slow = await client(request(PATH), false);
  let bytes = 0;
  slow.socket.on('data', (chunk) => (bytes += chunk.length));
  slow.socket.pause();
  await until(() => door.logs.some(({ msg }) => msg === 'request'));
  slow.socket.resume();
  await until(slow.closed);
  // What the system had taken for it already.
  expect(bytes).toBeLessThan(24_000_000);
});

test('an answer that is taken slowly, but in its time, comes whole', async () => {
  door = await openDoor({}, {}, { takenWithinMs: 2000 });
  door.rollbacks.current = large('SUCCEEDED');
  const slow = await client(request(PATH, 'Connection: close\r\n'), false);
  let bytes = 0;
  slow.socket.on('data', (chunk) => (bytes += chunk.length));
  slow.socket.pause();
  await new Promise((resolve) => setTimeout(resolve, 300));
  slow.socket.resume();
  await until(slow.closed);
  expect(bytes).toBeGreaterThan(24_000_000);
});

test('stuck is a reader that took nothing between two heartbeats, not one that is slow', () => {
  const res = { writableLength: 0 };
  const stuck = stuckSinceLastTime(res);
  const seen = [0, 500, 400, 300, 300, 0, 0, 10, 200].map((unread) => {
    res.writableLength = unread;
    return stuck();
  });
  expect(seen).toEqual([false, false, false, false, true, false, false, false, true]);
});

test('a stream whose reader has stopped is dropped, and its place is free', async () => {
  const eventTiming = { pollMs: 10, heartbeatMs: 50 };
  door = await openDoor({ eventStreams: 1 }, { eventTiming });
  // Less than what drops a stream at once, more than what the system takes for the client.
  const message = 'x'.repeat(900_000);
  const history = [{ time: 't', action_uuid: null, event: 'x', message }];
  door.rollbacks.current = { ...rollbackResult('ONGOING'), history };
  const slow = await client(request(`${PATH}/events`), false);
  // Whatever the system has taken into its own buffers, the unread rest is more than none.
  for (let more = 0; more < 8; more += 1) {
    const entry = { time: `t${more}`, action_uuid: null, event: 'y', message };
    door.rollbacks.current = { ...rollbackResult('ONGOING'), history: [...history, entry] };
    history.push(entry);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await until(() => door.logs.some(({ status }) => status === 499));
  slow.socket.resume();
  await until(slow.closed);
  door.rollbacks.current = rollbackResult('SUCCEEDED');
  expect((await door.call(`${PATH}/events`)).status).toBe(200);
});

test('hundreds of idle streams: one poller, one more is refused, and the rest of the API answers at once', async () => {
  door = await openDoor({ eventStreams: 400 }, { eventTiming: { heartbeatMs: 100 } });
  door.rollbacks.current = rollbackResult('ONGOING');
  const streams = await Promise.all(
    Array.from({ length: 400 }, () => client(request(`${PATH}/events`))),
  );
  await until(() => door.logs.length === 0 && streams.every(({ closed }) => !closed()));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const refused = await door.call(`${PATH}/events`);
  expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '10']);
  const begun = performance.now();
  expect((await door.call('/healthz')).status).toBe(200);
  expect(performance.now() - begun).toBeLessThan(1000);
});
