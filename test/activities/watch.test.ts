/** The shared poller: one listing for all, no reads that nobody asked for, and no polling for nobody. */
import { setMaxListeners } from 'node:events';
import { ServerWatch, type Verdict } from '../../activities/watch.js';
import type { Compute, ComputeMigration } from '../../src/openstack/cloud.js';
import type { CloudForTest } from '../support/cloud.js';
import { startCloudForTest, until } from '../support/cloud.js';

const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);
const SINCE = '2000-01-01T00:00:00Z';

let test: CloudForTest;
let servers: string[];
beforeEach(async () => {
  test = await startCloudForTest({
    simulated: { times: { liveMigration: 300 }, maxConcurrentLiveMigrations: 100 },
  });
  for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name, capacity: 100 });
  servers = Array.from({ length: 20 }, (_, n) =>
    test.sim.addServer({ name: `vm-${n}`, host: 'compute-1' }),
  );
});
afterEach(() => test.close());

const count = (pattern: RegExp) =>
  Object.entries(test.sim.requestCounts())
    .filter(([path]) => pattern.test(path))
    .reduce((sum, [, times]) => sum + times, 0);
const watchOf = (poll_first = 0.02, poll_max = 0.1, read_errors = 0.3) =>
  new ServerWatch(test.cloud.compute, { poll_first, poll_max, read_errors });
const untilCompleted = (watch: ServerWatch, serverId: string, signal = NEVER, isNew = false) =>
  watch.follow<ComputeMigration>({
    serverId,
    since: SINCE,
    signal,
    isNew,
    judge: ({ records }) => {
      const done = records.find((record) => record.status === 'completed');
      return done === undefined ? 'wait' : { done };
    },
  });

it('lists once for all that watch, and reads no server', async () => {
  const watch = watchOf();
  await Promise.all(servers.map((id) => test.cloud.compute.liveMigrate(id, 'compute-2')));
  const done = await Promise.all(servers.map((id) => untilCompleted(watch, id)));
  expect(new Set(done.map((record) => record.serverId)).size).toBe(20);
  // 300 ms at 20 ms and more a pass, not times twenty.
  expect(count(/GET .*os-migrations/)).toBeLessThan(25);
  expect(count(/GET .*servers\/\{id\}$/)).toBe(0);
  expect(watch.watching).toBe(0);
});

it('polls no more once nobody watches', async () => {
  const watch = watchOf();
  const cancel = new AbortController();
  const watching = untilCompleted(watch, servers[0] ?? '', cancel.signal);
  await until(() => count(/os-migrations/) >= 2);
  cancel.abort(new Error('stop'));
  await expect(watching).rejects.toThrow('stop');
  const before = count(/os-migrations/);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(count(/os-migrations/)).toBe(before);
});

it('slows down while nothing changes: by a twelfth of the time since', async () => {
  const watch = watchOf(0.002, 0.2);
  const cancel = new AbortController();
  const watching = untilCompleted(watch, servers[0] ?? '', cancel.signal).catch(() => undefined);
  await new Promise((resolve) => setTimeout(resolve, 600));
  cancel.abort(new Error('stop'));
  await watching;
  // 300 at the first pace; twelve in the first 25 ms, then each a twelfth later than the one before: 55 up to 600 ms.
  expect(count(/os-migrations/)).toBeLessThan(80);
  expect(count(/os-migrations/)).toBeGreaterThan(8);
});

it('lists everything once, then the last moment; what was told once stays known', async () => {
  const id = servers[0] ?? '';
  await test.cloud.compute.liveMigrate(id, 'compute-2');
  const told = [await untilCompleted(watchOf(), id)];
  const asked: unknown[] = [];
  const compute = {
    listMigrations: ({ changedSince }: { changedSince?: string }) => {
      asked.push(changedSince);
      return Promise.resolve(asked.length === 1 ? told : []);
    },
  } as unknown as Compute;
  const watch = new ServerWatch(compute, { poll_first: 0.02, poll_max: 0.1, read_errors: 0.3 });
  const seen: (string | undefined)[] = [];
  await watch.follow({
    serverId: id,
    since: SINCE,
    signal: NEVER,
    judge: ({ records }) => {
      seen.push(records[0]?.uuid);
      return seen.length === 4 ? { done: null } : 'wait';
    },
  });
  expect(seen).toEqual(Array.from({ length: 4 }, () => told[0]?.uuid));
  const latest = Date.parse(told[0]?.updatedAt ?? '');
  const moment = new Date(latest - 5000).toISOString();
  expect(asked).toEqual([SINCE, moment, moment, moment]);
});

