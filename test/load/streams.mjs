// Thousands of event streams at one API process: what each costs, that health checks are answered all the while, that one stream
// more is refused, and that the end reaches all. The API runs in a process of its own, on the built code, with a rollback that
// goes on until it is told to end. Readers that stop: test/api/slow-clients.test.ts.
import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PLAN = 'e3c4c6d6-714d-4954-93b2-e509bb425191';
const PATH = `/v1/action_plans/${PLAN}/rollback/events`;
const OPENED_AT_ONCE = 100;
/** Longer than two heartbeats. */
const IDLE_MS = 40_000;
const ENDS_WITHIN_MS = 60_000;
const END = 'event: end';
const MB = 1024 * 1024;

export async function streams({ count, note }) {
  const api = fork(fileURLToPath(import.meta.url), ['serve', String(count)], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const { port } = await message(api);
    const before = await asked(api, 'memory');
    note(`opening ${count} streams`);
    const readers = [];
    for (let from = 0; from < count; from += OPENED_AT_ONCE) {
      const some = Math.min(OPENED_AT_ONCE, count - from);
      readers.push(...(await Promise.all(Array.from({ length: some }, () => reader(port)))));
    }
    const opened = await asked(api, 'memory');
    note(`open; idle for ${IDLE_MS / 1000} s, asking for health meanwhile`);
    const healthMs = await health(port, IDLE_MS);
    const idle = await asked(api, 'memory');
    const alive = readers.filter(({ socket }) => !socket.destroyed).length;
    const oneMore = await statusOf(port);
    note('something changes every two seconds');
    await asked(api, 'much');
    const busyMs = await health(port, IDLE_MS);
    const peak = await asked(api, 'memory');
    note('the end');
    await asked(api, 'end');
    const begun = performance.now();
    const withEnd = () => readers.filter(({ text }) => text === END).length;
    while (withEnd() < count && performance.now() - begun < ENDS_WITHIN_MS) await sleep(50);
    const endMs = Math.round(performance.now() - begun);
    const ended = withEnd();
    // Kept-alive connections are closed after ten seconds.
    await sleep(15_000);
    const left = await asked(api, 'streams');
    for (const { socket } of readers) socket.destroy();
    const result = {
      streams: count,
      alive_after_idle: alive,
      kb_per_stream: Math.round((idle.rss - before.rss) / 1024 / count),
      heap_kb_per_stream: Math.round((idle.heap - before.heap) / 1024 / count),
      rss_mb: [before, opened, idle, peak].map(({ rss }) => Math.round(rss / MB)),
      health_idle_ms: healthMs,
      health_busy_ms: busyMs,
      one_more: oneMore,
      got_the_end: ended,
      all_had_the_end_after_ms: endMs,
      streams_left: left.streams,
    };
    const ok =
      alive === count &&
      oneMore === 429 &&
      ended === count &&
      left.streams === 0 &&
      Math.max(healthMs.max, busyMs.max) < 1000;
    return { ok, ...result };
  } finally {
    api.kill('SIGKILL');
  }
}

function message(child) {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the API ended with ${code}`)));
  });
}

async function asked(child, what) {
  child.send(what);
  return await message(child);
}

function reader(port) {
  return new Promise((resolve, reject) => {
    const one = { socket: connect(port, '127.0.0.1'), text: '' };
    one.socket.write(`GET ${PATH} HTTP/1.1\r\nHost: x\r\nX-Auth-Token: t\r\n\r\n`);
    one.socket.setEncoding('utf8').on('data', (piece) => {
      if (one.text === '') resolve(one);
      if (one.text === END) return;
      one.text = (one.text.slice(-20) + piece).includes('event: end') ? END : piece.slice(-20);
    });
    one.socket.once('error', reject);
  });
}

async function statusOf(port, path = PATH) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { 'X-Auth-Token': 't', Connection: 'close' },
  });
  await answer.body?.cancel();
  return answer.status;
}

async function health(port, forMs) {
  const times = [];
  for (const end = performance.now() + forMs; performance.now() < end; await sleep(100)) {
    const begun = performance.now();
    if ((await statusOf(port, '/healthz')) !== 200) throw new Error('unhealthy');
    times.push(performance.now() - begun);
  }
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10;
  return { median: at(0.5), p99: at(0.99), max: Math.round(sorted.at(-1) ?? 0) };
}

/** A result as large as they come: 256 kB. */
function resultOf(state, turn) {
  const compensations = Array.from({ length: 400 }, (_, index) => ({
    action_uuid: `action-${index}`,
    state: 'PENDING',
    // Ten of them change.
    reason: `${index < 10 ? turn : 0} ${'x'.repeat(500)}`,
  }));
  return { action_plan_uuid: PLAN, uuid: 'run', state, compensations, history: [], links: [] };
}

async function serve(count) {
  const { startApiServer } = await import('../../dist/src/api/server.js');
  const { createMetrics } = await import('../../dist/src/metrics.js');
  const { silentLogger } = await import('../../dist/src/log.js');
  const roles = ['admin'];
  let turn = 0;
  let state = 'ONGOING';
  const known = {
    userId: 'u',
    userName: 'u',
    projectId: null,
    roles,
    expiresAt: '2999-01-01T00:00:00Z',
  };
  const server = await startApiServer({
    rollbacks: { get: () => Promise.resolve(resultOf(state, turn)) },
    cloud: {
      identity: { authUrl: 'http://127.0.0.1/v3', validateToken: () => Promise.resolve(known) },
    },
    config: {
      host: '127.0.0.1',
      port: 0,
      auth: 'keystone',
      maxAge: 3600,
      maxAgeCeiling: 3600,
      acceptTimeout: 30,
      roles: { read: roles, preview: roles, start: roles, control: roles, admin: roles },
      serviceRoles: [],
      eventStreams: count,
      rateLimit: 0,
    },
    log: silentLogger(),
    metrics: createMetrics({ processMetrics: false }),
  });
  let much = null;
  process.on('message', (what) => {
    if (what === 'much') much = setInterval(() => (turn += 1), 2_000);
    if (what === 'end') {
      clearInterval(much);
      state = 'SUCCEEDED';
    }
    global.gc();
    const { rss, heapUsed, external } = process.memoryUsage();
    const open = process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    process.send({ rss, heap: heapUsed + external, streams: open });
  });
  process.send({ port: server.port });
}

if (process.argv[2] === 'serve') await serve(Number(process.argv[3]));
