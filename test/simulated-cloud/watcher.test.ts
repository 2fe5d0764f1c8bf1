import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { SimulatedCloud } from '../../src/simulated-cloud/types.js';
import { Caller } from './caller.js';

let cloud: SimulatedCloud;
let caller: Caller;
let hypervisorId: string;
let idleNode: string | null;
let vms: Record<string, string>;

beforeEach(async () => {
  cloud = await startSimulatedCloud();
  caller = new Caller(cloud);
  hypervisorId = cloud.addHost({ name: 'compute-1' }).hypervisorId;
  cloud.addHost({ name: 'compute-2' });
  idleNode = cloud.addHost({ name: 'compute-3' }).nodeId;
  vms = Object.fromEntries(
    (['ACTIVE', 'ACTIVE', 'SHUTOFF', 'ACTIVE'] as const).map((status, index) => {
      const name = `vm-${String(index + 1)}`;
      return [name, cloud.addServer({ name, host: 'compute-1', status })];
    }),
  );
});
afterEach(() => cloud.close());

const at = (text: string): number => Date.parse(text);

describe('host_maintenance', () => {
  test('looks like the recorded plan, moves every server, and is over at once', async () => {
    const started = Date.now();
    const uuid = await cloud.hostMaintenance('compute-1', {
      destinations: ['compute-2'],
      powerOffIdle: ['compute-3'],
    });
    expect(Date.now() - started).toBeLessThan(500);

    const plan = (await caller.watcher(`/action_plans/${uuid}`)).json;
    expect(plan).toMatchObject({ state: 'SUCCEEDED', strategy_name: 'host_maintenance' });
    const { actions } = (await caller.watcher(`/actions/detail?action_plan_uuid=${uuid}`)).json;
    expect(actions.map((action: { action_type: string }) => action.action_type)).toEqual([
      'change_nova_service_state',
      'migrate',
      'migrate',
      'migrate',
      'migrate',
      'change_node_power_state',
    ]);
    expect(actions[0].input_parameters).toEqual({
      state: 'disabled',
      disabled_reason: 'watcher_maintaining',
      resource_name: 'compute-1',
      resource_id: hypervisorId,
    });
    expect(actions[1].input_parameters).toEqual({
      migration_type: 'live',
      source_node: hypervisorId,
      resource_name: 'vm-4',
      resource_id: vms['vm-4'],
    });
    expect(actions[2].input_parameters.migration_type).toBe('cold');
    expect(actions[1].parents).toEqual([actions[0].uuid]);
    expect(actions[3].parents).toEqual([actions[1].uuid, actions[2].uuid]);
    expect(actions[5].input_parameters).toEqual({ state: 'off', resource_id: idleNode });

    const ends = actions.map((action: { updated_at: string }) => at(action.updated_at));
    for (let index = 1; index < ends.length; index++)
      expect(ends[index] - ends[index - 1]).toBeGreaterThanOrEqual(2000);
    expect(at(plan.updated_at)).toBeGreaterThanOrEqual(Math.max(...ends));

    const after = cloud.snapshot();
    expect(Object.values(after.servers).map(({ host, status }) => [host, status])).toEqual([
      ['compute-2', 'ACTIVE'],
      ['compute-2', 'ACTIVE'],
      ['compute-2', 'SHUTOFF'],
      ['compute-2', 'ACTIVE'],
    ]);
    expect(after.services['compute-1']).toEqual({
      status: 'disabled',
      disabledReason: 'watcher_maintaining',
      state: 'up',
    });
    expect(after.services['compute-3']).toMatchObject({ state: 'down' });
    expect(after.nodes[idleNode ?? '']).toMatchObject({ powerState: 'power off' });
  });
});