it('gives null for a server that is gone', async () => {
  const gone = servers[0] ?? '';
  test.sim.hand.deleteServer(gone);
  const found = await watchOf().follow({
    serverId: gone,
    since: null,
    signal: NEVER,
    judge: ({ server }) => (server === undefined ? 'read-server' : { done: server }),
  });
  expect(found).toBeNull();
  expect(count(/os-migrations/)).toBe(0);
});

it('bears errors that pass, and rejects everybody when they last', async () => {
  const watch = watchOf();
  const effect = { kind: 'status', status: 502 } as const;
  test.sim.inject({ service: 'compute', path: /os-migrations/, times: 3, effect });
  await test.cloud.compute.liveMigrate(servers[0] ?? '', 'compute-2');
  await untilCompleted(watch, servers[0] ?? '');
  test.sim.inject({ service: 'compute', path: /os-migrations/, times: 10_000, effect });
  const all = servers.slice(1, 4).map((id) => untilCompleted(watch, id));
  const ends = await Promise.allSettled(all);
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(watch.watching).toBe(0);
});

it('ends only the watch whose judge throws', async () => {
  const watch = watchOf();
  await test.cloud.compute.liveMigrate(servers[1] ?? '', 'compute-2');
  const good = untilCompleted(watch, servers[1] ?? '');
  const bad = watch.follow({
    serverId: servers[0] ?? '',
    since: SINCE,
    signal: NEVER,
    judge: () => {
      throw new Error('that is not what I wanted');
    },
  });
  await expect(bad).rejects.toThrow('not what I wanted');
  expect((await good).status).toBe('completed');
});

describe('of what has just been asked for', () => {
  const moved = async (watch: ServerWatch, id: string | undefined) => {
    await test.cloud.compute.liveMigrate(id ?? '', 'compute-2');
    await untilCompleted(watch, id ?? '', NEVER, true);
  };
  const cloudOf = async (liveMigration: number) => {
    await test.close();
    const times = { liveMigration, conductor: 0 };
    test = await startCloudForTest({ simulated: { times, maxConcurrentLiveMigrations: 100 } });
    for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name, capacity: 100 });
    servers = Array.from({ length: 20 }, (_, n) =>
      test.sim.addServer({ name: `vm-${n}`, host: 'compute-1' }),
    );
  };

  it('the end is seen long before the first pause where it comes at once', async () => {
    await cloudOf(0);
    const watch = watchOf(30, 30);
    for (const id of servers.slice(0, 5)) await moved(watch, id);
    expect(count(/os-migrations/)).toBeLessThan(20);
  });

  it('newcomers bring on no look where nothing ends so soon', async () => {
    const watch = watchOf(0.15, 0.2);
    await moved(watch, servers[0]);
    const before = count(/os-migrations/);
    const start = performance.now();
    const all = servers.slice(1, 11).map(async (id, n) => {
      await new Promise((resolve) => setTimeout(resolve, 20 * n));
      await moved(watch, id);
    });
    await Promise.all(all);
    // One for each pause, and not three for each of ten.
    const pauses = (performance.now() - start) / 150;
    expect(count(/os-migrations/) - before).toBeLessThan(pauses + 2);
  });

  it('many newcomers on a quick cloud are looked at together', async () => {
    let listings = 0;
    const compute = {
      listMigrations: () => {
        listings += 1;
        return Promise.resolve([]);
      },
    } as unknown as Compute;
    const watch = new ServerWatch(compute, { poll_first: 0.2, poll_max: 0.5, read_errors: 1 });
    const cancel = new AbortController();
    setMaxListeners(0, cancel.signal);
    const { signal } = cancel;
    const follow = (judge: () => Verdict<string>) =>
      watch.follow({ serverId: 'x', since: SINCE, signal, judge, isNew: true });
    await follow(() => ({ done: 'at once' }));
    const start = performance.now();
    // Of these nothing is ever told: each is looked at as early as the others, again and again.
    const waiting = Array.from({ length: 300 }, async (_, n) => {
      await new Promise((resolve) => setTimeout(resolve, n));
      await follow(() => 'wait');
    });
    const ends = Promise.allSettled(waiting);
    await new Promise((resolve) => setTimeout(resolve, 400));
    // About one for every ten milliseconds at most, though none takes any time.
    expect(listings).toBeLessThan((performance.now() - start) / 8 + 5);
    expect(listings).toBeGreaterThan(1);
    cancel.abort(new Error('enough'));
    await ends;
  });
});

