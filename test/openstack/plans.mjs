/**
 * Brings a cloud into a known state and lets its Watcher change it: the two scenarios of the acceptance test, and
 * small plans of any actions. Watcher makes and applies every plan; nothing here imitates it.
 */
import { randomUUID } from 'node:crypto';
import { hostOf, taskOf, until } from './cloud.mjs';
import { SERVER_PREFIX } from './site.mjs';

const FINISHED = ['SUCCEEDED', 'FAILED', 'CANCELLED'];
export const SERVERS = 4;
/** Begins the name of every audit that is made here. */
const AUDIT_PREFIX = 'rollback-test-';

/** All hosts enabled, all nodes on, no server left: where every part of the test starts from. */
export async function clear(site) {
  const { cloud } = site;
  for (const service of await cloud.services())
    if (service.status === 'disabled' && site.hosts.includes(service.host))
      await cloud.setService(service.host, 'enabled');
  if (site.power)
    for (const node of await cloud.nodes())
      if (node.power_state !== 'power on')
        await cloud.ironic('PUT', `/nodes/${node.uuid}/states/power`, {
          json: { target: 'power on' },
          expect: [202],
        });
  for (const server of await ownServers(site))
    await cloud.nova('DELETE', `/servers/${server.id}`, { expect: [204, 404] });
  await until('the servers of an earlier run are gone', async () => {
    return (await ownServers(site)).length === 0;
  });
  if (site.power)
    await until('all nodes are on', async () =>
      (await cloud.nodes()).every((node) => node.power_state === 'power on'),
    );
}

/** On the lab every server is the test's. */
async function ownServers(site) {
  const all = await site.cloud.servers();
  return site.lab ? all : all.filter((server) => server.name.startsWith(SERVER_PREFIX));
}

/** Servers rollback-test-vm-1… on the first host, ACTIVE; in the order of their names. */
export async function freshServers(site, count = SERVERS) {
  await clear(site);
  const { cloud } = site;
  for (let number = 1; number <= count; number++)
    await cloud.nova('POST', '/servers', {
      json: {
        server: {
          name: `${SERVER_PREFIX}${number}`,
          flavorRef: site.flavor,
          imageRef: site.image,
          networks: 'none',
          host: site.hosts[0],
        },
      },
      expect: [202],
    });
  const servers = await until('the servers are ACTIVE', async () => {
    const all = await ownServers(site);
    const broken = all.find((server) => server.status === 'ERROR');
    if (broken !== undefined) throw new Error(`${broken.name}: ${broken.fault?.message}`);
    const ready = all.every((server) => server.status === 'ACTIVE' && taskOf(server) === null);
    return all.length === count && ready && all;
  });
  const onFirst = servers.every((server) => hostOf(server) === site.hosts[0]);
  if (!onFirst) throw new Error(`Nova did not put every server on ${site.hosts[0]}`);
  return servers.toSorted((a, b) => a.name.localeCompare(b.name));
}

/**
 * Deletes the audits and plans of earlier parts and runs, as far as Watcher permits: it takes 7 to 8 ms longer to list
 * the plans for each that it has, and the service lists them.
 */
export async function forgetPlans({ cloud }) {
  const { audits } = (await cloud.watcher('GET', '/audits?limit=1000', { expect: [200] })).body;
  for (const audit of audits.filter(({ name }) => name.startsWith(AUDIT_PREFIX))) {
    const path = `/action_plans?audit_uuid=${audit.uuid}`;
    const { action_plans: plans } = (await cloud.watcher('GET', path, { expect: [200] })).body;
    await Promise.all(plans.map(({ uuid }) => cloud.watcher('DELETE', `/action_plans/${uuid}`)));
    await cloud.watcher('DELETE', `/audits/${audit.uuid}`);
  }
}

/** Makes an audit (ONESHOT, unless `about` says otherwise); its uuid. */
export async function makeAudit(site, goal, strategy, about) {
  const { cloud } = site;
  const { goals } = (await cloud.watcher('GET', '/goals', { expect: [200] })).body;
  const { strategies } = (await cloud.watcher('GET', '/strategies', { expect: [200] })).body;
  const audit = await cloud.watcher('POST', '/audits', {
    json: {
      name: `${AUDIT_PREFIX}${randomUUID()}`,
      audit_type: 'ONESHOT',
      goal: goals.find((one) => one.name === goal).uuid,
      strategy: strategies.find((one) => one.name === strategy).uuid,
      ...about,
    },
    expect: [201],
  });
  return audit.body.uuid;
}

