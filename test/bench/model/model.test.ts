/** The scheduler model on plans whose answers are known, and what must hold for any. */
import * as fc from 'fast-check';
import { durationOf } from '../../../bench/model/durations.js';
import { runGreedy } from '../../../bench/model/greedy.js';
import { lowerBound } from '../../../bench/model/lower-bound.js';
import { operationsOf, operationsOfResult } from '../../../bench/model/operations.js';
import { allPairs, consolidation, oneHost } from '../../../bench/model/scenes.js';
import { liveMigration, setPower, setService, startServer } from '../../../bench/model/steps.js';
import type { CompensationResult } from '../../../src/domain/result.js';
import { bounds, breaches, operations, shortest } from './made-up.js';

const WIDE = { concurrency: 32, migrationsPerHost: 4 };

/** host_maintenance of "home", rolled back: its service is enabled, then its servers come back from `away` hosts. */
function maintenance(servers: number, away: number, duration: (name: string) => number) {
  return operationsOf([
    ...Array.from({ length: servers }, (_, index) =>
      liveMigration(`vm-${index}`, `away-${index % away}`, 'home', duration(`vm-${index}`)),
    ),
    setService('service', 'home', 'enabled', 100),
  ]);
}

test('twelve servers of one host, four at once: three rounds after the enabling', () => {
  const plan = maintenance(12, 3, () => 3000);
  const run = runGreedy(plan, WIDE);
  expect(run.makespan).toBe(100 + 3 * 3000);
  expect(run.spans.get('service')).toEqual({ start: 0, begin: 0, end: 100 });
  expect(lowerBound(plan, WIDE)).toEqual({ ms: 9100, why: 'host home', chain: 3100, work: 9100 });
});

test('five servers cannot be cut into four places: two rounds, not one and a quarter', () => {
  const plan = maintenance(5, 3, () => 3000);
  expect(lowerBound(plan, WIDE).ms).toBe(6100);
  expect(runGreedy(plan, WIDE).makespan).toBe(6100);
});

test('a chain through all levels: node, service, revert or start, migration, service, node', () => {
  const plan = operationsOf([
    setPower('off', 'old', 'power off', 1),
    setService('disable', 'old', 'disabled', 2),
    liveMigration('onto-old', 'new', 'old', 4),
    liveMigration('vm', 'old', 'new', 8),
    startServer('start', 'vm', 'old', 16),
    setService('enable', 'new', 'enabled', 32),
    setPower('on', 'new', 'power on', 64),
  ]);
  expect(lowerBound(plan, WIDE)).toMatchObject({ ms: 105, why: 'chain', chain: 64 + 32 + 8 + 1 });
  expect(runGreedy(plan, WIDE).makespan).toBe(105);
});

test('the bound over all counts everything, the one per host counts moves on both their ends', () => {
  const starts = operationsOf(
    Array.from({ length: 9 }, (_, index) => startServer(`s${index}`, `s${index}`, 'a', 10)),
  );
  expect(lowerBound(starts, { concurrency: 3, migrationsPerHost: 1 })).toMatchObject({
    ms: 30,
    why: 'concurrency',
  });
  const ring = operationsOf([
    liveMigration('1', 'a', 'b', 10),
    liveMigration('2', 'b', 'c', 10),
    liveMigration('3', 'c', 'a', 10),
  ]);
  const one = { concurrency: 9, migrationsPerHost: 1 };
  expect(runGreedy(ring, one).makespan).toBe(30);
  expect(lowerBound(ring, one).ms).toBe(20);
});

test('where Nova lets live migrations of a source wait, they wait, with their places taken', () => {
  const plan = operationsOf([
    liveMigration('3', 'b', 'd', 10),
    liveMigration('2', 'a', 'c', 10),
    liveMigration('1', 'a', 'b', 10),
  ]);
  const bound = { concurrency: 2, migrationsPerHost: 4, liveMigrationsPerSource: 1 };
  const { spans, makespan } = runGreedy(plan, bound);
  expect(spans.get('2')).toEqual({ start: 0, begin: 10, end: 20 });
  expect(spans.get('3')).toEqual({ start: 10, begin: 10, end: 20 });
  expect(makespan).toBe(20);
  expect(lowerBound(plan, bound)).toMatchObject({ ms: 20, work: 20 });
});

test('what is final at layout takes no time and holds nothing back', () => {
  const plan = operationsOf([startServer('b', 'vm', 'h', 5), startServer('a', 'vm', 'h', 7)]);
  const kept = plan.map((one) =>
    one.action_uuid === 'a' ? { ...one, state: 'KEPT' as const, work: null } : one,
  );
  expect(lowerBound(kept, WIDE)).toMatchObject({ ms: 5, chain: 5 });
  expect([...runGreedy(kept, WIDE).spans.keys()]).toEqual(['b']);
  expect(lowerBound([], WIDE).ms).toBe(0);
  expect(runGreedy([], WIDE)).toMatchObject({ makespan: 0, decisions: 1 });
});

test('drained after every three starts: what is begun ends before more begins', () => {
  // The last of a plan goes first.
  const durations = [10, 10, 10, 10, 10, 10, 30];
  const plan = operationsOf(
    durations.map((duration, index) => startServer(`s${index}`, `s${index}`, 'a', duration)),
  );
  const narrow = { concurrency: 2, migrationsPerHost: 1 };
  const starts = (drainEvery: number): number[] =>
    [...runGreedy(plan, narrow, { drainEvery }).spans.values()].map(({ start }) => start);
  expect(starts(3)).toEqual([0, 0, 10, 30, 30, 40, 40]);
  expect(starts(Infinity)).toEqual([0, 0, 10, 20, 30, 30, 40]);
});

