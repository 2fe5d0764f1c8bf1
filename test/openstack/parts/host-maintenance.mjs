/** Part of the acceptance test: what the host_maintenance strategy did comes back, by Nova's own answers. */
import { pause, until } from '../cloud.mjs';
import { applyPlan, freshServers, hostMaintenancePlan } from '../plans.mjs';
import { outcomes, seconds } from '../results.mjs';
import { migrationsAfter, newestMigration, snapshot } from '../snapshot.mjs';

/** The specification's own case: a host emptied and disabled comes back as it was. */
export async function hostMaintenance({ site, service, checks }) {
  const [home] = site.hosts;
  const servers = await freshServers(site);
  const before = await snapshot(site);
  const plan = await hostMaintenancePlan(site);
  const forwardMs = await applyPlan(site, plan);
  const changed = await snapshot(site);
  checks.note(`Watcher applied host_maintenance ${plan} in ${seconds(forwardMs)}`);
  checks.ok(
    `Nova: no server is on ${home} any more and it is disabled`,
    Object.values(changed.servers).every((one) => one.host !== home) &&
      changed.services[home].status === 'disabled',
    JSON.stringify(changed),
  );

  const known = await newestMigration(site);
  const token = await site.cloud.token();
  const answer = await service.post(plan, token);
  const result = answer.body;
  checks.note(`rollback: ${result.state} after ${seconds(answer.elapsedMs)}`);
  checks.equal('POST answers 200', answer.status, 200);
  checks.equal('the result is SUCCEEDED', result.state, 'SUCCEEDED');
  checks.equal('restored is true', result.restored, true);
  checks.equal('all five compensations SUCCEEDED', result.counts, { SUCCEEDED: 5 });
  checks.equal('the result names the plan', result.action_plan_uuid, plan);
  checks.equal('servers, services and nodes are as before the plan', await snapshot(site), before);

  const records = await migrationsAfter(site, known);
  checks.equal(
    `Nova has four new migrations, all to ${home}, all completed`,
    records.map((one) => [one.migration_type, one.dest_compute, one.status].join(' ')),
    servers.map(() => `live-migration ${home} completed`),
  );
  checks.equal(
    'each is the evidence of one compensation',
    result.compensations.flatMap((one) => one.evidence?.migration_uuid ?? []).toSorted(),
    records.map((one) => one.uuid).toSorted(),
  );
  checks.ok(
    "each was asked for by the service's own user",
    records.every((one) => one.user_id === site.cloud.userId),
  );
  await again({ site, service, checks, plan, result, token });
}

/** A second POST, GET and the list: the same result, and nothing more done to the cloud. */
async function again({ site, service, checks, plan, result, token }) {
  const known = await newestMigration(site);
  const second = await service.post(plan, token);
  checks.equal('POST again answers 200', second.status, 200);
  checks.ok('… at once', second.elapsedMs < 2000, seconds(second.elapsedMs));
  checks.equal(
    '… with the same rollback',
    [second.body.uuid, second.body.state, second.body.counts],
    [result.uuid, result.state, result.counts],
  );
  await pause(1500);
  checks.equal('… and Nova has no new migration', (await migrationsAfter(site, known)).length, 0);
  const got = await service.get(plan, token);
  checks.equal(
    'GET gives the same',
    [got.status, got.body.uuid, got.body.state, outcomes(got.body)],
    [200, result.uuid, result.state, outcomes(result)],
  );
  const listed = await until('the rollback is in the list', async () => {
    const list = await service.list(token, '?limit=5');
    if (list.status !== 200) throw new Error(`GET /v1/rollbacks: ${list.status}`);
    return list.body.rollbacks.find((one) => one.action_plan_uuid === plan);
  });
  checks.equal('the list tells its state', listed.state, result.state);
}
