/**
 * Part of the acceptance test: the service as the catalog's infra-optim endpoint. The real openstack client and
 * python-watcherclient go through it to Watcher, and the rollback is found at the same place. On the lab only: it
 * changes the catalog, and sets it back whatever happens.
 */
import { connect, hostOf, until } from '../cloud.mjs';
import { disableAction, freshServers, migrateAction } from '../plans.mjs';
import { optimize, optimizeJson, parsed, run, watcherRollback } from '../programs.mjs';
import { seconds } from '../results.mjs';
import { refusedStart, startService } from '../service.mjs';
import { snapshot } from '../snapshot.mjs';
import { sameAsWatcher } from './proxy-http.mjs';

const REQUEST_ID = 'req-5e1f7a52-0c0d-4d5e-8f6a-7b8c9d0e1f2a';
const PYTHON = '/usr/bin/python3';
const SCRIPT = 'test/openstack/client.py';

export async function proxy({ site, checks, undo, signal }) {
  if (site.tools === null) {
    checks.skip('proxy', 'it changes the catalog, which only the lab lets it');
    return;
  }
  const { watcherUrl, pointCatalogAt } = site.tools;
  const through = (ROLLBACK_WATCHER_URL) => ({
    ...site.env,
    ROLLBACK_PROXY: 'true',
    ROLLBACK_WATCHER_URL,
  });
  const restore = undo.later(() => pointCatalogAt());
  const service = await startService({
    env: through(watcherUrl),
    note: (message) => checks.note(message),
    signal,
  });
  const heard = checks.witness(() => service.lastWords());
  const stop = undo.later(() => {
    heard();
    if (checks.failed > 0) checks.note(`log of this service: ${service.logFile}`);
    return service.stop({ keepFolder: checks.failed > 0 });
  });
  try {
    await pointCatalogAt(service.url);
    const [plan] = await Promise.all([
      throughTheClient({ site, service, checks }),
      refusesItself({ checks, undo, through }),
    ]);
    await rolledBack({ site, service, checks, plan });
    await sameAsWatcher({ site, service, checks, plan, watcherUrl });
    await pythonClient({ site, service, checks, plan });
  } finally {
    await restore();
    await stop();
  }
  const set = (await connect(site.env)).endpoint('infra-optim');
  checks.equal("the catalog's entry is Watcher's own again", set, watcherUrl);
}

/** An audit made and its plan started by the openstack client; the plan's uuid. */
async function throughTheClient({ site, service, checks }) {
  const [home, second] = site.hosts;
  const [server] = await freshServers(site, 1);
  const before = await snapshot(site);
  const endpoint = (await connect(site.env)).endpoint('infra-optim');
  checks.equal('the catalog names this service as infra-optim', endpoint, service.url);

  const [services, strategies] = await Promise.all([
    optimizeJson(site, 'service', 'list'),
    optimizeJson(site, 'strategy', 'list'),
  ]);
  checks.equal(
    'openstack optimize service list: applier and decision engine are ACTIVE',
    services.map((one) => `${one.Name} ${one.Status}`).toSorted(),
    ['watcher-applier ACTIVE', 'watcher-decision-engine ACTIVE'],
  );
  const names = strategies.map((one) => one.Name);
  checks.ok('openstack optimize strategy list', names.includes('host_maintenance'), `${names}`);

  const actions = [disableAction(home, 'acceptance test'), migrateAction(server, home, second)];
  const about = ['-g', 'unclassified', '-s', 'actuator'];
  const parameter = `actions=${JSON.stringify(actions)}`;
  const audit = await optimizeJson(site, 'audit', 'create', ...about, '-p', parameter);
  const plan = await until(
    "the audit's plan is in openstack optimize actionplan list",
    async () => {
      const list = await optimizeJson(site, 'actionplan', 'list', '--audit', audit.UUID);
      return list[0];
    },
  );
  const shown = await optimizeJson(site, 'actionplan', 'show', plan.UUID);
  checks.equal(
    'openstack optimize audit create, actionplan list and show: a plan of that audit',
    [shown.UUID, shown.State, shown.Audit],
    [plan.UUID, 'RECOMMENDED', audit.UUID],
  );
  await optimize(site, 'actionplan', 'start', plan.UUID);
  await until('the plan has ended', async () => {
    const { body } = await site.cloud.watcher('GET', `/action_plans/${plan.UUID}`);
    return !['PENDING', 'ONGOING', 'RECOMMENDED'].includes(body.state);
  });
  const ended = (await optimizeJson(site, 'actionplan', 'show', plan.UUID)).State;
  checks.equal('openstack optimize actionplan start: Watcher applies it', ended, 'SUCCEEDED');
  const after = await snapshot(site);
  checks.equal('Nova: the server has moved', after.servers['1'].host, second);
  return { uuid: plan.UUID, server, before };
}

