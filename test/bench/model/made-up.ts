/** Made-up plans for tests of the scheduler model, and an answer to compare with that is found in another way. */
import * as fc from 'fast-check';
import type { GreedyRun } from '../../../bench/model/greedy.js';
import type { ModelBounds } from '../../../bench/model/lower-bound.js';
import { hostsOf, liveSourceOf, type Operation } from '../../../bench/model/operations.js';
import { operationsOf, type Step } from '../../../bench/model/operations.js';
import { liveMigration, setPower, setService, startServer } from '../../../bench/model/steps.js';

const HOSTS = ['a', 'b', 'c', 'd'];
const host = fc.constantFrom(...HOSTS);
const duration = fc.integer({ min: 1, max: 20 });

/** Steps of all kinds; a server, a service and a node have at most one of a kind each, as after merging. */
function steps(max: number): fc.Arbitrary<Step[]> {
  const wish = fc.record({
    kind: fc.constantFrom(
      'migrate',
      'migrate',
      'migrate',
      'start',
      'enable',
      'disable',
      'on',
      'off',
    ),
    server: fc.integer({ min: 1, max: 30 }),
    from: host,
    to: host,
    duration,
  });
  return fc.uniqueArray(wish.map(stepOf), { maxLength: max, selector: ({ id }) => id });
}

function stepOf(it: {
  kind: string;
  server: number;
  from: string;
  to: string;
  duration: number;
}): Step {
  const server = `vm-${it.server}`;
  if (it.kind === 'migrate') return liveMigration(server, it.from, it.to, it.duration);
  if (it.kind === 'start') return startServer(`start-${server}`, server, it.to, it.duration);
  const isNode = it.kind === 'on' || it.kind === 'off';
  if (isNode)
    return setPower(`node-${it.to}`, it.to, `power ${it.kind}` as 'power on', it.duration);
  return setService(`service-${it.to}`, it.to, `${it.kind}d` as 'enabled', it.duration);
}

export const bounds: fc.Arbitrary<ModelBounds> = fc
  .record({
    concurrency: fc.integer({ min: 1, max: 6 }),
    migrationsPerHost: fc.integer({ min: 1, max: 3 }),
    perSource: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  })
  .map(({ perSource, ...given }) =>
    perSource === undefined ? given : { ...given, liveMigrationsPerSource: perSource },
  );

export function operations(max: number): fc.Arbitrary<Operation[]> {
  return steps(max).map(operationsOf);
}

/** Sentences; none where the run keeps order and bounds. Looks at every beginning, in the plainest way. */
export function breaches(all: readonly Operation[], run: GreedyRun, bound: ModelBounds): string[] {
  const found: string[] = [];
  const spanOf = (id: string) => run.spans.get(id) ?? { start: NaN, begin: NaN, end: NaN };
  for (const one of all) {
    const span = spanOf(one.action_uuid);
    if (span.end - span.begin !== one.duration) found.push(`${one.action_uuid} lasts too long`);
    for (const parent of one.parents) {
      if (spanOf(parent).end > span.start) found.push(`${one.action_uuid} before ${parent}`);
    }
    const [at, runsAt] = [
      all.filter(({ action_uuid: id }) => isIn(spanOf(id), span.start, 'start')),
      all.filter(({ action_uuid: id }) => isIn(spanOf(id), span.begin, 'begin')),
    ];
    if (at.length > bound.concurrency) found.push(`${at.length} at ${span.start}`);
    for (const name of HOSTS) {
      const moves = at.filter((it) => hostsOf(it).includes(name)).length;
      const live = runsAt.filter((it) => liveSourceOf(it) === name).length;
      if (moves > bound.migrationsPerHost) found.push(`${moves} on ${name}`);
      if (live > (bound.liveMigrationsPerSource ?? Infinity)) found.push(`${live} from ${name}`);
    }
  }
  return found;
}

function isIn(
  span: { start: number; begin: number; end: number },
  at: number,
  from: 'start' | 'begin',
) {
  return span[from] <= at && at < span.end;
}

/**
 * The shortest makespan there is, by trying every order: each operation is put at the earliest time at which all the places it
 * needs are free until its end. One of these schedules is a shortest one (Kolisch, 1996). For a handful of operations.
 */
export function shortest(all: readonly Operation[], bound: ModelBounds): number {
  let best = Infinity;
  const placed = new Map<string, { one: Operation; start: number; end: number }>();
  const go = (left: readonly Operation[], makespan: number): void => {
    if (makespan >= best) return;
    if (left.length === 0) best = makespan;
    for (const one of left) {
      if (one.parents.some((id) => !placed.has(id))) continue;
      const start = earliest(one, [...placed.values()], bound);
      const end = start + one.duration;
      placed.set(one.action_uuid, { one, start, end });
      go(
        left.filter((other) => other !== one),
        Math.max(makespan, end),
      );
      placed.delete(one.action_uuid);
    }
  };
  go(all, 0);
  return best;
}

function earliest(
  one: Operation,
  placed: readonly { one: Operation; start: number; end: number }[],
  bound: ModelBounds,
): number {
  const after = placed
    .filter((it) => one.parents.includes(it.one.action_uuid))
    .reduce((latest, { end }) => Math.max(latest, end), 0);
  const candidates = [after, ...placed.map(({ end }) => end).filter((end) => end > after)];
  const isFree = (start: number): boolean => {
    const times = [start, ...placed.map((it) => it.start)].filter(
      (at) => start <= at && at < start + one.duration,
    );
    return times.every((at) => {
      const beside = placed.filter((it) => it.start <= at && at < it.end).map((it) => it.one);
      const moves = (name: string) => beside.filter((it) => hostsOf(it).includes(name)).length;
      const source = liveSourceOf(one);
      const live = beside.filter((it) => liveSourceOf(it) === source).length;
      return (
        beside.length < bound.concurrency &&
        hostsOf(one).every((name) => moves(name) < bound.migrationsPerHost) &&
        (source === null || live < (bound.liveMigrationsPerSource ?? Infinity))
      );
    });
  };
  return candidates.toSorted((a, b) => a - b).find(isFree) ?? Infinity;
}
