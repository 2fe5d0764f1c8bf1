/**
 * `npm run bench:scheduler -- [SCENE…] [--short] [--runs N] [--out FILE]`: what the schedule of src/domain itself costs, without
 * Temporal and OpenStack: rollbacks of up to 100,000 actions over up to 10,000 hosts are played in simulated time, then the same
 * questions are asked of a fresh schedule with nothing else running. Prints a table; with --out writes JSON, too.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ensureBuilt } from '../scripts/lib/build.mjs';
import { requireNode } from '../scripts/lib/node-version.mjs';
import { ensurePackages } from '../scripts/lib/packages.mjs';
import { argumentsOf } from './lib/arguments.mjs';

const SEED = 7;
/** The service's own where nothing is set, and the widest that it can be set to. */
const BOUNDS = { concurrency: 32, migrationsPerHost: 4 };
const WIDEST = { concurrency: 500, migrationsPerHost: 4 };
/** As many compensations fill the history of one run. */
const DRAIN_EVERY = 1350;
const SIZES = { long: [1000, 3000, 10_000, 30_000, 100_000], short: [1000, 3000, 10_000] };
const tenth = (actions) => actions / 10;
const RUNS = { long: 5, short: 2 };

requireNode();
await ensurePackages();
await ensureBuilt();
const { Schedule } = await import('../dist/src/domain/schedule.js');
const { runGreedy } = await import('../dist/bench/model/greedy.js');
const { lowerBound } = await import('../dist/bench/model/lower-bound.js');
const { exponent, median } = await import('../dist/bench/lib/statistics.js');
const { allPairs, consolidation, oneHost } = await import('../dist/bench/model/scenes.js');

const SCENES = [
  { name: 'one host', make: oneHost, hosts: tenth, bounds: BOUNDS },
  { name: 'consolidation', make: consolidation, hosts: tenth, bounds: BOUNDS },
  { name: 'all pairs of 20', make: allPairs, hosts: () => 20, bounds: BOUNDS },
  // 500 at once fill all places of 250 hosts, and every pair of them has a lane that waits for one or the other: the worst there
  // is for this schedule, whose work grows faster than the plan here. So no larger than a rollback may be.
  {
    name: 'all pairs of 250',
    make: allPairs,
    hosts: () => 250,
    bounds: WIDEST,
    upTo: 10_000,
  },
];
const asked = argumentsOf({ names: SCENES.map(({ name }) => name), what: 'scene', runs: RUNS });
const length = asked.short ? 'short' : 'long';
const { runs } = asked;

/** Writes down what a schedule is asked and told. */
class Recorded {
  calls = [];
  #schedule;

  constructor(operations, bounds) {
    this.#schedule = new Schedule(operations, bounds);
  }

  startable() {
    const ids = this.#schedule.startable();
    this.calls.push(ids);
    return ids;
  }

  started(id) {
    this.#schedule.started(id);
  }

  finished(id) {
    this.calls.push(id);
    this.#schedule.finished(id);
  }
}

/** Counts how often an entry is looked up: work that no other program on the machine can make more. */
class Counted extends Schedule {
  looks = 0;

  mustGet(id) {
    this.looks += 1;
    return super.mustGet(id);
  }
}

/** The same calls again. Of a recorded list, an array was an answer and a string has ended. */
function again(schedule, calls) {
  let longest = 0;
  for (const call of calls) {
    if (typeof call === 'string') {
      schedule.finished(call);
      continue;
    }
    const startedAt = performance.now();
    for (const id of schedule.startable()) schedule.started(id);
    longest = Math.max(longest, performance.now() - startedAt);
  }
  return longest;
}

function cpuMs(work) {
  const before = process.cpuUsage();
  const value = work();
  const { user, system } = process.cpuUsage(before);
  return { ms: (user + system) / 1000, value };
}

