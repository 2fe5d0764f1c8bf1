/**
 * Part of the acceptance test: what is asked for otherwise than by POST. A preview, with room by Placement and the
 * CONTINUOUS audit that would move servers again; the command `watcher-rollback` with OS_* alone, and its exit codes.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  actuate,
  disableAction,
  freshServers,
  makeAudit,
  makePlan,
  migrateAction,
} from '../plans.mjs';
import { COMMAND_LINE, parsed, PIPELINE_SCRIPT, run, watcherRollback } from '../programs.mjs';
import { snapshot } from '../snapshot.mjs';

const UNKNOWN_PLAN = '00000000-0000-4000-8000-000000000000';
const AUDIT = 'rollback-test-continuous';

export async function surfaces({ site, service, checks, undo }) {
  const folder = mkdtempSync(join(tmpdir(), 'rollback-test-reports-'));
  const forget = undo.later(() => rmSync(folder, { recursive: true, force: true }));
  // On the lab by the catalog, as anywhere; in a catalog of somebody else's there is nothing to be written.
  const found = site.tools === null ? null : await site.tools.register(service.url);
  const remove = undo.later(() => found?.remove());
  const env = { ...site.env, ...(found === null && { ROLLBACK_URL: service.url }) };
  try {
    const [home, second] = site.hosts;
    const [server] = await freshServers(site, 1);
    const before = await snapshot(site);
    const { plan } = await actuate(site, [
      disableAction(home, 'acceptance test'),
      migrateAction(server, home, second),
    ]);
    checks.note('preview');
    await preview({ site, service, checks, undo, env, plan, server });
    checks.note('watcher-rollback');
    await commandSucceeds({ site, checks, env, plan, folder, before });
    await commandIsRefused({ site, checks, env, folder });
    await pipelineIsPartial({ site, checks, env, folder });
  } finally {
    await remove();
    await forget();
  }
}

async function preview({ site, service, checks, undo, env, plan, server }) {
  const [home] = site.hosts;
  const audit = await makeAudit(site, 'dummy', 'dummy', {
    name: AUDIT,
    audit_type: 'CONTINUOUS',
    interval: '3600',
  });
  const end = undo.later(() => endAudit(site, audit));
  const before = await snapshot(site);
  const token = await site.cloud.token();
  const answer = await service.post(plan, token, { json: { dry_run: true } });
  await end();
  const result = answer.body;
  checks.equal(
    'POST with dry_run: 200, PENDING, and it says so',
    [answer.status, result.state, result.dry_run],
    [200, 'PENDING', true],
  );
  checks.equal('… both compensations as they would begin', result.counts, { PENDING: 2 });
  const order = result.preview.order.map(
    (uuid) => result.compensations.find((one) => one.action_uuid === uuid).action_type,
  );
  checks.equal('… in their order', order, ['change_nova_service_state', 'migrate']);
  const move = result.compensations.find((one) => one.action_type === 'migrate');
  checks.equal(
    '… the server by name and id',
    [move.resource_name, move.resource_id],
    [server.name, server.id],
  );
  await previewOfHost({
    site,
    checks,
    host: result.preview.hosts.find((one) => one.host === home),
  });
  const warned = result.preview.audits.find((one) => one.uuid === audit);
  checks.equal(
    '… warns of the CONTINUOUS audit',
    [warned?.name, warned?.interval],
    [AUDIT, '3600'],
  );
  checks.matches(
    '… in a sentence',
    result.preview.warnings.join(' '),
    new RegExp(`${AUDIT} is CONTINUOUS`),
  );
  checks.equal('Nova and Ironic: nothing was touched', await snapshot(site), before);
  checks.equal('… and there is no rollback yet: 404', (await service.get(plan, token)).status, 404);

  const command = await watcherRollback(['preview', plan], env);
  checks.equal(
    'watcher-rollback preview: exit 0, the same compensations',
    [command.code, command.json?.counts],
    [0, result.counts],
  );
}

/** Placement's own account of the host, asked for here as well. */
async function previewOfHost({ site, checks, host }) {
  checks.equal(
    '… the host is up, disabled with the reason, and gets one server',
    [host?.state, host?.status, host?.disabled_reason, host?.incoming],
    ['up', 'disabled', 'acceptance test', 1],
  );
  const id = (await site.cloud.hypervisors()).find((one) => one.service.host === host.host).id;
  const [all, used] = await Promise.all(
    ['inventories', 'usages'].map((what) =>
      site.cloud.placement('GET', `/resource_providers/${id}/${what}`),
    ),
  );
  if (all.status !== 200) {
    checks.skip('room', `Placement answers ${all.status}`);
    return;
  }
  const free = (kind) => {
    const { total, reserved, allocation_ratio: ratio } = all.body.inventories[kind];
    return Math.floor((total - reserved) * ratio) - used.body.usages[kind];
  };
  checks.equal('… its room is as Placement has it', host.room, {
    vcpus_free: free('VCPU'),
    memory_mb_free: free('MEMORY_MB'),
    disk_gb_free: free('DISK_GB'),
  });
}

