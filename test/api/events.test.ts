/** Event streams: what they say, how they go on, and what they may cost. */
import { connect } from 'node:net';
import { changesBetween } from '../../src/api/events/changes.js';
import { END_ID } from '../../src/api/events/feed.js';
import type { CompensationResult, RollbackResult } from '../../src/domain/result.js';
import {
  ADMIN_TOKEN,
  ApiError,
  openDoor,
  PATH,
  rollbackResult,
  tokenInfo,
  until,
} from './support.js';
import type { Door } from './support.js';

interface Event {
  id: number;
  event: string;
  data: RollbackResult & Record<string, unknown>;
}

function compensation(action: string, state: CompensationResult['state']): CompensationResult {
  return {
    action_uuid: action,
    action_type: 'migrate',
    kind: 'live_migrate',
    resource_type: 'server',
    resource_id: `server-${action}`,
    resource_name: null,
    before: null,
    after: null,
    now: null,
    state,
    reason: null,
    parents: [],
    attempts: 0,
    started_at: null,
    finished_at: null,
    evidence: {},
  };
}
function running(more: Partial<RollbackResult> = {}): RollbackResult {
  return { ...rollbackResult('ONGOING'), compensations: [compensation('a', 'PENDING')], ...more };
}
const entry = (event: string) => ({ time: 't', action_uuid: null, event, message: event });

let door: Door;
let streams: AbortController;
beforeEach(async () => {
  streams = new AbortController();
  door = await openDoor({}, { eventTiming: { pollMs: 10, retryMs: 10, lingerMs: 500 } });
  door.rollbacks.current = running();
});
afterEach(async () => {
  streams.abort();
  await door.close();
});

/** Opens a stream; what comes is gathered. */
async function open(headers: Record<string, string> = {}) {
  const response = await fetch(`${door.server.url}${PATH}/events`, {
    headers: { 'X-Auth-Token': ADMIN_TOKEN, ...headers },
    signal: streams.signal,
  });
  const events: Event[] = [];
  const state = { closed: false };
  const read = async (): Promise<void> => {
    let text = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of response.body ?? []) {
        text += decoder.decode(chunk as Uint8Array, { stream: true });
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const match = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(block);
          if (match === null) continue;
          const [, id, event, data] = match;
          events.push({ id: Number(id), event: event ?? '', data: JSON.parse(data ?? '') });
        }
      }
    } catch {
      // The test has aborted it.
    }
    state.closed = true;
  };
  void read();
  return { response, events, state };
}
const kinds = (events: Event[]) => events.map(({ event }) => event);

test('first the whole result, then what changes, at the end the whole result again', async () => {
  const { response, events, state } = await open();
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  expect(response.headers.get('cache-control')).toBe('no-store');
  await until(() => events.length === 1);
  expect(events[0]?.data.links[0]?.href).toBe(`${door.server.url}${PATH}`);
  door.rollbacks.current = running({
    compensations: [compensation('a', 'ONGOING')],
    history: [entry('started')],
  });
  await until(() => events.length === 3);
  door.rollbacks.current = rollbackResult('SUCCEEDED');
  await until(() => state.closed);
  expect(kinds(events)).toEqual(['result', 'compensation', 'history', 'end']);
  expect(events[1]?.data).toMatchObject({ action_uuid: 'a', state: 'ONGOING' });
  expect(events[3]).toMatchObject({ id: END_ID, data: { state: 'SUCCEEDED' } });
  const ids = events.map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  expect(new Set(ids).size).toBe(ids.length);
});

test('Last-Event-ID: only what was missed; a number that is not known: the whole result', async () => {
  const first = await open();
  await until(() => first.events.length === 1);
  door.rollbacks.current = running({ history: [entry('one')] });
  await until(() => first.events.length === 2);
  door.rollbacks.current = running({ history: [entry('one'), entry('two')] });
  await until(() => first.events.length === 3);
  const seen = first.events[1]?.id ?? 0;
  const again = await open({ 'Last-Event-ID': String(seen) });
  await until(() => again.events.length === 1);
  expect(again.events[0]).toMatchObject({ event: 'history', data: { event: 'two' } });
  const stranger = await open({ 'Last-Event-ID': '17' });
  await until(() => stranger.events.length === 1);
  expect(kinds(stranger.events)).toEqual(['result']);
});

