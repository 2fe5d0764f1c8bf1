/** What a rollback finds changed, gone or odd: named in the compensation's own reason, and the others go on. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { RollbackResult } from '../../src/domain/result.js';
import { startTemporal } from '../support/temporal.js';
import {
  compensationOf,
  disableAction,
  maintenanceScene,
  migrateAction,
  ourEffects,
} from './scene.js';
import { type ServiceForTest, startServiceForTest } from './service.js';

let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;

beforeAll(async () => {
  temporal = await startTemporal();
});
afterAll(() => temporal.teardown());
beforeEach(async () => {
  service = await startServiceForTest({ temporal: temporal.address });
});
afterEach(() => service.close());

function stateAndReason(result: RollbackResult, resourceId: string): string {
  const { state, reason } = compensationOf(result, resourceId);
  return `${state}: ${reason ?? ''}`;
}

test('a plan of nop and sleep: 200, all SKIPPED, nothing asked for', async () => {
  const plan = await service.sim.applyPlan({
    actions: [
      { type: 'nop', parameters: { message: 'hello' } },
      { type: 'sleep', parameters: { duration: 1 } },
    ],
  });
  const { status, body } = await service.post(plan);
  expect(status).toBe(200);
  expect(body).toMatchObject({ state: 'SUCCEEDED', counts: { SKIPPED: 2 } });
  expect(ourEffects(service.sim)).toEqual([]);
});

test('unknown type, missing parameter, server deleted or in ERROR, host gone: each says so, the others go on', async () => {
  const { sim } = service;
  for (const name of ['a', 'b', 'lost']) sim.addHost({ name });
  const add = (name: string, host = 'a'): string => sim.addServer({ name, host });
  const [good, deleted, broken, stray] = [
    add('good'),
    add('deleted'),
    add('broken'),
    add('stray', 'lost'),
  ];
  const plan = await sim.applyPlan({
    actions: [
      migrateAction(good, 'a', 'b'),
      migrateAction(deleted, 'a', 'b'),
      migrateAction(broken, 'a', 'b'),
      migrateAction(stray, 'lost', 'b'),
      { type: 'defragment', parameters: { resource_id: good }, parents: [] },
      {
        type: 'migrate',
        parameters: { migration_type: 'live' },
        parents: [],
        forcedState: 'SUCCEEDED',
      },
    ],
  });
  sim.hand.deleteServer(deleted);
  sim.hand.setServerStatus(broken, 'ERROR');
  sim.hand.removeHost('lost');

  const result = await service.rollBack(plan);

  expect(stateAndReason(result, good)).toMatch(/^SUCCEEDED/);
  expect(stateAndReason(result, deleted)).toMatch(
    /^NOT_REVERSIBLE: .*(deleted|gone|no longer|not exist)/,
  );
  expect(stateAndReason(result, broken)).toMatch(/^KEPT: .*ERROR/);
  expect(stateAndReason(result, stray)).toMatch(/^NOT_REVERSIBLE: .*lost/);
  const byType = (type: string, has: string) =>
    result.compensations.find(
      ({ action_type, reason }) => action_type === type && reason?.includes(has) === true,
    );
  expect(byType('defragment', 'defragment')).toMatchObject({ state: 'NOT_REVERSIBLE' });
  expect(byType('migrate', 'resource_id')).toMatchObject({ state: 'NOT_REVERSIBLE' });
  expect(result).toMatchObject({ state: 'PARTIAL', restored: false });
  expect(ourEffects(sim)).toEqual([`live-migrate ${good}`]);
});

test('a host that somebody else has disabled stays so, and what would move onto it is NOT_ATTEMPTED, naming why', async () => {
  const { sim } = service;
  const scene = await maintenanceScene(sim);
  sim.hand.setService(scene.home, { disabledReason: 'broken disk, do not enable' });
  const after = sim.snapshot();

  const result = await service.rollBack(scene.plan);

  const enabling = result.compensations.find(({ kind }) => kind === 'set_service_status');
  const kept = result.compensations.find(
    ({ resource_type }) => resource_type === 'compute_service',
  );
  expect(kept ?? enabling).toMatchObject({ state: 'KEPT' });
  expect((kept ?? enabling)?.reason).toContain('broken disk');
  for (const id of scene.servers) {
    expect(stateAndReason(result, id)).toMatch(/^NOT_ATTEMPTED: .*compute-1.*disabled/);
  }
  expect(sim.snapshot().servers).toEqual(after.servers);
  expect(sim.snapshot().services).toEqual({
    ...after.services,
    // Only the idle node, powered on again, is up.
    'idle-1': { ...after.services['idle-1'], state: 'up' },
  });
});

test('a node in maintenance stays off; the rest comes home', async () => {
  const { sim } = service;
  const scene = await maintenanceScene(sim);
  sim.hand.setNode(scene.idleNode, { maintenance: true });
  const result = await service.rollBack(scene.plan);
  expect(stateAndReason(result, scene.idleNode)).toMatch(/^KEPT: .*maintenance/);
  expect(result.state).toBe('PARTIAL');
  expect(sim.snapshot().nodes[scene.idleNode]?.powerState).toBe('power off');
  expect(sim.snapshot().servers).toEqual(scene.before.servers);
});

test('a server moved by hand stays where it is, unless drift is to be restored', async () => {
  const { sim } = service;
  for (const name of ['a', 'b', 'c']) sim.addHost({ name });
  const moved = sim.addServer({ name: 'moved', host: 'a' });
  const other = sim.addServer({ name: 'other', host: 'a' });
  const plan = await sim.applyPlan({
    actions: [migrateAction(moved, 'a', 'b'), migrateAction(other, 'a', 'b')],
  });
  sim.hand.migrate(moved, 'c');

  const kept = await service.rollBack(plan);
  expect(stateAndReason(kept, moved)).toMatch(/^KEPT: .*is on c since /);
  expect(stateAndReason(kept, other)).toMatch(/^SUCCEEDED/);
  expect(sim.snapshot().servers[moved]?.host).toBe('c');

  const restored = await service.rollBack(plan, { on_drift: 'restore' });
  expect(restored.state).toBe('SUCCEEDED');
  expect(sim.snapshot().servers[moved]?.host).toBe('a');
});

test('what a newer plan did on the same server and the same host is left alone, naming that plan', async () => {
  const { sim } = service;
  for (const name of ['a', 'b', 'c']) sim.addHost({ name });
  const shared = sim.addServer({ name: 'shared', host: 'a' });
  const own = sim.addServer({ name: 'own', host: 'a' });
  const plan = await sim.applyPlan({
    actions: [disableAction('c'), migrateAction(shared, 'a', 'b'), migrateAction(own, 'a', 'b')],
  });
  // Nova and Watcher keep whole seconds: a plan within the same one is no proof of being newer.
  sim.advance(5000);
  const newer = await sim.applyPlan({
    actions: [migrateAction(shared, 'b', 'a'), disableAction('c')],
  });

  const result = await service.rollBack(plan);

  expect(stateAndReason(result, shared)).toContain(newer);
  expect(stateAndReason(result, shared)).toMatch(/^(KEPT|SKIPPED)/);
  const host = result.compensations.find(
    ({ resource_type }) => resource_type === 'compute_service',
  );
  expect(host).toMatchObject({ state: 'KEPT' });
  expect(host?.reason).toContain(newer);
  expect(stateAndReason(result, own)).toMatch(/^SUCCEEDED/);
  expect(ourEffects(sim)).toEqual([`live-migrate ${own}`]);
});

test('no room on the host: a bounded number of tries, then FAILED with Nova’s reason; a POST after room was made finishes', async () => {
  const { sim } = service;
  sim.addHost({ name: 'small', capacity: 2 });
  sim.addHost({ name: 'big' });
  const servers = ['one', 'two'].map((name) => sim.addServer({ name, host: 'small' }));
  const plan = await sim.applyPlan({
    actions: [disableAction('small'), ...servers.map((id) => migrateAction(id, 'small', 'big'))],
  });
  const squatter = sim.addServer({ name: 'squatter', host: 'small' });

  const first = await service.rollBack(plan);
  expect(first).toMatchObject({ state: 'PARTIAL', counts: { FAILED: 1, SUCCEEDED: 2 } });
  const failed = first.compensations.find(({ state }) => state === 'FAILED');
  expect(failed?.reason).toMatch(/NoRoom: .*No valid host/);

  sim.hand.migrate(squatter, 'big');
  expect((await service.rollBack(plan)).state).toBe('SUCCEEDED');
  expect(servers.map((id) => sim.snapshot().servers[id]?.host)).toEqual(['small', 'small']);
});