function heapUsed() {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

/** Of a schedule as it is before anything has begun, with all that it will ever hold. */
function bytesOf(operations, bounds) {
  const before = heapUsed();
  const schedule = new Schedule(operations, bounds);
  const bytes = heapUsed() - before;
  if (schedule.parked().length > 0) throw new Error('nothing can be parked yet');
  return bytes;
}

function measure({ name, make, hosts, bounds }, actions) {
  const made = cpuMs(() => make(actions, hosts(actions), SEED));
  const operations = made.value;
  const bytes = bytesOf(operations, bounds);
  const recorded = new Recorded(operations, bounds);
  const { makespan, decisions } = runGreedy(operations, bounds, { schedule: recorded });
  const drained = runGreedy(operations, bounds, { drainEvery: DRAIN_EVERY }).makespan;
  const least = lowerBound(operations, bounds);
  const counted = new Counted(operations, bounds);
  counted.looks = 0;
  again(counted, recorded.calls);
  if (counted.looks === 0) throw new Error('the schedule looks entries up in another way by now');
  const [built, played, longest] = [[], [], []];
  for (let run = 0; run < runs; run += 1) {
    const schedule = cpuMs(() => new Schedule(operations, bounds));
    const replay = cpuMs(() => again(schedule.value, recorded.calls));
    built.push(schedule.ms);
    played.push(replay.ms);
    longest.push(replay.value);
  }
  return {
    scene: name,
    actions,
    hosts: hosts(actions),
    concurrency: bounds.concurrency,
    decisions,
    order_cpu_ms: made.ms,
    build_cpu_ms: median(built),
    schedule_cpu_ms: median(played),
    schedule_cpu_ms_from: Math.min(...played),
    schedule_cpu_ms_to: Math.max(...played),
    cpu_us_per_decision: (median(played) * 1000) / decisions,
    looks_per_decision: counted.looks / decisions,
    longest_decision_ms: median(longest),
    memory_mb: bytes / 2 ** 20,
    makespan_s: makespan / 1000,
    lower_bound_s: least.ms / 1000,
    why: least.why,
    greedy_ratio: makespan / least.ms,
    drained_ratio: drained / makespan,
  };
}

/** Of a figure over the sizes of a scene. */
function growth(rows, figure) {
  return exponent(rows.map((row) => [row.actions, row[figure]]));
}

/** Heading and figure of each column. */
const COLUMNS = [
  ['scene', 'scene'],
  ['actions', 'actions'],
  ['hosts', 'hosts'],
  ['at once', 'concurrency'],
  ['decisions', 'decisions'],
  ['order ms', 'order_cpu_ms'],
  ['build ms', 'build_cpu_ms'],
  ['µs/decision', 'cpu_us_per_decision'],
  ['looks/decision', 'looks_per_decision'],
  ['longest ms', 'longest_decision_ms'],
  ['MB', 'memory_mb'],
  ['makespan s', 'makespan_s'],
  ['/ bound', 'greedy_ratio'],
  ['drained', 'drained_ratio'],
];

function printTable(rows) {
  const cells = [
    COLUMNS.map(([heading]) => heading),
    COLUMNS.map(() => '---'),
    ...rows.map((row) => COLUMNS.map(([, figure]) => String(rounded(row[figure])))),
  ];
  for (const line of cells) {
    const padded = line.map((text, at) =>
      text.padEnd(Math.max(...cells.map((it) => it[at].length))),
    );
    console.log(`| ${padded.join(' | ')} |`);
  }
}

const rounded = (value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value);
const result = {
  node: process.version,
  bounds: BOUNDS,
  drain_every: DRAIN_EVERY,
  seed: SEED,
  runs,
  scenes: [],
};
// What has not run yet is not compiled yet.
measure(SCENES[0], SIZES.short[0]);
for (const scene of SCENES) {
  if (asked.wanted.length > 0 && !asked.wanted.includes(scene.name)) continue;
  const sizes = SIZES[length].filter((actions) => actions <= (scene.upTo ?? Infinity));
  const rows = sizes.map((actions) => measure(scene, actions));
  printTable(rows);
  const exponents = {
    order: growth(rows, 'order_cpu_ms'),
    build: growth(rows, 'build_cpu_ms'),
    schedule: growth(rows, 'schedule_cpu_ms'),
    looks_per_decision: growth(rows, 'looks_per_decision'),
    memory: growth(rows, 'memory_mb'),
  };
  console.log(
    `exponents: ${Object.entries(exponents)
      .map(([name, value]) => `${name} ${value.toFixed(2)}`)
      .join(', ')}`,
  );
  result.scenes.push({
    scene: scene.name,
    exponents,
    rows: rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([key, value]) => [key, rounded(value)])),
    ),
  });
}
if (asked.out !== null) {
  const file = resolve(asked.out);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
}
