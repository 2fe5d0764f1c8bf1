/** What moves read together: never older than the question, never more than needed. */
import { setMaxListeners } from 'node:events';
import { NovaClock, wellBefore } from '../../activities/nova-time.js';
import { CloudListings } from '../../activities/cloud-listings.js';
import { RecentRecords } from '../../activities/recent-records.js';
import { RecentServices } from '../../activities/recent-services.js';
import { Gathered, SharedReads } from '../../activities/shared-reads.js';
import type { CloudForTest } from '../support/cloud.js';
import { startCloudForTest, until } from '../support/cloud.js';

const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('questions that are gathered', () => {
  interface Read {
    questions: readonly string[];
    signal: AbortSignal;
    answer: (text: string) => void;
  }
  let reads: Read[];
  let gathered: Gathered<string, string>;
  beforeEach(() => {
    reads = [];
    gathered = new Gathered(
      (questions, signal) =>
        new Promise((resolve) =>
          reads.push({ questions: [...questions], signal, answer: resolve }),
        ),
    );
  });

  it('are one read where they come together, and another one once that has been sent', async () => {
    const first = [gathered.ask('a', NEVER), gathered.ask('b', NEVER)];
    await until(() => reads.length === 1);
    const second = gathered.ask('c', NEVER);
    reads[0]?.answer('old');
    expect(await Promise.all(first)).toEqual(['old', 'old']);
    await until(() => reads.length === 2);
    reads[1]?.answer('new');
    expect(await second).toBe('new');
    expect(reads.map(({ questions }) => questions)).toEqual([['a', 'b'], ['c']]);
  });

  it('of one who asks for several wait no longer than one, and again for each who comes', async () => {
    jest.useFakeTimers();
    try {
      for (const question of ['a', 'b']) void gathered.ask(question, NEVER);
      await jest.advanceTimersByTimeAsync(10);
      expect(reads.map(({ questions }) => questions)).toEqual([['a', 'b']]);
      void gathered.ask('c', NEVER);
      await jest.advanceTimersByTimeAsync(9);
      void gathered.ask('d', NEVER);
      await jest.advanceTimersByTimeAsync(1);
      expect(reads).toHaveLength(1);
      await jest.advanceTimersByTimeAsync(10);
      expect(reads[1]?.questions).toEqual(['c', 'd']);
    } finally {
      jest.useRealTimers();
    }
  });

  it('are not kept waiting by those that go on coming', async () => {
    const start = performance.now();
    while (reads.length === 0 && performance.now() - start < 500) {
      void gathered.ask('x', NEVER);
      await pause(3);
    }
    expect(performance.now() - start).toBeLessThan(250);
    expect(reads[0]?.questions.length).toBeGreaterThan(1);
  });

  it('fail together with their read', async () => {
    const failing = new Gathered<string, string>(() => Promise.reject(new Error('no')));
    const ends = await Promise.allSettled([failing.ask('a', NEVER), failing.ask('b', NEVER)]);
    expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('are cancelled one by one; the read stops when nobody is left', async () => {
    const one = new AbortController();
    const other = new AbortController();
    const asked = [gathered.ask('a', one.signal), gathered.ask('b', other.signal)];
    await until(() => reads.length === 1);
    one.abort(new Error('stop one'));
    await expect(asked[0]).rejects.toThrow('stop one');
    expect(reads[0]?.signal.aborted).toBe(false);
    other.abort(new Error('stop other'));
    await expect(asked[1]).rejects.toThrow('stop other');
    expect(reads[0]?.signal.aborted).toBe(true);
    await expect(gathered.ask('c', one.signal)).rejects.toThrow('stop one');
  });

  it('are not spoiled by one that was cancelled before', async () => {
    const cancel = new AbortController();
    const gone = gathered.ask('a', cancel.signal);
    cancel.abort(new Error('stop'));
    await expect(gone).rejects.toThrow('stop');
    const asked = gathered.ask('b', NEVER);
    await until(() => reads.length === 1);
    reads[0]?.answer('fine');
    expect(await asked).toBe('fine');
  });
});

describe('in the cloud', () => {
  let test: CloudForTest;
  let servers: string[];
  let clock: NovaClock;
  let told: { clock: NovaClock; records: RecentRecords; services: RecentServices };
  let shared: SharedReads;
  beforeEach(async () => {
    test = await startCloudForTest();
    for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name });
    servers = [1, 2, 3].map((n) => test.sim.addServer({ name: `vm-${n}`, host: 'compute-1' }));
    clock = new NovaClock();
    told = { clock, records: new RecentRecords(), services: new RecentServices() };
    shared = new SharedReads(test.cloud.compute, told);
  });
  afterEach(() => test.close());
  const count = (pattern: RegExp) =>
    Object.entries(test.sim.requestCounts())
      .filter(([path]) => pattern.test(path))
      .reduce((sum, [, times]) => sum + times, 0);

  it('a host that was just enabled is not judged by a read that was under way before', async () => {
    test.sim.hand.setService('compute-1', { status: 'disabled', disabledReason: 'x' });
    const before = shared.computeService('compute-1', NEVER);
    await until(() => count(/os-services/) === 1);
    test.sim.hand.setService('compute-1', { status: 'enabled', disabledReason: null });
    const after = shared.computeService('compute-1', NEVER);
    expect((await before)?.status).toBe('disabled');
    expect((await after)?.status).toBe('enabled');
    expect(count(/os-services/)).toBe(2);
  });

  it('one listing of services serves several hosts, also one that is not there', async () => {
    const hosts = ['compute-1', 'compute-2', 'gone'];
    const found = await Promise.all(hosts.map((host) => shared.computeService(host, NEVER)));
    expect(found.map((service) => service?.host)).toEqual(['compute-1', 'compute-2', undefined]);
    expect(count(/os-services/)).toBe(1);
  });

  it('what moves that begin together or a layout have listed is what later moves go on from', async () => {
    const [a = '', b = ''] = servers;
    const now = new Date().toISOString();
    const wanted = [a, b].map((serverId) => ({ serverId, since: now }));
    await Promise.all(wanted.map((one) => shared.records(one, NEVER)));
    expect(told.records.of(a, now)).toEqual([]);
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    expect(told.records.of(a, hourAgo)).toBeNull();
    told = { ...told, records: new RecentRecords() };
    const listings = new CloudListings(test.cloud.compute, told);
    await listings.migrations(wellBefore(hourAgo) ?? '', NEVER);
    expect(told.records.of(a, hourAgo)).toEqual([]);
  });

  it('each gets its own records, of one listing; one alone asks for its own', async () => {
    const [a, b] = servers;
    if (a === undefined || b === undefined) throw new Error('no servers');
    await test.cloud.compute.liveMigrate(a, 'compute-2');
    await test.sim.settled();
    const since = new Date().toISOString();
    const both = await Promise.all(
      [a, b].map((serverId) => shared.records({ serverId, since }, NEVER)),
    );
    expect(both.map((records) => records.map(({ serverId }) => serverId))).toEqual([[a], []]);
    expect(count(/os-migrations/)).toBe(1);
    expect(clock.latest).not.toBeNull();
    const alone = await shared.records({ serverId: a, since: '2100-01-01T00:00:00Z' }, NEVER);
    expect(alone).toHaveLength(1);
  });

  it('but not of a listing of hours', async () => {
    const [a, b] = servers;
    clock.latest = '2026-11-24T04:00:00Z';
    const wanted = [a ?? '', b ?? ''].map((serverId) => ({
      serverId,
      since: '2026-11-24T02:00:00Z',
    }));
    await Promise.all(wanted.map((one) => shared.records(one, NEVER)));
    expect(count(/os-migrations/)).toBe(2);
  });
});
