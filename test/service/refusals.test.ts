/** Bad input over HTTP, through API, workflow and activities: answered at once, nothing touched, and it says what to do. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { randomUUID } from 'node:crypto';
import { startTemporal } from '../support/temporal.js';
import {
  disableAction,
  maintenanceScene,
  migrateAction,
  ourEffects,
  type Scene,
  writes,
} from './scene.js';
import { type ServiceForTest, startServiceForTest } from './service.js';

let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;
let scene: Scene;

beforeAll(async () => {
  temporal = await startTemporal();
  service = await startServiceForTest({ temporal: temporal.address });
  scene = await maintenanceScene(service.sim);
});
afterAll(async () => {
  await service.close();
  await temporal.teardown();
});

/** Every refusal: the status, a sentence, no request that changes anything, and no rollback that GET would show. */
async function refused(plan: string, status: number, body?: unknown): Promise<string> {
  const answer = await service.post(plan, body === undefined ? {} : { body });
  expect({ status: answer.status, fault: answer.fault }).toMatchObject({ status });
  expect(writes(service.sim)).toEqual([]);
  expect((await service.get(plan)).status).toBe(404);
  return answer.fault;
}

test('GET before any POST: 404 that says to POST', async () => {
  const answer = await service.get(scene.plan);
  expect(answer.status).toBe(404);
  expect(answer.fault).toMatch(/no rollback yet.*POST/);
});

test('not a UUID: 400', async () => {
  expect((await service.post('not-a-uuid')).status).toBe(400);
});

test('a plan that Watcher does not know: 404 naming it', async () => {
  const unknown = randomUUID();
  expect(await refused(unknown, 404)).toContain(unknown);
});

test.each(['RECOMMENDED', 'PENDING', 'ONGOING', 'CANCELLING', 'SUPERSEDED'])(
  'a plan that is %s: 400 naming the state',
  async (state) => {
    const host = service.sim.addHost({ name: `host-${state}` });
    expect(host.hypervisorId).not.toBe('');
    const plan = await service.sim.applyPlan({
      state,
      actions: [{ ...disableAction(`host-${state}`), forcedState: 'SUCCEEDED', effect: true }],
    });
    expect(await refused(plan, 400)).toContain(state);
    service.sim.hand.setActionPlan(plan, { state: 'SUCCEEDED' });
  },
);

test('a plan of which no action ever started: 400', async () => {
  const plan = await service.sim.applyPlan({
    actions: [
      { ...disableAction('compute-3'), forcedState: 'CANCELLED' },
      {
        ...migrateAction(scene.servers[0] ?? '', 'compute-2', 'compute-3'),
        forcedState: 'PENDING',
      },
    ],
  });
  expect(await refused(plan, 400)).toMatch(/none of its actions ever started/);
});

test('older than max_age: 400 with age, limit and how to go beyond; a larger max_age lets it in', async () => {
  const plan = await service.sim.applyPlan({ actions: [{ type: 'nop', parameters: {} }] });
  const updatedAt = new Date(Date.now() - 2 * 3_600_000).toISOString();
  service.sim.hand.setActionPlan(plan, { updatedAt });
  const fault = await refused(plan, 400);
  expect(fault).toMatch(/2 h|7[12]\d\d s/);
  expect(fault).toMatch(/1 h|3600/);
  expect(fault).toContain('max_age');
  expect(await refused(plan, 400, { max_age: 604_801 })).toContain('max_age');
  expect(await service.rollBack(plan, { max_age: 3 * 3600 })).toMatchObject({ state: 'SUCCEEDED' });
});

test('another plan is running on the same resources: 400 naming it', async () => {
  const other = await service.sim.applyPlan({
    state: 'ONGOING',
    actions: [migrateAction(scene.servers[0] ?? '', 'compute-2', 'compute-3')],
  });
  expect(await refused(scene.plan, 400)).toContain(other);
  service.sim.hand.setActionPlan(other, { state: 'CANCELLED' });
});

test('on_drift fail, and something has drifted: 400 naming it', async () => {
  const server = service.sim.addServer({ name: 'drifter', host: 'compute-2' });
  const plan = await service.sim.applyPlan({
    actions: [migrateAction(server, 'compute-2', 'compute-3')],
  });
  service.sim.hand.migrate(server, 'compute-1');
  expect(await refused(plan, 400, { on_drift: 'fail' })).toContain('drifter');
});

test('refused ones are no rollbacks: the list does not show them', async () => {
  const { body } = await service.call<{ rollbacks: { action_plan_uuid: string }[] }>(
    'GET',
    '/v1/rollbacks',
  );
  // The one that a larger max_age let in.
  expect(body.rollbacks).toHaveLength(1);
  expect(ourEffects(service.sim)).toEqual([]);
});
