// Rollbacks of migrations of 3 s that end one by one, as a cloud's do: what several parts look at. Each is run once for all.
import { workflowIdOf } from '../../dist/src/domain/workflow-id.js';
import { idealOf } from '../../dist/bench/lib/ideal.js';
import { durationOf } from '../../dist/bench/model/durations.js';
import { liveMigration } from '../../dist/bench/model/steps.js';
import { historyOf } from './histories.mjs';
import { row } from '../../dist/bench/lib/rows.js';
import { movedAway, mustBeHome, spreadServers } from './scenes.mjs';
import { onStage, rollBack, runBare } from './stage.mjs';

/** As many as a rollback has on a host: it is the rollback's own bounds that count. */
export const NOVA_AT_ONCE = 4;
/** Defaults of ROLLBACK_CONCURRENCY and ROLLBACK_MIGRATIONS_PER_HOST, and the cloud's own. */
export const BOUNDS = {
  concurrency: 32,
  migrationsPerHost: 4,
  liveMigrationsPerSource: NOVA_AT_ONCE,
};
/** Requests to OpenStack per migrated server. */
export const REQUESTS_TARGET = { atMost: 6 };
const HOSTS = 20;
/** Larger ones tell nothing new of bare workflows. */
const BARE_MAX = 100;
const measured = new Map();

/** Every server its own time, the same for the same run: 3 s ± 50 %. */
export function migrationTimes(run) {
  return (name) => durationOf(run, name);
}

/** `sizes`: servers of the plans. Of each size what `once` tells, one per run. */
export async function followed({ sizes, runs, note }) {
  const open = sizes.filter((size) => (measured.get(size) ?? []).length < runs);
  for (const size of open) measured.set(size, []);
  for (let run = 0; run < runs; run += 1)
    for (const size of open) {
      const one = await once(size, run);
      note(`${size} servers: ${JSON.stringify(one)}`);
      measured.get(size).push(one);
    }
  return new Map(sizes.map((size) => [size, measured.get(size)]));
}

/** A stage for each: lists of the cloud must not grow with what was measured before. */
async function once(size, run) {
  const liveMigrationOf = migrationTimes(run);
  const cloud = { liveMigrationOf, maxConcurrentLiveMigrations: NOVA_AT_ONCE };
  const isBare = size <= BARE_MAX;
  return await onStage({ cloud, bareWorkers: isBare ? 1 : 0 }, async (stage) => {
    const servers = spreadServers(stage.cloud, { servers: size, hosts: HOSTS });
    const steps = servers.map(({ home, away, name }) =>
      liveMigration(name, away, home, liveMigrationOf(name)),
    );
    const plan = await movedAway(stage.cloud, servers);
    const before = stage.cloud.requestCounts();
    const { ms } = await rollBack(stage, plan);
    const requests = difference(stage.cloud.requestCounts(), before);
    mustBeHome(stage.cloud, servers);
    const history = await historyOf(stage.client, workflowIdOf(plan));
    const lots = steps.map(({ duration }) => ({ ms: duration }));
    const bare = isBare ? await bareHistory(stage, lots) : null;
    return { servers: size, ms, ...idealOf(steps, BOUNDS), requests, history, bare };
  });
}

/** Of activities that wait as long, and have summaries as well. */
async function bareHistory(stage, lots) {
  const input = { activity: 'nothing', lots, width: BOUNDS.concurrency, summaries: true };
  const { workflowId } = await runBare(stage, 'BareFanOut', input);
  return await historyOf(stage.client, workflowId);
}

/** By route, what has been asked since then. */
export function difference(now, before) {
  return Object.fromEntries(
    Object.entries(now)
      .map(([route, count]) => [route, count - (before[route] ?? 0)])
      .filter(([, count]) => count > 0),
  );
}

export function inAll(requests) {
  return Object.values(requests).reduce((sum, count) => sum + count, 0);
}

/** A row per size. `figure`: of one run, per server. */
export function perServer({ all, name, unit, target, figure, facts }) {
  return [...all].map(([size, ones]) =>
    row({
      name: `${name}, ${size} ${size === 1 ? 'server' : 'servers'}`,
      unit,
      values: ones.map((one) => figure(one) / one.servers),
      target,
      facts: facts && ones.map(facts),
    }),
  );
}