/** What an operator does who copies the address out of a catalog that names this service already. */
async function refusesItself({ checks, undo, through }) {
  const { code, said } = await refusedStart(through, { undo });
  checks.equal('a start with ROLLBACK_WATCHER_URL that leads back here: refused, exit 2', code, 2);
  checks.matches('… and says what to do', said, /leads back to this service.*watcher-api's own/);
}

async function rolledBack({ site, service, checks, plan }) {
  // As a client would that knows nothing but Keystone's address.
  const caller = await connect(site.env);
  const url = `${caller.endpoint('infra-optim')}/v1/action_plans/${plan.uuid}/rollback`;
  checks.equal(
    'the rollback is at the endpoint of the catalog',
    url,
    service.rollbackPath(plan.uuid),
  );
  const handedOn = await proxied(service);
  const headers = { 'x-openstack-request-id': REQUEST_ID };
  const answer = await service.post(plan.uuid, await caller.token(), { headers });
  checks.note(`rollback: ${answer.body.state} after ${seconds(answer.elapsedMs)}`);
  checks.equal(
    'POST there: 200, SUCCEEDED',
    [answer.status, answer.body.state],
    [200, 'SUCCEEDED'],
  );
  checks.equal('Nova: server and host are as before', await snapshot(site), plan.before);
  checks.equal(
    'Nova: the server is home',
    hostOf(await site.cloud.server(plan.server.id)),
    site.hosts[0],
  );
  checks.equal('the service itself asks Watcher, not itself', await proxied(service), handedOn);

  const nova = new RegExp(`\\[${REQUEST_ID} .*POST /v2.1/servers/${plan.server.id}/action`);
  checks.matches(
    "the caller's X-OpenStack-Request-ID is in Nova's log",
    site.tools.log('nova-api'),
    nova,
  );
  const own = service.log().filter((line) => line.global_request_id === REQUEST_ID);
  checks.ok(
    "… and in the service's, with the plan",
    own.some((line) => line.action_plan_uuid === plan.uuid),
  );
  checks.equal('… and in the result', answer.body.requested_by.request_id, REQUEST_ID);

  const status = await watcherRollback(['status', plan.uuid], site.env);
  checks.equal(
    'watcher-rollback status finds it there by OS_* alone: exit 0',
    [status.code, status.json?.uuid],
    [0, answer.body.uuid],
  );
}

/** How many requests have been handed on so far, by the service's own count. */
async function proxied(service) {
  const metrics = await (await fetch(`${service.url}/metrics`)).text();
  const lines = metrics.split('\n').filter((line) => line.includes('route="proxy"'));
  const counts = lines.filter((line) => /_count\{|_total\{/.test(line));
  return counts.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

async function pythonClient({ site, service, checks, plan }) {
  const ended = await run(PYTHON, [SCRIPT], site.env);
  const seen = parsed(ended.stdout);
  if (!checks.ok('python-watcherclient runs through', seen !== null, ended.stderr)) return;
  checks.equal('… against this service', seen.endpoint, service.url);
  checks.ok('… lists the plan', seen.plans.includes(plan.uuid));
  checks.equal('… pages by markers', seen.pages, seen.plans.slice(0, 2));
  checks.equal('… makes, changes and deletes an audit template', seen.template, {
    name: 'Prüfung ✓ rollback test',
    description: 'two',
    deleted: true,
  });
}