async function endAudit(site, uuid) {
  const json = [{ op: 'replace', path: '/state', value: 'CANCELLED' }];
  await site.cloud.watcher('PATCH', `/audits/${uuid}`, { json, expect: [200] });
  await site.cloud.watcher('DELETE', `/audits/${uuid}`, { expect: [204] });
}

async function commandSucceeds({ site, checks, env, plan, folder, before }) {
  const junit = join(folder, 'succeeded.xml');
  const ended = await watcherRollback(['run', plan, '--wait', '--junit', junit], env);
  checks.equal('watcher-rollback run --wait: exit 0', ended.code, 0);
  checks.equal('… stdout is the result, nothing else', ended.json?.state, 'SUCCEEDED');
  checks.equal('Nova: server and host are as before', await snapshot(site), before);
  const report = readFileSync(junit, 'utf8');
  checks.equal(
    '… the JUnit report is green: one case for each compensation and the whole',
    casesOf(report),
    { cases: 3, bad: 0 },
  );
}

async function commandIsRefused({ site, checks, env, folder }) {
  const junit = join(folder, 'refused.xml');
  const recommended = await makePlan(site, 'unclassified', 'actuator', {
    actions: [disableAction(site.hosts[0], 'never applied')],
  });
  const ended = await Promise.all([
    watcherRollback(['run', recommended, '--wait', '--junit', junit], env),
    watcherRollback(['run', UNKNOWN_PLAN], env),
  ]);
  checks.equal(
    'a plan that never ran, and one that is not there: exit 6',
    ended.map((one) => one.code),
    [6, 6],
  );
  checks.matches('… with a sentence on stderr', ended[0].stderr, /RECOMMENDED/);
  checks.matches(
    '… and in the document on stdout',
    ended[1].json?.error?.message,
    new RegExp(UNKNOWN_PLAN),
  );
  checks.equal('… the JUnit report is red', casesOf(readFileSync(junit, 'utf8')), {
    cases: 1,
    bad: 1,
  });
}

/** examples/pipeline.sh, where one of two hosts has been disabled anew by somebody else. */
async function pipelineIsPartial({ site, checks, env, folder }) {
  const { cloud } = site;
  const [first, second] = site.hosts;
  const { plan } = await actuate(
    site,
    [first, second].map((host) => disableAction(host, 'acceptance test')),
  );
  await cloud.setService(second, 'disabled', 'broken fan');
  const around = { ...env, ROLLBACK_COMMAND: COMMAND_LINE };
  const ended = await run('/bin/sh', [PIPELINE_SCRIPT, plan, folder], around);
  const result = parsed(readFileSync(join(folder, 'rollback.json'), 'utf8'));
  checks.equal('examples/pipeline.sh where one host was disabled anew: exit 3', ended.code, 3);
  checks.equal(
    '… PARTIAL',
    [result?.state, result?.counts],
    ['PARTIAL', { SUCCEEDED: 1, KEPT: 1 }],
  );
  checks.matches(
    '… and it says what to look at',
    ended.stderr,
    /Some of it came back.*rollback\.xml/,
  );
  const services = await cloud.services();
  const statusOf = (host) => services.find((one) => one.host === host).status;
  checks.equal(
    'Nova: one host is enabled, the other as it was found',
    [first, second].map(statusOf),
    ['enabled', 'disabled'],
  );
  checks.equal(
    '… the JUnit report names the one',
    casesOf(readFileSync(join(folder, 'rollback.xml'), 'utf8')),
    { cases: 3, bad: 2 },
  );
  await cloud.setService(second, 'enabled');
}

function casesOf(report) {
  return {
    cases: (report.match(/<testcase /g) ?? []).length,
    bad: (report.match(/<(failure|error) /g) ?? []).length,
  };
}