/** Makes an audit of the strategy; the uuid of the plan (RECOMMENDED) that came of it. */
export async function makePlan(site, goal, strategy, parameters) {
  const { cloud } = site;
  const audit = await makeAudit(site, goal, strategy, { parameters });
  const path = `/audits/${audit}`;
  await until(`Watcher's audit ${audit} succeeds`, async () => {
    const { state } = (await cloud.watcher('GET', path, { expect: [200] })).body;
    if (['FAILED', 'CANCELLED', 'SUSPENDED'].includes(state)) throw new Error(`audit ${state}`);
    return state === 'SUCCEEDED';
  });
  const plans = await cloud.watcher('GET', `/action_plans?audit_uuid=${audit}`);
  const plan = plans.body.action_plans[0];
  if (plan === undefined) throw new Error(`audit ${audit} made no plan`);
  return plan.uuid;
}

/** Starts the plan and waits for its end. @returns {Promise<number>} wall-clock time in ms. */
export async function applyPlan(site, uuid) {
  const { cloud } = site;
  const startedAt = Date.now();
  await cloud.watcher('POST', `/action_plans/${uuid}/start`, { expect: [200] });
  const state = await until(
    `Watcher applies plan ${uuid}`,
    async () => {
      const plan = (await cloud.watcher('GET', `/action_plans/${uuid}`, { expect: [200] })).body;
      return FINISHED.includes(plan.state) && plan.state;
    },
    { limitMs: 600_000, everyMs: 100 },
  );
  const elapsedMs = Date.now() - startedAt;
  const failed = (await planActions(site, uuid)).filter((action) => action.state !== 'SUCCEEDED');
  if (state !== 'SUCCEEDED' || failed.length > 0)
    throw new Error(`plan ${uuid} ${state}; ${failed.map((a) => `${a.action_type} ${a.state}`)}`);
  return elapsedMs;
}

export async function planActions(site, uuid) {
  const answer = await site.cloud.watcher(
    'GET',
    `/actions/detail?action_plan_uuid=${uuid}&limit=1000`,
    { expect: [200] },
  );
  return answer.body.actions;
}

/** A plan of exactly these actions (Watcher's actuator strategy), applied. */
export async function actuate(site, actions) {
  const plan = await makePlan(site, 'unclassified', 'actuator', { actions });
  const elapsedMs = await applyPlan(site, plan);
  return { plan, elapsedMs };
}

export const migrateAction = (server, from, to) => ({
  action_type: 'migrate',
  resource_id: server.id,
  input_parameters: {
    migration_type: 'live',
    source_node: from,
    destination_node: to,
    resource_name: server.name,
  },
});
export const disableAction = (host, reason) => ({
  action_type: 'change_nova_service_state',
  resource_id: host,
  input_parameters: { resource_name: host, state: 'disabled', disabled_reason: reason },
});

/** The strategy of the specification: empties the first host and disables it. The plan is made, not applied. */
export async function hostMaintenancePlan(site) {
  await site.refreshModel();
  return await makePlan(site, 'cluster_maintaining', 'host_maintenance', {
    maintenance_node: site.hosts[0],
  });
}

/** The Ironic node on which a compute host runs; Watcher joins the two by extra.compute_node_id. */
export async function nodeOf(site, host) {
  const hypervisor = (await site.cloud.hypervisors()).find((one) => one.service.host === host);
  const nodes = await site.cloud.nodes();
  return nodes.find((node) => node.extra.compute_node_id === hypervisor.id) ?? null;
}

/**
 * One plan with each kind of action that Watcher's actuator can make here: live migration of the first server to
 * the second host, resize of the second, and, where there is a third host, its service disabled and its node off.
 */
export async function everyActionPlan(site, servers) {
  const [home, second, third] = site.hosts;
  const actions = [migrateAction(servers[0], home, second)];
  if (site.otherFlavor !== null)
    actions.push({
      action_type: 'resize',
      resource_id: servers[1].id,
      input_parameters: { flavor: site.otherFlavor },
    });
  if (third !== undefined) actions.push(disableAction(third, 'acceptance test'));
  const node = third !== undefined && site.power ? await nodeOf(site, third) : null;
  if (node !== null)
    actions.push({
      action_type: 'change_node_power_state',
      resource_id: node.uuid,
      input_parameters: { state: 'off' },
    });
  return {
    plan: await makePlan(site, 'unclassified', 'actuator', { actions }),
    node: node?.uuid ?? null,
  };
}
