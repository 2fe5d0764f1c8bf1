/** The ready queue: bounds, priority, parents, and that everything gets its turn. */
import * as fc from 'fast-check';
import { Heap } from '../../src/domain/heap.js';
import { Schedule, type Schedulable } from '../../src/domain/schedule.js';
import type { CompensationWork } from '../../src/domain/layout-types.js';

const BOUNDS = { concurrency: 32, migrationsPerHost: 4 };

function move(id: string, from: string, to: string, given: Partial<Schedulable> = {}): Schedulable {
  const work: CompensationWork = {
    kind: 'live_migrate',
    serverId: id,
    serverName: id,
    from,
    to,
    allowCold: false,
    sinceMigrationId: 0,
  };
  return { action_uuid: id, priority: 0, parents: [], state: 'PENDING', work, ...given };
}

function start(id: string, given: Partial<Schedulable> = {}): Schedulable {
  const work = { kind: 'start_server', serverId: id, serverName: id, host: 'h' } as const;
  return { action_uuid: id, priority: 0, parents: [], state: 'PENDING', work, ...given };
}

function startAll(schedule: Schedule): string[] {
  const ids = schedule.startable();
  for (const id of ids) schedule.started(id);
  return ids;
}

test('best priority first, up to the bound', () => {
  const schedule = new Schedule(
    [start('c', { priority: 2 }), start('a', { priority: 0 }), start('b', { priority: 1 })],
    { concurrency: 2, migrationsPerHost: 1 },
  );
  expect(startAll(schedule)).toEqual(['a', 'b']);
  expect(schedule.startable()).toEqual([]);
  schedule.finished('a');
  expect(startAll(schedule)).toEqual(['c']);
});

test('parents first; those that are final at layout, or not part of it, hold back nothing', () => {
  const schedule = new Schedule(
    [
      start('kept', { state: 'KEPT', work: null }),
      start('parent', { priority: 9 }),
      start('child', { parents: ['parent', 'kept', 'stranger'] }),
      start('free', { parents: ['kept'] }),
    ],
    BOUNDS,
  );
  expect(startAll(schedule)).toEqual(['free', 'parent']);
  schedule.finished('parent');
  expect(startAll(schedule)).toEqual(['child']);
});

test('migrations per host are counted on both ends, and a full host does not block the others', () => {
  const schedule = new Schedule(
    [
      move('1', 'b', 'a', { priority: 1 }),
      move('2', 'c', 'a', { priority: 2 }),
      move('3', 'a', 'd', { priority: 3 }),
      move('4', 'c', 'd', { priority: 4 }),
      start('5', { priority: 5 }),
    ],
    { concurrency: 9, migrationsPerHost: 1 },
  );
  expect(startAll(schedule)).toEqual(['1', '4', '5']);
  schedule.finished('1');
  expect(startAll(schedule)).toEqual([]);
  schedule.finished('4');
  expect(startAll(schedule)).toEqual(['2']);
  schedule.finished('2');
  expect(startAll(schedule)).toEqual(['3']);
});

test('what was not started stays startable, and a better one that came goes first', () => {
  const schedule = new Schedule(
    [
      start('parent'),
      start('good', { priority: 1, parents: ['parent'] }),
      start('bad', { priority: 2 }),
    ],
    { concurrency: 2, migrationsPerHost: 1 },
  );
  expect(schedule.startable()).toEqual(['parent', 'bad']);
  expect(schedule.startable()).toEqual(['parent', 'bad']);
  schedule.started('parent');
  schedule.finished('parent');
  expect(schedule.startable()).toEqual(['good', 'bad']);
});

