// Small rollbacks one after another for a long time: memory, files and threads of each process do not grow with them.
import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulatedCloud } from '../../dist/src/simulated-cloud/start.js';
import { Caller } from './caller.mjs';
import { sampling, startPrograms } from './programs.mjs';

const HOSTS = ['a', 'b', 'c'];
const PER_ROUND = 3;

export async function soak({ minutes, note }) {
  const cloud = await startSimulatedCloud({ times: { liveMigration: 300 } });
  for (const name of HOSTS) cloud.addHost({ name, capacity: 1000 });
  const servers = Array.from({ length: PER_ROUND }, (_, index) =>
    cloud.addServer({ name: `vm-${index}`, host: 'a' }),
  );
  const programs = await startPrograms(cloud, { ROLLBACK_MAX_AGE: '604800' });
  try {
    const samples = sampling(programs.pids);
    const caller = new Caller(
      programs.url,
      cloud.issueToken({ userName: 'load', roles: ['admin'] }),
    );
    const ends = {};
    let rounds = 0;
    for (const until = Date.now() + minutes * 60_000; Date.now() < until; rounds += 1) {
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
      ends[state ?? 'UNENDED'] = (ends[state ?? 'UNENDED'] ?? 0) + 1;
      if (rounds % 100 === 99) note(`${rounds + 1} rollbacks`);
    }
    const takes = samples.stop();
    return {
      minutes,
      rollbacks: rounds,
      ends,
      takes,
      growth: growth(samples.samples),
      ok: ends.SUCCEEDED === rounds,
    };
  } finally {
    await programs.stop();
    await cloud.close();
  }
}

/** Median of the second tenth of the time (the first warms up) and of the last tenth. */
function growth(samples) {
  const tenth = Math.floor(samples.length / 10);
  if (tenth === 0) return {};
  const median = (from, name, what) => {
    const part = samples.slice(from, from + tenth).map((sample) => sample[name][what]);
    return part.toSorted((a, b) => a - b)[Math.floor(part.length / 2)];
  };
  const found = {};
  for (const name of Object.keys(samples[0]))
    for (const what of ['memoryMb', 'files', 'threads'])
      found[`${name} ${what}`] = [
        median(tenth, name, what),
        median(samples.length - tenth, name, what),
      ];
  return found;
}
