/** The typed clients and the simulated cloud, which know nothing of each other, understand one another. */
import { loadCloudConfig } from '../../src/openstack/config.js';
import { createOpenStackCloud } from '../../src/openstack/create-cloud.js';
import type { ConnectedCloud } from '../../src/openstack/create-cloud.js';
import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { SimulatedCloud } from '../../src/simulated-cloud/types.js';

let simulated: SimulatedCloud;
let cloud: ConnectedCloud;
let vm: string;
let nodeId: string;

beforeEach(async () => {
  simulated = await startSimulatedCloud({ pageSize: 2 });
  nodeId = simulated.addHost({ name: 'compute-1' }).nodeId ?? '';
  simulated.addHost({ name: 'compute-2', hypervisorHostname: 'compute-2.example.org' });
  const vms = ['a', 'b', 'c', 'd', 'e'].map((name) =>
    simulated.addServer({ name, host: 'compute-1' }),
  );
  vm = vms[0] ?? '';
  const config = loadCloudConfig(simulated.env, { cwd: '/', home: '/', read: () => undefined });
  cloud = createOpenStackCloud(config);
});
afterEach(async () => {
  await cloud.close();
  await simulated.close();
});

test('nothing is missing, and both know who they are', async () => {
  expect(await cloud.limitations()).toEqual([]);
  expect(await cloud.identity.ownUserId()).toBe(simulated.adminUserId);
  const token = simulated.issueToken({ userName: 'eve', roles: ['reader'] });
  expect(await cloud.identity.validateToken(token)).toMatchObject({
    userName: 'eve',
    roles: ['reader'],
  });
  expect(await cloud.identity.validateToken('nonsense')).toBeNull();
});

test('every list comes whole, page by page', async () => {
  const plan = await simulated.hostMaintenance('compute-1');
  expect(await cloud.compute.listServers({})).toHaveLength(5);
  expect(await cloud.compute.listServers({ host: 'compute-2' })).toHaveLength(5);
  expect(await cloud.compute.listMigrations({})).toHaveLength(5);
  expect(await cloud.compute.listMigrations({ serverId: vm })).toHaveLength(1);
  expect(await cloud.optimizer.listActions(plan)).toHaveLength(6);
  expect(await cloud.optimizer.listActionPlans({})).toHaveLength(1);
  expect((await cloud.compute.listServices({})).map(({ host }) => host)).toContain('compute-1');
  const second = (await cloud.compute.listHypervisors()).find(
    ({ serviceHost }) => serviceHost === 'compute-2',
  );
  expect(second).toMatchObject({ hostname: 'compute-2.example.org', status: 'enabled' });
});

test('a refusal is read, and its instance action says why', async () => {
  simulated.hand.setService('compute-2', { status: 'disabled' });
  const { requestId } = await cloud.compute.liveMigrate(vm, 'compute-2');
  await simulated.settled();
  const action = await cloud.compute.getInstanceAction(vm, requestId ?? '');
  expect(action.message).toBe('Error');
  expect(action.events.map(({ details }) => details)).toContain('No valid host was found. ');
  await expect(cloud.compute.startServer(vm)).rejects.toThrow(/vm_state active/);
});

test('a revoked token is replaced', async () => {
  await cloud.compute.getServer(vm);
  simulated.expireTokens();
  expect((await cloud.compute.getServer(vm)).name).toBe('a');
  expect(simulated.requestCounts()['POST /identity/v3/auth/tokens']).toBe(2);
});

test('a node goes off and on', async () => {
  await cloud.baremetal.setPowerState(nodeId, 'soft power off', 5);
  await simulated.settled();
  expect((await cloud.baremetal.getNode(nodeId)).powerState).toBe('power off');
  await cloud.baremetal.setPowerState(nodeId, 'power on', null);
  await simulated.settled();
  expect(await cloud.compute.listServices({ host: 'compute-1' })).toMatchObject([{ state: 'up' }]);
});