describe('how often it looks', () => {
  const POLL = { poll_first: 0.2, poll_max: 0.2, read_errors: 1 };
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => jest.useRealTimers());

  /** How many passes there are in a minute of this cloud, and the shortest pause between two. */
  const inAMinute = async (
    seconds: { listing: number; server: number },
    judges: (() => Verdict<string>)[],
    settings = POLL,
    isNew = false,
  ) => {
    const after = async <T>(s: number, value: T) =>
      s === 0 ? value : new Promise<T>((resolve) => setTimeout(() => resolve(value), s * 1000));
    const pauses: number[] = [];
    let lastCallEnd = -Infinity;
    const called = async <T>(s: number, value: T) => {
      const result = await after(s, value);
      lastCallEnd = performance.now();
      return result;
    };
    const compute = {
      listMigrations: () => {
        pauses.push((performance.now() - lastCallEnd) / 1000);
        return called(seconds.listing, []);
      },
      getServer: () => called(seconds.server, { status: 'ACTIVE' }),
    } as unknown as Compute;
    const watch = new ServerWatch(compute, settings);
    const cancel = new AbortController();
    const { signal } = cancel;
    const all = Promise.allSettled(
      judges.map((judge) => watch.follow({ serverId: 'x', since: SINCE, signal, judge, isNew })),
    );
    await jest.advanceTimersByTimeAsync(60_000);
    cancel.abort(new Error('enough'));
    await jest.advanceTimersByTimeAsync(10_000);
    await all;
    return { passes: pauses.length, shortest: Math.min(...pauses) };
  };
  const waiting = (): Verdict<string> => 'wait';
  const reading = (): Verdict<string> => 'read-server';

  it.each([
    // Listing, reading a server, the first pause; the shortest one there is, and passes in a minute.
    [0, 0, 0.2, 0.2, 299],
    [0.9, 0, 0.2, 0.225, 53],
    [1, 0, 0.2, 0.25, 48],
    [2, 0, 0.2, 0.5, 24],
    [2, 0, 1, 1, 20],
    [0, 2, 0.2, 0.2, 27],
  ])(
    'listings of %f s and readings of %f s are followed by a pause',
    async (listing, server, first, shortest, passes) => {
      const settings = { ...POLL, poll_first: first, poll_max: first };
      for (const isNew of [false, true]) {
        const judge = server > 0 ? reading : waiting;
        const found = await inAMinute({ listing, server }, [judge], settings, isNew);
        // Newcomers: a few early looks, on a cloud that is not known yet.
        expect(found.passes).toBeLessThanOrEqual(passes + (isNew ? 3 : 1));
        expect(found.passes).toBeGreaterThan(passes - 3);
        if (!isNew || listing > 0) expect(found.shortest).toBeGreaterThanOrEqual(shortest - 0.002);
      }
    },
  );

  it('two that watch one server and see different things of it slow down as one does', async () => {
    const settings = { ...POLL, poll_max: 30 };
    const one = await inAMinute({ listing: 0, server: 0 }, [reading], settings);
    const two = await inAMinute({ listing: 0, server: 0 }, [reading, waiting], settings);
    expect(one.passes).toBeLessThan(60);
    expect(two.passes).toBe(one.passes);
  });
});
