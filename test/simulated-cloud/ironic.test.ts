import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { SimulatedCloud } from '../../src/simulated-cloud/types.js';
import { Caller, until } from './caller.js';
import type { Json, Reply } from './caller.js';

let cloud: SimulatedCloud;
let caller: Caller;
let node: string;
let hypervisorId: string;

beforeEach(async () => {
  cloud = await startSimulatedCloud({ times: { power: 300, hostBoot: 400 } });
  caller = new Caller(cloud);
  const host = cloud.addHost({ name: 'compute-1' });
  node = host.nodeId ?? '';
  hypervisorId = host.hypervisorId;
});
afterEach(() => cloud.close());

const nodeNow = async (): Promise<Json> => (await caller.ironic('GET', `/nodes/${node}`)).json;
const power = (target: string, timeout?: number): Promise<Reply> =>
  caller.ironic('PUT', `/nodes/${node}/states/power`, {
    target,
    ...(timeout === undefined ? {} : { timeout }),
  });
const hostState = (): string | undefined => cloud.snapshot().services['compute-1']?.state;

test('a node names its hypervisor', async () => {
  expect(await nodeNow()).toMatchObject({
    name: 'compute-1',
    power_state: 'power on',
    target_power_state: null,
    extra: { compute_node_id: hypervisorId },
  });
  expect((await caller.ironic('GET', '/nodes/compute-1')).json.uuid).toBe(node);
  expect((await caller.ironic('GET', '/nodes')).json.nodes).toHaveLength(1);
});

test('power off: target while it runs, then off, and nova-compute is down', async () => {
  expect((await power('power off')).status).toBe(202);
  expect(await nodeNow()).toMatchObject({
    power_state: 'power on',
    target_power_state: 'power off',
    reservation: 'simulated-conductor',
  });
  const again = await power('power on');
  expect(again.status).toBe(409);
  expect(JSON.parse(again.json.error_message).faultstring).toBe(
    `Node ${node} is locked by host simulated-conductor, please retry after the current operation is completed.`,
  );
  await cloud.settled();
  expect(await nodeNow()).toMatchObject({
    power_state: 'power off',
    target_power_state: null,
    reservation: null,
  });
  expect(hostState()).toBe('down');
  expect(cloud.ledger.map(({ effect, outcome }) => `${effect} ${outcome}`)).toEqual([
    'power-off started',
    'power-on rejected',
    'power-off applied',
  ]);
});

test('power on: nova-compute is up only after the host has booted', async () => {
  cloud.hand.setNode(node, { powerState: 'power off' });
  expect(hostState()).toBe('down');
  await power('power on');
  await until(nodeNow, ({ power_state: state }) => state === 'power on');
  expect(hostState()).toBe('down');
  await cloud.settled();
  expect(hostState()).toBe('up');
});

test('soft power off: takes a time limit, and may run into it', async () => {
  cloud.hand.setNode(node, { ignoresSoftPowerOff: true });
  expect((await power('soft power off', 0)).status).toBe(400);
  expect((await power('soft power off', 1)).status).toBe(202);
  await cloud.settled();
  const after = await nodeNow();
  expect(after.power_state).toBe('power on');
  expect(after.last_error).toContain('soft power off');
  cloud.hand.setNode(node, { ignoresSoftPowerOff: false });
  await power('soft power off', 1);
  await cloud.settled();
  expect((await nodeNow()).power_state).toBe('power off');
});

test('a locked node: 409; an unknown node 404; an unknown target 400', async () => {
  cloud.hand.setNode(node, { reservation: 'other-conductor' });
  expect((await power('power off')).status).toBe(409);
  cloud.hand.setNode(node, { reservation: null });
  expect((await power('fly')).status).toBe(400);
  const unknown = await caller.ironic('PUT', '/nodes/nothing/states/power', { target: 'power on' });
  expect(unknown.status).toBe(404);
});

test('microversions: 1.1 without the header, whatever the common one says; 406 beyond the range', async () => {
  const get = (headers: Record<string, string>): Promise<Reply> =>
    caller.raw('GET', '/baremetal/v1/nodes', { headers });
  const old = await get({ 'openstack-api-version': 'baremetal 1.80' });
  expect(old.headers.get('x-openstack-ironic-api-version')).toBe('1.1');
  expect(old.json.nodes[0]).not.toHaveProperty('name');
  expect((await get({ 'x-openstack-ironic-api-version': '1.99' })).status).toBe(406);
  const soft = await caller.raw('PUT', `/baremetal/v1/nodes/${node}/states/power`, {
    body: { target: 'soft power off' },
  });
  expect(soft.status).toBe(406);
  const document = (await caller.raw('GET', '/baremetal/v1', { token: null })).json;
  expect(document.version).toMatchObject({ min_version: '1.1', version: '1.82' });
});

test('hand.setNode: what people and Ironic itself do', async () => {
  cloud.hand.setNode(node, {
    maintenance: true,
    fault: 'power failure',
    provisionState: 'cleaning',
  });
  expect(await nodeNow()).toMatchObject({
    maintenance: true,
    fault: 'power failure',
    provision_state: 'cleaning',
  });
});
