/**
 * Two clouds whose services share a namespace and a task queue, as a copied configuration makes them do it; one is a copy of the
 * other, so that both have the same plan. What is asked for one must never touch, show or stop anything of the other.
 */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { cloudIdOf } from '../../activities/own-cloud.js';
import type { RollbackRequest } from '../../activities/types.js';
import type { CloudId } from '../../src/domain/cloud-id.js';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import { requestUpdate, WORKFLOW_TYPE } from '../../workflows/messages.js';
import { clientOf } from '../support/cloud.js';
import { startTemporal } from '../support/temporal.js';
import type { Answer } from './caller.js';
import { migrateAction, ourEffects, writes } from './scene.js';
import { type ServiceForTest, startServiceForTest } from './service.js';

let temporal: TestWorkflowEnvironment;
/** Its own worker is not there: what is asked of it meets the worker of `there`. */
let here: ServiceForTest;
let there: ServiceForTest;

beforeAll(async () => {
  temporal = await startTemporal();
  const settings = { ROLLBACK_TASK_QUEUE: `shared-${randomUUID()}` };
  const shared = { temporal: temporal.address, settings };
  here = await startServiceForTest({ ...shared, worker: false });
  there = await startServiceForTest({ ...shared, simulated: { times: { liveMigration: 300 } } });
});
afterAll(async () => {
  await Promise.all([here.close(), there.close()]);
  await temporal.teardown();
});

/** The same plan, in both or in one. */
async function planIn(...services: ServiceForTest[]): Promise<string> {
  const uuid = randomUUID();
  for (const { sim } of services) {
    for (const host of ['a', 'b']) sim.addHost({ name: `${host}-${uuid}` });
    const server = sim.addServer({ name: 'vm', host: `a-${uuid}` });
    await sim.applyPlan({ uuid, actions: [migrateAction(server, `a-${uuid}`, `b-${uuid}`)] });
  }
  return uuid;
}

function refused(answer: Answer): void {
  expect({ status: answer.status, fault: answer.fault }).toMatchObject({ status: 409 });
  expect(answer.headers.get('X-Rollback-Failure')).toBe('OtherCloud');
  for (const { sim } of [here, there]) expect(answer.fault).toContain(sim.authUrl);
  expect(answer.fault).toMatch(/Nothing was touched.*ROLLBACK_TASK_QUEUE/);
}

test.each([
  ['that only the asking cloud has', () => planIn(here)],
  ['that both have', () => planIn(here, there)],
])('a plan %s: the worker of the other refuses rollback and preview', async (_name, make) => {
  const plan = await make();
  refused(await here.post(plan));
  refused(await here.call('GET', `/v1/action_plans/${plan}/rollback/preview`));
  expect([...writes(here.sim), ...writes(there.sim)]).toEqual([]);
});

test("a rollback of the other cloud's plan of the same UUID is not joined, shown or controlled", async () => {
  const plan = await planIn(here, there);
  const path = `/v1/action_plans/${plan}/rollback`;
  expect((await there.post(plan, { prefer: 'respond-async' })).body).toMatchObject({
    state: 'ONGOING',
  });
  refused(await here.post(plan));
  refused(await here.get(plan));
  for (const verb of ['pause', 'cancel']) refused(await here.call('POST', `${path}/${verb}`));
  refused(await here.call('GET', `${path}/compensations`));
  expect(await there.ended(plan)).toMatchObject({ state: 'SUCCEEDED' });
  refused(await here.get(plan));
  expect(ourEffects(here.sim)).toEqual([]);
  const plansOf = async (service: ServiceForTest): Promise<string[]> => {
    const { body } = await service.call<{ rollbacks: { action_plan_uuid: string }[] }>(
      'GET',
      '/v1/rollbacks',
    );
    return body.rollbacks.map((row) => row.action_plan_uuid);
  };
  expect(await plansOf(there)).toContain(plan);
  expect(await plansOf(here)).not.toContain(plan);
});

test('past the API: the workflow itself refuses a request for another cloud, and without one the worker’s own counts', async () => {
  const plan = await planIn(here, there);
  const cloud = clientOf(here.sim);
  const theirs: RollbackRequest & { cloud: CloudId } = {
    options: {},
    requested_by: { user_id: null, user_name: null, project_id: null, request_id: null },
    requested_at: null,
    accept_by: null,
    previous_run_id: null,
    cloud: cloudIdOf(await cloud.identity.cloudIdentity()),
  };
  await cloud.close();
  await temporal.client.workflow.start(WORKFLOW_TYPE, {
    workflowId: workflowIdOf(plan),
    taskQueue: there.config.temporal.taskQueue,
    args: [{ action_plan_uuid: plan }],
  });
  const update = temporal.client.workflow
    .getHandle(workflowIdOf(plan))
    .executeUpdate(requestUpdate, { args: [theirs] });
  const refusal: unknown = await update.catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(WorkflowUpdateFailedError);
  expect(refusal).toMatchObject({ cause: { type: 'OtherCloud' } });
  expect(await there.ended(plan)).toMatchObject({ state: 'SUCCEEDED' });
  refused(await here.get(plan));
});

test('the workers of both on one queue: whatever is accepted is done in its own cloud alone', async () => {
  const plan = await planIn(here);
  const before = ourEffects(there.sim);
  const worker = await here.startWorker();
  // Every read that comes to the wrong worker is refused; half of them do.
  for (let ask = 1; ; ask += 1) {
    const answer = await here.post(plan, { prefer: 'respond-async' });
    if (answer.status === 200) break;
    refused(answer);
    if (ask === 100) throw new Error('never accepted');
  }
  expect(await here.ended(plan)).toMatchObject({ state: 'SUCCEEDED' });
  expect(ourEffects(there.sim)).toEqual(before);
  await worker.stop();
});
