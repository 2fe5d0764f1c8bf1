// One plan asked for again and again, while it is rolled back and after: one workflow, every answer 200, no limit of Temporal's met.
import { setTimeout as sleep } from 'node:timers/promises';
import { startSimulatedCloud } from '../../dist/src/simulated-cloud/start.js';
import { atOnce, Caller } from '../../scripts/lib/caller.mjs';
import { healthChecks } from './health-checks.mjs';
import { startPrograms } from '../../scripts/lib/programs.mjs';
import { sampling } from '../../scripts/lib/takes.mjs';

const AT_ONCE = 100;
const END_WITHIN_MS = 120_000;

export async function repeated({ count }) {
  const cloud = await startSimulatedCloud({ times: { liveMigration: 20_000 } });
  for (const name of ['a', 'b']) cloud.addHost({ name });
  const server = cloud.addServer({ name: 'vm', host: 'a' });
  const plan = await cloud.applyPlan({
    actions: [
      {
        type: 'migrate',
        parameters: {
          migration_type: 'live',
          resource_id: server,
          source_node: 'a',
          destination_node: 'b',
        },
      },
    ],
  });
  const programs = await startPrograms(cloud, {}, { onlyApiMatters: true });
  try {
    const samples = sampling(programs.pids);
    const health = healthChecks(programs.url);
    const caller = new Caller(
      programs.url,
      cloud.issueToken({ userName: 'load', roles: ['admin'] }),
    );
    const startedAt = performance.now();
    const statuses = {};
    const uuids = new Set();
    await atOnce(Array.from({ length: count }), AT_ONCE, async () => {
      const { status, body } = await caller.ask(
        'POST',
        `/v1/action_plans/${plan}/rollback`,
        'respond-async',
      );
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status === 200) uuids.add(body.uuid);
    });
    const elapsedMs = Math.round(performance.now() - startedAt);
    let state = null;
    for (const until = Date.now() + END_WITHIN_MS; state === null; await sleep(200)) {
      if (Date.now() > until) throw new Error('the rollback did not end');
      state = await caller.state(plan);
    }
    const migrations = cloud.ledger.filter(
      ({ userId, effect, outcome }) =>
        userId === cloud.adminUserId && effect === 'live-migrate' && outcome === 'started',
    ).length;
    return {
      posts: count,
      statuses,
      rollbacks: uuids.size,
      state,
      migrations,
      elapsedMs,
      perSecond: Number((count / (elapsedMs / 1000)).toFixed(1)),
      health: await health(),
      takes: samples.stop(),
      ok: statuses[200] === count && uuids.size === 1 && migrations === 1,
    };
  } finally {
    await programs.stop();
    await cloud.close();
  }
}