test('a connection that is cut again and again: every event once, in its order, whatever happened meanwhile', async () => {
  const said = 40;
  let seen: string[] = [];
  let last = '';
  let history: RollbackResult['history'] = [];
  const speak = setInterval(() => {
    if (history.length === said) return;
    history = [...history, entry(String(history.length + 1))];
    door.rollbacks.current = running({ history });
  }, 15);
  try {
    for (let cuts = 0; seen.length < said && cuts < 50; cuts += 1) {
      const text = await cutAfter(120, last === '' ? {} : { 'Last-Event-ID': last });
      // Only whole events count: one that the cut has gone through is sent again.
      for (const block of text.split('\n\n').slice(0, -1)) {
        const match = /^id: (\d+)\nevent: (\w+)\ndata: (.*)$/.exec(block);
        if (match === null) continue;
        const [, id = '', event, data = ''] = match;
        const entries = JSON.parse(data) as Partial<RollbackResult> & { event: string };
        // The whole result comes at the beginning alone: never because something was lost.
        if (event === 'result') {
          expect(last).toBe('');
          seen = (entries.history ?? []).map((one) => one.event);
        } else seen.push(entries.event);
        last = id;
      }
    }
  } finally {
    clearInterval(speak);
  }
  expect(seen).toEqual(Array.from({ length: said }, (_, index) => String(index + 1)));
});

test('one that comes back too late gets the whole result, and nothing that it could take for news', async () => {
  const first = await open();
  await until(() => first.events.length === 1);
  const seen = first.events[0]?.id ?? 0;
  streams.abort();
  streams = new AbortController();
  await new Promise((resolve) => setTimeout(resolve, 700));
  const again = await open({ 'Last-Event-ID': String(seen) });
  await until(() => again.events.length === 1);
  expect(kinds(again.events)).toEqual(['result']);
  expect(again.events[0]?.id).toBeGreaterThan(seen);
});

test('a token that is revoked ends the stream at the next heartbeat', async () => {
  const own = await openDoor({}, { eventTiming: { pollMs: 10, heartbeatMs: 30 } });
  own.rollbacks.current = running();
  const expires = () => new Date(Date.now() + 50).toISOString();
  own.cloud.identity.validateToken = () => Promise.resolve(tokenInfo({ expiresAt: expires() }));
  const answer = await fetch(`${own.server.url}${PATH}/events`, {
    headers: { 'X-Auth-Token': ADMIN_TOKEN },
  });
  let text = '';
  let closed = false;
  const reading = (async () => {
    for await (const chunk of answer.body ?? [])
      text += new TextDecoder().decode(chunk as Uint8Array);
    closed = true;
  })();
  await until(() => text.split(': heartbeat').length > 3);
  expect(closed).toBe(false);
  own.cloud.identity.validateToken = () => Promise.resolve(null);
  await until(() => closed);
  await reading;
  await own.close();
});

/** What comes until that many bytes of events are there; then the connection is gone, without a farewell. */
function cutAfter(bytes: number, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(door.server.port, '127.0.0.1');
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(
      `GET ${PATH}/events HTTP/1.0\r\nX-Auth-Token: ${ADMIN_TOKEN}\r\n${lines.join('')}\r\n`,
    );
    const cut = (): void => {
      socket.destroy();
      resolve(text.slice(text.indexOf('\r\n\r\n') + 4));
    };
    const timer = setTimeout(cut, 1000);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const begun = text.indexOf('\nid: ');
      if (begun === -1 || text.length < begun + bytes) return;
      clearTimeout(timer);
      cut();
    });
  });
}

