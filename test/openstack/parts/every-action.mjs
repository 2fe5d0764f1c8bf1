/** Part of the acceptance test: one plan with each kind of action that Watcher's actuator can make here. */
import { applyPlan, everyActionPlan, freshServers } from '../plans.mjs';
import { compensationOf, seconds } from '../results.mjs';
import { migrationsAfter, newestMigration, snapshot } from '../snapshot.mjs';

/** A plan with a live migration, a resize, a service and a node; its rollback is asked for twice at once. */
export async function everyAction({ site, service, checks }) {
  const servers = await freshServers(site);
  const before = await snapshot(site);
  const { plan, node } = await everyActionPlan(site, servers);
  checks.note(`Watcher applied ${plan} in ${seconds(await applyPlan(site, plan))}`);
  const changed = await snapshot(site);
  await checkPlanApplied({ site, checks, changed, node });

  const known = await newestMigration(site);
  const token = await site.cloud.token();
  const pair = await Promise.all([service.post(plan, token), service.post(plan, token)]);
  const [result, other] = pair.map((answer) => answer.body);
  checks.note(`rollback: ${result.state} after ${seconds(pair[0].elapsedMs)}`);
  const statuses = pair.map((one) => one.status);
  checks.equal('two POSTs at once: 200 both', statuses, [200, 200]);
  checks.equal('… and one rollback', other.uuid, result.uuid);

  const now = await snapshot(site);
  checks.equal('Nova: vm-1 is home', now.servers['1'], before.servers['1']);
  checks.equal('compensation of vm-1', compensationOf(result, 'migrate')?.state, 'SUCCEEDED');
  checkResize({ site, checks, result, before, changed, now, server: servers[1] });
  checkHost({ site, checks, result, before, now, node });
  checks.equal('vm-3 and vm-4 were left alone', bystanders(now), bystanders(before));
  const moved = site.otherFlavor === null ? servers.slice(0, 1) : servers.slice(0, 2);
  const records = await migrationsAfter(site, known);
  checks.equal(
    'Nova has one new migration per server, although two asked',
    records.map((one) => one.instance_uuid).toSorted(),
    moved.map((one) => one.id).toSorted(),
  );
}

const bystanders = (state) => [state.servers['3'], state.servers['4']];

/** Otherwise the rest would prove nothing. */
async function checkPlanApplied({ site, checks, changed, node }) {
  const [home, , third] = site.hosts;
  checks.ok('Nova: vm-1 has left', changed.servers['1'].host !== home);
  if (third === undefined) checks.skip('service and node', 'there is no third host');
  else checks.equal(`Nova: ${third} is disabled`, changed.services[third].status, 'disabled');
  if (node === null) checks.skip('node power', 'no Ironic node may be powered off here');
  else checks.equal(`Ironic: the node of ${third} is off`, await powerOf(site, node), 'power off');
}

async function powerOf(site, node) {
  return (await site.cloud.ironic('GET', `/nodes/${node}`, { expect: [200] })).body.power_state;
}

/** The node is powered on first, then its host is enabled. */
function checkHost({ site, checks, result, before, now, node }) {
  const third = site.hosts[2];
  if (third === undefined) return;
  const enable = compensationOf(result, 'change_nova_service_state');
  checks.equal(`Nova: ${third} is enabled`, now.services[third], before.services[third]);
  checks.equal(`compensation of ${third}`, enable?.state, 'SUCCEEDED');
  if (node === null) return;
  const power = compensationOf(result, 'change_node_power_state', node);
  checks.equal('Ironic: every node is as before', now.nodes, before.nodes);
  checks.equal('compensation of the node', power?.state, 'SUCCEEDED');
  checks.ok(
    'the node was on before its host was enabled',
    Date.parse(power?.finished_at) <= Date.parse(enable?.started_at),
    `${power?.finished_at} and ${enable?.started_at}`,
  );
}

/** Nobody recorded the first flavor, so it stays; the host is known from Nova's record and comes back. */
function checkResize({ site, checks, result, before, changed, now, server }) {
  if (site.otherFlavor === null) {
    checks.skip('resize', 'there is no larger flavor');
    checks.equal('the result is SUCCEEDED', result.state, 'SUCCEEDED');
    return;
  }
  const resize = compensationOf(result, 'resize', server.id);
  const [first, then, last] = [before, changed, now].map((state) => state.servers['2']);
  checks.equal('the result is PARTIAL', result.state, 'PARTIAL');
  checks.equal('restored is false', result.restored, false);
  checks.equal("vm-2's resize is NOT_REVERSIBLE", resize?.state, 'NOT_REVERSIBLE');
  checks.matches('… the reason names the flavor', resize?.reason, /flavor/);
  checks.ok('Nova: the resize had moved vm-2', then.host !== first.host);
  checks.equal('Nova: … and it is back on its host', last.host, first.host);
  checks.equal('Nova: … with the new flavor, untouched', last.flavor, then.flavor);
}