test('no room: parked until released, found by the host that has to give room', () => {
  const schedule = new Schedule(
    [
      move('1', 'b', 'a'),
      move('2', 'b', 'a', { priority: 1 }),
      start('3', { priority: 2, parents: ['1'] }),
    ],
    { concurrency: 9, migrationsPerHost: 1 },
  );
  expect(startAll(schedule)).toEqual(['1']);
  schedule.requeue('1');
  expect(startAll(schedule)).toEqual(['2']);
  schedule.requeue('2');
  expect(schedule.leftHost('b')).toEqual([]);
  expect(schedule.leftHost('a')).toEqual(['1', '2']);
  expect(schedule.parked()).toEqual(['1', '2']);
  schedule.release('2');
  expect(schedule.leftHost('a')).toEqual(['1']);
  expect(startAll(schedule)).toEqual(['2']);
  schedule.finished('2');
  schedule.release('1');
  schedule.release('1');
  expect(startAll(schedule)).toEqual(['1']);
  schedule.finished('1');
  expect(startAll(schedule)).toEqual(['3']);
});

test('given up before it ran, in every phase: it frees what it held and what waits for it', () => {
  const schedule = new Schedule(
    [
      move('ready', 'b', 'a'),
      move('parked', 'b', 'a', { priority: 1 }),
      move('offered', 'b', 'a', { priority: 2 }),
      move('after', 'b', 'a', { priority: 3, parents: ['ready', 'parked', 'offered'] }),
    ],
    { concurrency: 1, migrationsPerHost: 1 },
  );
  schedule.finished('ready');
  expect(startAll(schedule)).toEqual(['parked']);
  schedule.requeue('parked');
  expect(schedule.startable()).toEqual(['offered']);
  schedule.finished('offered');
  schedule.finished('parked');
  expect(schedule.parked()).toEqual([]);
  expect(startAll(schedule)).toEqual(['after']);
});

test('reopened: it runs again, and what waits for it and has not run waits again', () => {
  const schedule = new Schedule([start('a'), start('b', { parents: ['a'] })], BOUNDS);
  startAll(schedule);
  schedule.finished('a');
  schedule.reopen('a');
  expect(startAll(schedule)).toEqual(['a']);
  schedule.finished('a');
  expect(startAll(schedule)).toEqual(['b']);
  schedule.finished('b');
  schedule.reopen('a');
  expect(startAll(schedule)).toEqual(['a']);
  schedule.finished('a');
  expect(schedule.startable()).toEqual([]);
});

test('what may not start is not started, what is unknown is said', () => {
  const schedule = new Schedule([start('a'), start('b', { parents: ['a'] })], BOUNDS);
  expect(() => schedule.started('b')).toThrow('may not start');
  expect(() => schedule.finished('x')).toThrow('no compensation x');
});

const compensations = fc.array(
  fc.record({
    from: fc.nat(4),
    to: fc.nat(4),
    isMove: fc.boolean(),
    priority: fc.nat(20),
    parents: fc.array(fc.nat(30), { maxLength: 3 }),
    isFinal: fc.constantFrom(false, false, false, true),
  }),
  { minLength: 1, maxLength: 40, size: 'max' },
);

