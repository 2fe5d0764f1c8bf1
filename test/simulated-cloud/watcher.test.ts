import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { SimulatedAction, SimulatedCloud } from '../../src/simulated-cloud/types.js';
import { Caller } from './caller.js';
import type { Json } from './caller.js';

let cloud: SimulatedCloud;
let caller: Caller;
let hypervisorId: string;
let busyNode: string;
let idleNode: string | null;
let vms: Record<string, string>;

beforeEach(async () => {
  cloud = await startSimulatedCloud();
  caller = new Caller(cloud);
  const first = cloud.addHost({ name: 'compute-1' });
  hypervisorId = first.hypervisorId;
  busyNode = first.nodeId ?? '';
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
const actionsOf = async (uuid: string): Promise<Json[]> =>
  (await caller.watcher(`/actions/detail?action_plan_uuid=${uuid}`)).json.actions;
const migrate = (name: string, parameters: Record<string, unknown> = {}): SimulatedAction => ({
  type: 'migrate',
  parameters: {
    migration_type: 'live',
    source_node: 'compute-1',
    destination_node: 'compute-2',
    resource_id: vms[name],
    ...parameters,
  },
});
const hostOf = (name: string): string | null | undefined =>
  cloud.snapshot().servers[vms[name] ?? '']?.host;

describe('host_maintenance', () => {
  test('looks like the recorded plan, moves every server, and is over at once', async () => {
    const started = Date.now();
    const uuid = await cloud.hostMaintenance('compute-1', {
      destinations: ['compute-2'],
      powerOffIdle: ['compute-3'],
    });
    expect(Date.now() - started).toBeLessThan(2_000);

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
  test('Nova has its records: Watcher’s user, within the plan’s time, the cold one confirmed', async () => {
    const uuid = await cloud.hostMaintenance('compute-1', {
      destinations: ['compute-2', 'compute-3'],
    });
    const plan = (await caller.watcher(`/action_plans/${uuid}`)).json;
    for (const [name, id] of Object.entries(vms)) {
      const [record, ...others] = await caller.migrations(id);
      expect(others).toEqual([]);
      const cold = name === 'vm-3';
      expect(record).toMatchObject({
        status: cold ? 'confirmed' : 'completed',
        migration_type: cold ? 'migration' : 'live-migration',
        source_compute: 'compute-1',
        user_id: cloud.watcherUserId,
      });
      expect(at(`${record.created_at}Z`)).toBeGreaterThan(at(plan.created_at));
      expect(at(`${record.updated_at}Z`)).toBeLessThanOrEqual(at(plan.updated_at));
    }
    const hosts = Object.values(cloud.snapshot().servers).map(({ host }) => host);
    expect(new Set(hosts)).toEqual(new Set(['compute-2', 'compute-3']));
  });

  test('a PAUSED server is to move cold, which fails; the plan goes on and ends SUCCEEDED', async () => {
    cloud.hand.setServerStatus(vms['vm-4'] ?? '', 'PAUSED');
    const uuid = await cloud.hostMaintenance('compute-1');
    const { actions } = (await caller.watcher(`/actions/detail?action_plan_uuid=${uuid}`)).json;
    expect(actions.map(({ state }: Json) => state)).toEqual([
      'SUCCEEDED',
      'FAILED',
      'SUCCEEDED',
      'SUCCEEDED',
      'SUCCEEDED',
    ]);
    expect((await caller.watcher(`/action_plans/${uuid}`)).json.state).toBe('SUCCEEDED');
    expect(cloud.snapshot().servers[vms['vm-4'] ?? '']).toMatchObject({
      host: 'compute-1',
      status: 'PAUSED',
    });
  });
});

describe('the cloud’s clock', () => {
  test('a plan lies in the past: what comes after it is at least 5 s later', async () => {
    const before = Date.now();
    const uuid = await cloud.hostMaintenance('compute-1');
    const plan = (await caller.watcher(`/action_plans/${uuid}`)).json;
    expect(at(plan.created_at)).toBeLessThan(before);
    await caller.live(vms['vm-1'] ?? '', 'compute-3');
    await cloud.settled();
    const [record] = await caller.migrations(vms['vm-1'] ?? '');
    expect(at(`${record.created_at}Z`) - at(plan.updated_at)).toBeGreaterThanOrEqual(5_000);
    // The first plan fits before the start of the test: the clock is still the machine's.
    expect(Math.abs(at(`${record.created_at}Z`) - Date.now())).toBeLessThan(5_000);
  });

  test('a second plan comes after everything that was recorded', async () => {
    await cloud.hostMaintenance('compute-1');
    await caller.live(vms['vm-1'] ?? '', 'compute-3');
    await cloud.settled();
    const [record] = await caller.migrations(vms['vm-1'] ?? '');
    const second = await cloud.applyPlan({ actions: [{ type: 'nop', parameters: {} }] });
    const plan = (await caller.watcher(`/action_plans/${second}`)).json;
    expect(at(plan.created_at)).toBeGreaterThan(at(`${record.updated_at}Z`));
    await caller.live(vms['vm-2'] ?? '', 'compute-3');
    await cloud.settled();
    const [later] = await caller.migrations(vms['vm-2'] ?? '');
    expect(at(`${later.created_at}Z`) - at(plan.updated_at)).toBeGreaterThanOrEqual(5_000);
  });

  test('actions that take no time are 2 s apart all the same', async () => {
    const nop = { type: 'nop', parameters: {} };
    const uuid = await cloud.applyPlan({ actions: [nop, nop, nop] });
    const ends = (await actionsOf(uuid)).map(({ updated_at: end }) => at(end));
    for (let index = 1; index < ends.length; index++)
      expect((ends[index] ?? 0) - (ends[index - 1] ?? 0)).toBeGreaterThanOrEqual(2_000);
  });

  test('setActionPlan moves a plan with its actions and records', async () => {
    const uuid = await cloud.hostMaintenance('compute-1');
    const read = async (): Promise<number[]> => {
      const { actions } = (await caller.watcher(`/actions/detail?action_plan_uuid=${uuid}`)).json;
      const [record] = await caller.migrations(vms['vm-1'] ?? '');
      const plan = (await caller.watcher(`/action_plans/${uuid}`)).json;
      return [plan.created_at, plan.updated_at, actions[1].updated_at, `${record.created_at}Z`].map(
        at,
      );
    };
    const before = await read();
    const hour = 3_600_000;
    cloud.hand.setActionPlan(uuid, {
      state: 'FAILED',
      updatedAt: new Date((before[1] ?? 0) - hour).toISOString(),
    });
    const after = await read();
    for (const [index, time] of after.entries())
      expect(Math.abs((before[index] ?? 0) - time - hour)).toBeLessThanOrEqual(1_000);
    expect((await caller.watcher(`/action_plans/${uuid}`)).json.state).toBe('FAILED');
  });
});

describe('applyPlan', () => {
  test('a forced state is kept, with the effect only where it is asked for', async () => {
    const uuid = await cloud.applyPlan({
      actions: [
        { ...migrate('vm-1'), forcedState: 'FAILED' },
        { ...migrate('vm-2'), forcedState: 'FAILED', effect: true },
        { ...migrate('vm-4'), forcedState: 'SKIPPED' },
      ],
    });
    expect((await actionsOf(uuid)).map(({ state }) => state)).toEqual([
      'FAILED',
      'FAILED',
      'SKIPPED',
    ]);
    expect(['vm-1', 'vm-2', 'vm-4'].map(hostOf)).toEqual(['compute-1', 'compute-2', 'compute-1']);
    expect(await caller.migrations(vms['vm-1'] ?? '')).toEqual([]);
    expect((await caller.migrations(vms['vm-2'] ?? ''))[0].status).toBe('completed');
  });

  test('a cancelled action cancels what comes after it, and the plan', async () => {
    const uuid = await cloud.applyPlan({
      actions: [
        { ...migrate('vm-1'), forcedState: 'SUCCEEDED', effect: true },
        { ...migrate('vm-2'), forcedState: 'CANCELLED' },
        migrate('vm-4'),
      ],
    });
    expect((await actionsOf(uuid)).map(({ state }) => state)).toEqual([
      'SUCCEEDED',
      'CANCELLED',
      'CANCELLED',
    ]);
    expect((await caller.watcher(`/action_plans/${uuid}`)).json.state).toBe('CANCELLED');
    expect(hostOf('vm-4')).toBe('compute-1');
  });

  test('left in a state: nothing is applied but what is forced', async () => {
    const recommended = await cloud.applyPlan({ actions: [migrate('vm-1')], state: 'RECOMMENDED' });
    const plan = (await caller.watcher(`/action_plans/${recommended}`)).json;
    expect(plan).toMatchObject({ state: 'RECOMMENDED', updated_at: null, hostname: null });
    expect((await actionsOf(recommended))[0]).toMatchObject({ state: 'PENDING', updated_at: null });
    const ongoing = await cloud.applyPlan({
      actions: [{ ...migrate('vm-2'), forcedState: 'SUCCEEDED', effect: true }, migrate('vm-4')],
      state: 'ONGOING',
    });
    expect((await caller.watcher(`/action_plans/${ongoing}`)).json.state).toBe('ONGOING');
    expect((await actionsOf(ongoing)).map(({ state }) => state)).toEqual(['SUCCEEDED', 'PENDING']);
    expect(['vm-1', 'vm-2', 'vm-4'].map(hostOf)).toEqual(['compute-1', 'compute-2', 'compute-1']);
  });

  test('parents decide the order, not the place in the list', async () => {
    const uuid = await cloud.applyPlan({
      actions: [
        { ...migrate('vm-1', { destination_node: 'compute-3' }), parents: [1] },
        { ...migrate('vm-1'), parents: [] },
      ],
    });
    expect(hostOf('vm-1')).toBe('compute-3');
    const [later, sooner] = await actionsOf(uuid);
    expect(at(later.updated_at)).toBeGreaterThan(at(sooner.updated_at));
    expect(later.parents).toEqual([sooner.uuid]);
    await expect(
      cloud.applyPlan({
        actions: [
          { ...migrate('vm-1'), parents: [1] },
          { ...migrate('vm-2'), parents: [0] },
        ],
      }),
    ).rejects.toThrow('wait for one another');
  });

  test('resize changes the flavor and is confirmed; stop stops; a busy host keeps its power', async () => {
    const uuid = await cloud.applyPlan({
      actions: [
        { type: 'resize', parameters: { flavor: 'm2.lab', resource_id: vms['vm-1'] } },
        { type: 'stop', parameters: { resource_id: vms['vm-2'] } },
        {
          type: 'change_node_power_state',
          parameters: { state: 'off', resource_id: busyNode },
        },
      ],
    });
    expect((await actionsOf(uuid)).map(({ state }) => state)).toEqual([
      'SUCCEEDED',
      'SUCCEEDED',
      'FAILED',
    ]);
    const { servers, nodes } = cloud.snapshot();
    expect(servers[vms['vm-1'] ?? '']).toMatchObject({ flavor: 'm2.lab', status: 'ACTIVE' });
    expect(servers[vms['vm-2'] ?? '']).toMatchObject({ status: 'SHUTOFF' });
    expect(nodes[busyNode]?.powerState).toBe('power on');
    expect((await caller.migrations(vms['vm-1'] ?? ''))[0]).toMatchObject({
      migration_type: 'resize',
      status: 'confirmed',
    });
  });

  test('a live move of a PAUSED server: SUCCEEDED to a named host; FAILED, though moved, without one', async () => {
    cloud.hand.setServerStatus(vms['vm-1'] ?? '', 'PAUSED');
    const named = await cloud.applyPlan({ actions: [migrate('vm-1')] });
    expect((await actionsOf(named))[0].state).toBe('SUCCEEDED');
    const { destination_node: _, ...open } = migrate('vm-1').parameters;
    const unnamed = await cloud.applyPlan({ actions: [{ type: 'migrate', parameters: open }] });
    expect((await actionsOf(unnamed))[0].state).toBe('FAILED');
    expect(hostOf('vm-1')).not.toBe('compute-2');
    expect(cloud.snapshot().servers[vms['vm-1'] ?? '']?.status).toBe('PAUSED');
  });
});

describe('hand', () => {
  test('migrate leaves an operator’s record; removeHost takes service, hypervisor and node', async () => {
    cloud.hand.migrate(vms['vm-1'] ?? '', 'compute-2');
    const [record] = await caller.migrations(vms['vm-1'] ?? '');
    expect(record.status).toBe('completed');
    expect([cloud.adminUserId, cloud.watcherUserId]).not.toContain(record.user_id);
    cloud.hand.removeHost('compute-3');
    expect((await caller.nova('GET', '/os-hypervisors')).json.hypervisors).toHaveLength(2);
    expect((await caller.ironic('GET', `/nodes/${idleNode ?? ''}`)).status).toBe(404);
    expect(cloud.snapshot().services).not.toHaveProperty('compute-3');
  });

  test('lock and ERROR show; what is unknown throws', async () => {
    const id = vms['vm-1'] ?? '';
    cloud.hand.lock(id);
    cloud.hand.setServerStatus(id, 'ERROR');
    expect(await caller.server(id)).toMatchObject({
      locked: true,
      status: 'ERROR',
      fault: { message: 'Set to error by hand' },
    });
    expect(() => {
      cloud.hand.lock('nobody');
    }).toThrow('there is no server nobody');
    await expect(cloud.hostMaintenance('nowhere')).rejects.toThrow('there is no host nowhere');
  });
});
