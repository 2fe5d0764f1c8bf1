// Small rollbacks for a long time, a few at once: memory, sockets, files, threads and timers do not grow with them.
import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulatedCloud } from '../../dist/src/simulated-cloud/start.js';
import { Caller } from '../../scripts/lib/caller.mjs';
import { startPrograms } from '../../scripts/lib/programs.mjs';
import { sampling } from '../../scripts/lib/takes.mjs';

const HOSTS = ['a', 'b', 'c'];
const PER_ROUND = 3;
const LANES = 4;
/** The first parts warm up. */
const PARTS = 10;

export async function soak({ minutes, note }) {
  const cloud = await startSimulatedCloud({ times: { liveMigration: 300 } });
  for (const name of HOSTS) cloud.addHost({ name, capacity: 1000 });
  const inside = [];
  const programs = await startPrograms(
    cloud,
    { ROLLBACK_MAX_AGE: '604800' },
    {
      onlyApiMatters: true,
      inside: {
        args: ['--expose-gc', '--import', './test/load/inside.mjs'],
        hears: (name, held) => inside.push({ name, held, at: Date.now() }),
      },
    },
  );
  try {
    const samples = sampling(programs.pids);
    const token = cloud.issueToken({ userName: 'load', roles: ['admin'] });
    const caller = new Caller(programs.url, token);
    const startedAt = Date.now();
    const endsAt = startedAt + minutes * 60_000;
    const ends = {};
    let rollbacks = 0;
    const ended = (state) => {
      ends[state] = (ends[state] ?? 0) + 1;
      rollbacks += 1;
      if (rollbacks % 100 === 0) note(`${rollbacks} rollbacks`);
    };
    await Promise.all(
      Array.from({ length: LANES }, (_, number) => lane({ cloud, caller, number, endsAt, ended })),
    );
    const takes = samples.stop();
    return {
      minutes,
      rollbacks,
      ends,
      takes,
      inside: parts(inside, startedAt, endsAt),
      growth: growth(samples.samples),
      ok: ends.SUCCEEDED === rollbacks,
    };
  } finally {
    await programs.stop();
    await cloud.close();
  }
}

/** One plan after the other, each with servers of its own lane. */
async function lane({ cloud, caller, number, endsAt, ended }) {
  const servers = Array.from({ length: PER_ROUND }, (_, index) =>
    cloud.addServer({ name: `vm-${number}-${index}`, host: 'a' }),
  );
  while (Date.now() < endsAt) {
    const plan = await cloud.applyPlan({
      actions: servers.map((server, index) => ({
        type: 'migrate',
        parameters: {
          migration_type: 'live',
          resource_id: server,
          source_node: 'a',
          destination_node: HOSTS[1 + (index % 2)],
        },
      })),
    });
    await caller.start(plan);
    let state = null;
    for (let look = 0; state === null && look < 600; look += 1) {
      await sleep(100);
      state = await caller.state(plan);
    }
    ended(state ?? 'UNENDED');
  }
}

/** For each program and figure of inside.mjs: the highest in each tenth of the time, in order. */
function parts(inside, startedAt, endsAt) {
  const found = {};
  for (const { name, held, at } of inside) {
    const part = Math.floor(((at - startedAt) / (endsAt - startedAt)) * PARTS);
    if (part < 0 || part >= PARTS) continue;
    for (const [what, value] of Object.entries(held)) {
      const all = (found[`${name} ${what}`] ??= Array.from({ length: PARTS }, () => 0));
      all[part] = Math.max(all[part], value);
    }
  }
  return found;
}

/** Medians of all but the first tenth of the time (it warms up), in order. */
function growth(samples) {
  const tenth = Math.floor(samples.length / PARTS);
  if (tenth === 0) return {};
  const median = (from, name, what) => {
    const part = samples.slice(from, from + tenth).map((sample) => sample[name][what]);
    return part.toSorted((a, b) => a - b)[Math.floor(part.length / 2)];
  };
  const found = {};
  for (const name of Object.keys(samples[0]))
    for (const what of ['memoryMb', 'files', 'threads'])
      found[`${name} ${what}`] = Array.from({ length: PARTS - 1 }, (_, part) =>
        median((part + 1) * tenth, name, what),
      );
  return found;
}
