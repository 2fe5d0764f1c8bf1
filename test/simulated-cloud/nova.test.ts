import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { SimulatedCloud, SimulatedCloudOptions } from '../../src/simulated-cloud/types.js';
import { Caller, until } from './caller.js';

let cloud: SimulatedCloud;
let caller: Caller;
let vm: string;

async function restart(options: SimulatedCloudOptions): Promise<void> {
  await cloud?.close();
  cloud = await startSimulatedCloud(options);
  caller = new Caller(cloud);
  cloud.addHost({ name: 'compute-1' });
  cloud.addHost({ name: 'compute-2', hypervisorHostname: 'compute-2.example.org' });
  cloud.addHost({ name: 'compute-3', capacity: 1 });
  vm = cloud.addServer({ name: 'vm-1', host: 'compute-1' });
}
beforeEach(() => restart({}));
afterEach(() => cloud.close());

const statusOf = async (id: string): Promise<string> => (await caller.server(id)).status;
const lastStatus = async (id: string): Promise<string | undefined> =>
  (await caller.migrations(id))[0]?.status;

/** The newest instance action of a server with its events. */
async function lastAction(id: string): Promise<any> {
  // eslint-disable-line @typescript-eslint/no-explicit-any
  const actions = await caller.nova('GET', `/servers/${id}/os-instance-actions`);
  const requestId = actions.json.instanceActions[0].request_id;
  const one = await caller.nova('GET', `/servers/${id}/os-instance-actions/${requestId}`);
  return one.json.instanceAction;
}

describe('live migration', () => {
  test('202 first, record later; MIGRATING while it runs; completed on the other host', async () => {
    await restart({ times: { conductor: 100, liveMigration: 200 } });
    const reply = await caller.live(vm, 'compute-2');
    expect(reply.status).toBe(202);
    expect(reply.text).toBe('');
    expect(await caller.migrations(vm)).toEqual([]);
    expect(await caller.server(vm)).toMatchObject({
      status: 'MIGRATING',
      'OS-EXT-STS:task_state': 'migrating',
      'OS-EXT-SRV-ATTR:host': 'compute-1',
    });
    await until(() => lastStatus(vm), 'running');
    await cloud.settled();
    expect(await caller.server(vm)).toMatchObject({
      status: 'ACTIVE',
      'OS-EXT-STS:task_state': null,
      'OS-EXT-SRV-ATTR:host': 'compute-2',
      'OS-EXT-SRV-ATTR:hypervisor_hostname': 'compute-2.example.org',
    });
    expect((await caller.migrations(vm))[0]).toMatchObject({
      status: 'completed',
      migration_type: 'live-migration',
      source_compute: 'compute-1',
      dest_compute: 'compute-2',
      dest_node: 'compute-2.example.org',
      user_id: cloud.adminUserId,
    });
    const requestId = reply.headers.get('x-openstack-request-id');
    expect((await lastAction(vm)).request_id).toBe(requestId);
  });

  test.each([
    ['disabled', () => cloud.hand.setService('compute-2', { status: 'disabled' })],
    ['down', () => cloud.hand.setService('compute-2', { state: 'down' })],
    ['forced down', () => cloud.hand.setService('compute-2', { forcedDown: true })],
    ['the one it is on', () => cloud.hand.migrate(vm, 'compute-2')],
  ])('to a host that is %s: 202, then an error record without destination', async (_, prepare) => {
    prepare();
    const before = cloud.snapshot();
    expect((await caller.live(vm, 'compute-2')).status).toBe(202);
    await cloud.settled();
    expect(cloud.snapshot()).toEqual(before);
    expect((await caller.migrations(vm))[0]).toMatchObject({
      status: 'error',
      dest_compute: null,
      source_node: null,
    });
    const action = await lastAction(vm);
    expect(action.message).toBe('Error');
    expect(action.events[0]).toMatchObject({
      event: 'conductor_live_migrate_instance',
      result: 'Error',
      details: 'No valid host was found. ',
    });
  });
});
