// Many rollbacks of small plans at once on one worker: all end, memory and what Nova sees are bounded, health is answered.
import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulatedCloud } from '../../dist/src/simulated-cloud/start.js';
import { atOnce, Caller } from '../../scripts/lib/caller.mjs';
import { healthChecks } from './health-checks.mjs';
import { startPrograms } from '../../scripts/lib/programs.mjs';
import { sampling } from '../../scripts/lib/takes.mjs';

const HOSTS = 20;
const END_WITHIN_MS = 30 * 60_000;

export async function many({ count, note }) {
  const cloud = await startSimulatedCloud({ times: { liveMigration: 500 } });
  const names = Array.from({ length: HOSTS }, (_, index) => `compute-${index + 1}`);
  for (const name of names) cloud.addHost({ name, capacity: count });
  const before = [];
  const plans = [];
  for (let number = 0; number < count; number += 1) {
    const from = names[number % HOSTS];
    const to = names[(number + 1 + (number % (HOSTS - 1))) % HOSTS];
    const server = cloud.addServer({ name: `vm-${number}`, host: from });
    before.push({ server, from });
    plans.push(
      await cloud.applyPlan({
        actions: [
          {
            type: 'migrate',
            parameters: {
              migration_type: 'live',
              resource_id: server,
              source_node: from,
              destination_node: to,
            },
          },
          { type: 'nop', parameters: { message: 'x' } },
        ],
      }),
    );
  }
  const programs = await startPrograms(
    cloud,
    { ROLLBACK_MAX_AGE: '604800', ROLLBACK_ACCEPT_TIMEOUT: '60' },
    { onlyApiMatters: true },
  );
  try {
    const samples = sampling(programs.pids);
    const health = healthChecks(programs.url);
    const caller = new Caller(
      programs.url,
      cloud.issueToken({ userName: 'load', roles: ['admin'] }),
    );
    const startedAt = performance.now();
    const asked = await atOnce(plans, count, (plan) => caller.start(plan));
    const acceptedMs = Math.round(performance.now() - startedAt);
    note(`${count} accepted after ${acceptedMs} ms`);
    const open = new Set(plans);
    const ends = {};
    for (const until = Date.now() + END_WITHIN_MS; open.size > 0; await sleep(500)) {
      if (Date.now() > until) throw new Error(`${open.size} rollbacks did not end`);
      await atOnce([...open], 20, async (plan) => {
        const state = await caller.state(plan);
        if (state === null) return;
        open.delete(plan);
        ends[state] = (ends[state] ?? 0) + 1;
      });
    }
    const elapsedMs = Math.round(performance.now() - startedAt);
    const home = before.filter(
      ({ server, from }) => cloud.snapshot().servers[server]?.host === from,
    ).length;
    return {
      rollbacks: count,
      ends,
      serversHome: home,
      acceptedMs,
      elapsedMs,
      perSecond: Number((count / (elapsedMs / 1000)).toFixed(1)),
      requests: busiest(cloud.requestCounts()),
      postsAskedAgain: asked.filter((times) => times > 1).length,
      migrationsAtOncePerHost: mostAtOnce(cloud, before),
      health: await health(),
      takes: samples.stop(),
      ok: home === count && ends.SUCCEEDED === count,
    };
  } finally {
    await programs.stop();
    await cloud.close();
  }
}

/** Of our own migrations, counted on both ends, by the ledger. */
function mostAtOnce(cloud, before) {
  const wanted = new Map(before.map(({ server, from }) => [server, from]));
  const on = new Map();
  let most = 0;
  for (const { userId, effect, outcome, resourceId } of cloud.ledger) {
    if (userId !== cloud.adminUserId || effect !== 'live-migrate') continue;
    const host = wanted.get(resourceId);
    const now = (on.get(host) ?? 0) + (outcome === 'started' ? 1 : -1);
    on.set(host, now);
    most = Math.max(most, now);
  }
  return most;
}

/** The routes of the simulated cloud that were asked most. */
function busiest(counts) {
  return Object.fromEntries(
    Object.entries(counts)
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, 8),
  );
}
