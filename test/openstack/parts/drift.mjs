/** Part of the acceptance test: what others have changed since the plan is left as it is, and named. */
import { hostOf, taskOf, until } from '../cloud.mjs';
import { actuate, disableAction, freshServers, migrateAction } from '../plans.mjs';
import { compensationOf, seconds } from '../results.mjs';
import { migrationsAfter, newestMigration } from '../snapshot.mjs';

export async function drift({ site, service, checks }) {
  if (site.hosts.length < 3) {
    checks.skip('drift', 'there is no third host');
    return;
  }
  const servers = await freshServers(site, 2);
  checks.note('a server moved by hand');
  await movedByHand({ site, service, checks, servers });
  checks.note('a host disabled for another reason');
  await otherReason({ site, service, checks });
  checks.note('a newer plan');
  await newerPlan({ site, service, checks, server: servers[0] });
}

async function movedByHand({ site, service, checks, servers: [mine, theirs] }) {
  const { cloud } = site;
  const [home, second, third] = site.hosts;
  const { plan } = await actuate(site, [
    disableAction(home, 'acceptance test'),
    migrateAction(mine, home, second),
    migrateAction(theirs, home, second),
  ]);
  await cloud.liveMigrate(theirs.id, third);
  await until(`${theirs.name} is on ${third}`, async () => {
    const now = await cloud.server(theirs.id);
    return hostOf(now) === third && taskOf(now) === null;
  });
  const known = await newestMigration(site);
  const token = await cloud.token();

  const accepted = await service.post(plan, token, { headers: { prefer: 'respond-async' } });
  checks.equal('respond-async answers 200', accepted.status, 200);
  checks.ok('… before the end', accepted.elapsedMs < 5000, seconds(accepted.elapsedMs));
  checks.matches('… and says so', accepted.headers.get('preference-applied'), /respond-async/);
  const result = await until('GET tells the end', async () => {
    const { body } = await service.get(plan, token);
    return !['PENDING', 'ONGOING'].includes(body.state) && body;
  });
  checks.equal('the result is PARTIAL', result.state, 'PARTIAL');
  const kept = compensationOf(result, 'migrate', theirs.id);
  checks.equal('the server moved by hand is KEPT', kept?.state, 'KEPT');
  checks.matches('… the reason names where it is', kept?.reason, new RegExp(third));
  checks.equal('Nova: it is where it was put', hostOf(await cloud.server(theirs.id)), third);
  checks.equal('Nova: the other is home', hostOf(await cloud.server(mine.id)), home);
  const records = await migrationsAfter(site, known);
  const whose = records.map((one) => one.instance_uuid);
  checks.equal('Nova: one migration, of the other', whose, [mine.id]);
}

async function otherReason({ site, service, checks }) {
  const { cloud } = site;
  const host = site.hosts[1];
  const { plan } = await actuate(site, [disableAction(host, 'acceptance test')]);
  await cloud.setService(host, 'disabled', 'broken fan');
  const result = (await service.post(plan, await cloud.token())).body;
  const kept = compensationOf(result, 'change_nova_service_state');
  checks.equal('a host disabled for another reason is KEPT', kept?.state, 'KEPT');
  checks.matches('… the reason names it', kept?.reason, /broken fan/);
  const now = (await cloud.services()).find((one) => one.host === host);
  const said = [now.status, now.disabled_reason];
  checks.equal('Nova: it stays disabled', said, ['disabled', 'broken fan']);
  await cloud.setService(host, 'enabled');
}

/** What a newer plan did to the same server is not ours to undo. */
async function newerPlan({ site, service, checks, server }) {
  const [home, second, third] = site.hosts;
  const older = await actuate(site, [migrateAction(server, home, second)]);
  const newer = await actuate(site, [migrateAction(server, second, third)]);
  const known = await newestMigration(site);
  const result = (await service.post(older.plan, await site.cloud.token())).body;
  const kept = compensationOf(result, 'migrate', server.id);
  checks.equal('a server that a newer plan moved is KEPT', kept?.state, 'KEPT');
  checks.matches('… the reason names that plan', kept?.reason, new RegExp(newer.plan));
  checks.equal('Nova: no migration', (await migrationsAfter(site, known)).length, 0);
}