test('any work, ended in any order: bounds kept, parents first, nothing forgotten, nothing idle', () => {
  fc.assert(
    fc.property(
      compensations,
      fc.record({
        concurrency: fc.integer({ min: 1, max: 6 }),
        migrationsPerHost: fc.integer({ min: 1, max: 3 }),
      }),
      fc.infiniteStream(fc.nat()),
      (wanted, bounds, chance) => {
        const all = wanted.map((one, index): Schedulable => {
          const given = {
            priority: one.priority,
            parents: [...new Set(one.parents.filter((parent) => parent < index).map(String))],
            ...(one.isFinal && { state: 'KEPT' as const, work: null }),
          };
          return one.isMove
            ? move(`${index}`, `h${one.from}`, `h${one.to}`, given)
            : start(`${index}`, given);
        });
        const byId = new Map(all.map((one) => [one.action_uuid, one]));
        const schedule = new Schedule(all, bounds);
        const running = new Set<string>();
        /** How often each was put back; bounded, so that the loop below has a bound as well. */
        const again = new Map<string, number>();
        const done = new Set(
          all.filter(({ work }) => work === null).map(({ action_uuid }) => action_uuid),
        );
        const random = (below: number): number => (chance.next().value as number) % below;
        const hostsOf = (id: string): string[] => {
          const work = byId.get(id)?.work ?? null;
          return work !== null && 'from' in work ? [...new Set([work.from, work.to])] : [];
        };
        const load = (): Map<string, number> => {
          const on = new Map<string, number>();
          for (const id of running)
            for (const one of hostsOf(id)) on.set(one, (on.get(one) ?? 0) + 1);
          return on;
        };
        const parentsDone = (id: string): boolean =>
          byId.get(id)!.parents.every((parent) => done.has(parent));
        for (let step = 0; done.size < all.length; step += 1) {
          expect(step).toBeLessThan(all.length * 8);
          for (const id of schedule.startable()) {
            schedule.started(id);
            expect(running.has(id) || done.has(id)).toBe(false);
            expect(parentsDone(id)).toBe(true);
            running.add(id);
          }
          expect(running.size).toBeLessThanOrEqual(bounds.concurrency);
          const on = load();
          for (const count of on.values())
            expect(count).toBeLessThanOrEqual(bounds.migrationsPerHost);
          const parked = new Set(schedule.parked());
          if (running.size < bounds.concurrency) {
            const idle = all.filter(
              ({ action_uuid: id }) =>
                !running.has(id) &&
                !done.has(id) &&
                !parked.has(id) &&
                parentsDone(id) &&
                hostsOf(id).every((one) => (on.get(one) ?? 0) < bounds.migrationsPerHost),
            );
            expect(idle).toEqual([]);
          }
          const ids = [...running];
          const id = ids[random(Math.max(1, ids.length))];
          if (id === undefined) {
            for (const one of parked) schedule.release(one);
            continue;
          }
          running.delete(id);
          const before = again.get(id) ?? 0;
          if (before < 3 && random(5) === 0) {
            again.set(id, before + 1);
            schedule.requeue(id);
          } else {
            schedule.finished(id);
            done.add(id);
            for (const one of hostsOf(id))
              for (const waiting of schedule.leftHost(one)) schedule.release(waiting);
          }
        }
      },
    ),
    { numRuns: 500 },
  );
});

test.each([
  [
    'many hosts',
    (index: number) =>
      move(`${index}`, `h${index % 100}`, `h${(index * 7 + 1) % 100}`, { priority: index }),
  ],
  ['one host', (index: number) => move(`${index}`, `h${index % 100}`, 'h0', { priority: index })],
])('10,000 moves, %s: all are run, each once', (_, make) => {
  const all = Array.from({ length: 10_000 }, (__, index) => make(index));
  const schedule = new Schedule(all, BOUNDS);
  let ended = 0;
  const running: string[] = [];
  while (ended < all.length) {
    running.push(...startAll(schedule));
    const id = running.shift();
    if (id === undefined) throw new Error('stuck');
    schedule.finished(id);
    ended += 1;
  }
  expect(ended).toBe(all.length);
});

test.each([1000, 10_000])(
  '%i moves that wake up worst first: each is looked at a few times, whatever the size',
  (size) => {
    const pushed = jest.spyOn(Heap.prototype, 'push').mockClear();
    const hosts = Array.from({ length: 100 }, (_, index) => start(`enable${index}`));
    const moves = Array.from({ length: size }, (_, index) =>
      move(`${index}`, `from${(index * 7) % 100}`, `to${index % 100}`, {
        priority: size - index,
        parents: [`enable${index % 100}`],
      }),
    );
    const schedule = new Schedule([...hosts, ...moves], BOUNDS);
    const running: string[] = [];
    do {
      running.push(...startAll(schedule));
      schedule.finished(running.shift() ?? '');
    } while (running.length > 0);
    expect(pushed.mock.calls.length / size).toBeLessThan(6);
  },
);