test('many streams of one plan are one poller', async () => {
  let reads = 0;
  const result = door.rollbacks.current;
  door.rollbacks.get = () => {
    reads += 1;
    return Promise.resolve(result as RollbackResult);
  };
  await Promise.all([open(), open(), open()]);
  reads = 0;
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(reads).toBeLessThanOrEqual(21);
  expect(reads).toBeGreaterThan(5);
});

test('as many streams as the setting says; a place becomes free when one goes', async () => {
  const held = await Promise.all([open(), open(), open()]);
  expect(held.map(({ response }) => response.status)).toEqual([200, 200, 200]);
  const over = await open();
  expect(over.response.status).toBe(429);
  expect(over.response.headers.get('retry-after')).toBe('10');
  streams.abort();
  streams = new AbortController();
  let status = 429;
  for (let tries = 0; status === 429 && tries < 100; tries += 1) {
    status = (await open()).response.status;
  }
  expect(status).toBe(200);
});

test('Temporal away for a while: the stream stays and goes on', async () => {
  const { events, state } = await open();
  await until(() => events.length === 1);
  door.rollbacks.current = new ApiError('TemporalUnreachable', 'away');
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(state.closed).toBe(false);
  door.rollbacks.current = running({ state: 'PAUSED' });
  await until(() => events.length === 2);
  expect(events[1]).toMatchObject({ event: 'result', data: { state: 'PAUSED' } });
});

test('a rollback that has ended: result and end; and 204 to whoever has seen the end', async () => {
  door.rollbacks.current = rollbackResult('FAILED');
  const ended = await open();
  await until(() => ended.state.closed);
  expect(kinds(ended.events)).toEqual(['result', 'end']);
  const later = await open({ 'Last-Event-ID': '5' });
  await until(() => later.state.closed);
  expect(kinds(later.events)).toEqual(['end']);
  const seen = await open({ 'Last-Event-ID': String(END_ID) });
  expect(seen.response.status).toBe(204);
  // A new run is news again.
  door.rollbacks.current = running();
  expect((await open({ 'Last-Event-ID': String(END_ID) })).response.status).toBe(200);
});

test('no rollback: 404; HEAD: no stream; closing the server ends all streams', async () => {
  const { state } = await open();
  const head = await door.call(`${PATH}/events`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  door.rollbacks.current = null;
  expect((await door.call(`${PATH}/events`)).status).toBe(404);
  door.rollbacks.current = running();
  await door.close();
  await until(() => state.closed);
});

test('a client that does not read is dropped', async () => {
  const socket = connect(door.server.port, '127.0.0.1');
  socket.write(`GET ${PATH}/events HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${ADMIN_TOKEN}\r\n\r\n`);
  socket.pause();
  let closed = false;
  socket.once('close', () => (closed = true));
  socket.on('error', () => undefined);
  let turn = 0;
  const big = 'x'.repeat(400_000);
  const end = Date.now() + 10_000;
  while (!droppedLog() && Date.now() < end) {
    turn += 1;
    door.rollbacks.current = running({ history: [entry(`${turn} ${big}`)] });
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(droppedLog()).toBe(true);
  socket.destroy();
  await until(() => closed);
});
function droppedLog(): boolean {
  return door.logs.some(({ route, status }) => String(route).endsWith('/events') && status === 499);
}

describe('changes', () => {
  test('nothing new, nothing said', () => {
    expect(changesBetween(running(), running())).toEqual([]);
  });
  test('another run, another state, or history that has moved on too far: the whole result', () => {
    const whole = [{ event: 'result' }];
    expect(changesBetween(running(), running({ uuid: 'other' }))).toEqual(whole);
    expect(changesBetween(running(), running({ state: 'PAUSED' }))).toEqual(whole);
    const before = running({ history: [entry('gone')] });
    expect(changesBetween(before, running({ history: [entry('new')] }))).toEqual(whole);
    const many = Array.from({ length: 501 }, (_, index) => compensation(String(index), 'PENDING'));
    expect(changesBetween(running(), running({ compensations: many }))).toEqual(whole);
  });
});