test('large plans for measuring are as many actions as asked for, the same every time, and can be run', () => {
  for (const scene of [oneHost, consolidation, allPairs]) {
    const plan = scene(500, 50, 7);
    expect(plan).toHaveLength(500);
    expect(scene(500, 50, 7)).toEqual(plan);
    expect(
      plan.filter(({ work }) => work !== null && 'from' in work && work.from === work.to),
    ).toEqual([]);
    const run = runGreedy(plan, WIDE);
    expect(run.spans.size).toBe(500);
    expect(run.makespan).toBeGreaterThanOrEqual(lowerBound(plan, WIDE).ms);
  }
});

test('a circle is said, and so is what never runs', () => {
  const [a, b] = operationsOf([startServer('a', 'a', 'h', 1), startServer('b', 'b', 'h', 1)]);
  if (a === undefined || b === undefined) throw new Error('two were made');
  const circle = [
    { ...a, parents: ['b'] },
    { ...b, parents: ['a'] },
  ];
  expect(() => lowerBound(circle, WIDE)).toThrow('in a circle');
  expect(() => runGreedy(circle, WIDE)).toThrow('2 operations never run');
});

test("operations from a rollback's result: what was done, its hosts and its real parents", () => {
  const done = {
    action_uuid: 'move',
    kind: 'live_migrate',
    resource_id: 'vm',
    state: 'SUCCEEDED',
    before: { host: 'home' },
    after: { host: 'away' },
    parents: ['service'],
  };
  const service = {
    action_uuid: 'service',
    kind: 'set_service_status',
    resource_name: 'home',
    state: 'SUCCEEDED',
    before: { status: 'enabled' },
    parents: [],
  };
  const kept = { action_uuid: 'kept', kind: null, state: 'KEPT', parents: [] };
  const result = [done, service, kept] as unknown as CompensationResult[];
  const plan = operationsOfResult(result, ({ kind }) => (kind === 'live_migrate' ? 3000 : 100));
  expect(plan[0]?.work).toMatchObject({ from: 'away', to: 'home' });
  expect(plan.map(({ priority }) => priority)).toEqual([2, 1, 0]);
  expect(runGreedy(plan, WIDE).makespan).toBe(3100);
  const hostless = [{ ...done, before: null }] as unknown as CompensationResult[];
  expect(() => operationsOfResult(hostless, () => 1)).toThrow('no hosts of the move move');
});

test('durations are whole, within their spread, evenly over it, and depend on seed and name alone', () => {
  const drawn = Array.from({ length: 10_000 }, (_, index) => durationOf(7, `vm-${index}`));
  expect(drawn.every((ms) => Number.isInteger(ms) && ms >= 1500 && ms <= 4500)).toBe(true);
  for (let quarter = 0; quarter < 4; quarter += 1) {
    const [from, to] = [1500 + quarter * 750, 2250 + quarter * 750];
    const share = drawn.filter((ms) => ms >= from && ms < to).length / drawn.length;
    expect(share).toBeCloseTo(0.25, 1);
  }
  expect(durationOf(7, 'vm-3')).toBe(drawn[3]);
  expect(durationOf(8, 'vm-3')).not.toBe(drawn[3]);
});

test('any plan: order and bounds are kept, and no schedule is below the lower bound', () => {
  fc.assert(
    fc.property(operations(40), bounds, (plan, bound) => {
      const run = runGreedy(plan, bound);
      expect(run.spans.size).toBe(plan.length);
      expect(breaches(plan, run, bound)).toEqual([]);
      expect(lowerBound(plan, bound).ms).toBeLessThanOrEqual(run.makespan + 1e-6);
    }),
    { numRuns: 300 },
  );
});

test('any small plan: the lower bound is no more than the shortest of all schedules', () => {
  fc.assert(
    fc.property(operations(6), bounds, (plan, bound) => {
      expect(lowerBound(plan, bound).ms).toBeLessThanOrEqual(shortest(plan, bound) + 1e-6);
    }),
    { numRuns: 300 },
  );
});

test('any plan: the lower bound never depends on the order of the input, the schedule only on priorities', () => {
  const shuffled = operations(30).chain((plan) =>
    fc.tuple(
      fc.constant(plan),
      fc.shuffledSubarray(plan, { minLength: plan.length, maxLength: plan.length }),
    ),
  );
  fc.assert(
    fc.property(shuffled, bounds, ([plan, other], bound) => {
      expect(lowerBound(other, bound).ms).toBeCloseTo(lowerBound(plan, bound).ms, 6);
      expect(Object.fromEntries(runGreedy(other, bound).spans)).toEqual(
        Object.fromEntries(runGreedy(plan, bound).spans),
      );
    }),
    { numRuns: 200 },
  );
});

test('with places for all, nothing waits but for what it must follow: greedy is the longest chain', () => {
  const wide = { concurrency: 500, migrationsPerHost: 500 };
  fc.assert(
    fc.property(operations(40), (plan) => {
      expect(runGreedy(plan, wide).makespan).toBe(lowerBound(plan, wide).chain);
    }),
    { numRuns: 200 },
  );
});
