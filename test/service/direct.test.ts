/**
 * A workflow that is started, asked or told directly through Temporal, past the API, meets the same checks: the same failure
 * types in the same sentences, nothing touched; and whatever it is sent, it goes on.
 */
import {
  QueryRejectedError,
  WorkflowFailedError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { randomUUID } from 'node:crypto';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import { WORKFLOW_TYPE } from '../../workflows/messages.js';
import { startTemporal } from '../support/temporal.js';
import { disableAction, maintenanceScene, migrateAction, type Scene, writes } from './scene.js';
import { type ServiceForTest, startServiceForTest } from './service.js';

let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;
let scene: Scene;

beforeAll(async () => {
  temporal = await startTemporal();
  service = await startServiceForTest({
    temporal: temporal.address,
    settings: { ROLLBACK_MAX_ACTIONS: '20' },
  });
  scene = await maintenanceScene(service.sim);
});
afterAll(async () => {
  await service.close();
  await temporal.teardown();
});

interface Refusal {
  type: string | null;
  sentence: string;
}

async function startDirectly(
  args: unknown[],
  id: string,
  type = WORKFLOW_TYPE,
): Promise<Refusal | null> {
  const { taskQueue } = service.config.temporal;
  const options = { workflowId: id, taskQueue, args };
  const handle = await temporal.client.workflow.start(type, options);
  try {
    await handle.result();
    return null;
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : error;
    if (!(cause instanceof ApplicationFailure)) throw cause;
    return { type: cause.type ?? null, sentence: cause.message };
  }
}

async function byTheApi(plan: string, body: unknown): Promise<Refusal> {
  const answer = await service.post(plan, { body });
  return { type: answer.headers.get('X-Rollback-Failure'), sentence: answer.fault };
}

/** Ages and times of day differ from one request to the next. */
const timeless = ({ type, sentence }: Refusal): Refusal => ({
  type,
  // Only a request has it.
  sentence: sentence
    .replace(', dry_run', '')
    .replaceAll(/\d+(\.\d+)? (s|min|h|d)\b/g, '#')
    .replaceAll(/\d{4}-\S+Z/g, '#'),
});

async function sameRefusal(plan: string, options: unknown, type: string): Promise<void> {
  const changes = writes(service.sim);
  const expected = timeless(await byTheApi(plan, options));
  expect(expected.type).toBe(type);
  expect(expected.sentence.length).toBeGreaterThan(10);
  const input = { action_plan_uuid: plan, request: { options } };
  for (const [id, workflow] of [
    [workflowIdOf(plan), WORKFLOW_TYPE],
    [`preview-${plan}-${randomUUID()}`, 'PreviewRollback'],
  ] as const) {
    // Looking is allowed while all is stopped.
    if (workflow === 'PreviewRollback' && type === 'RollbacksStopped') continue;
    const found = await startDirectly([input], id, workflow);
    expect({ workflow, ...timeless(found ?? { type: null, sentence: 'taken' }) }).toEqual({
      workflow,
      ...expected,
    });
  }
  expect(writes(service.sim)).toEqual(changes);
}

const ACTION = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
const nop = { type: 'nop', parameters: {} };

test.each<[unknown]>([
  [{ max_age: '1h' }],
  [{ max_age: 0 }],
  [{ max_age: 1.5 }],
  [{ max_age: 604_801 }],
  [{ max_age: null }],
  [{ on_drift: 'ask' }],
  [{ on_drift: ['keep'] }],
  [{ hosts: true }],
  [{ allow_cold: 'yes' }],
  [{ max_failures: 0 }],
  [{ max_failures: 10_001 }],
  [{ actions: [] }],
  [{ actions: ['x'] }],
  [{ actions: 'all' }],
  [{ actions: {} }],
  [{ actions: [ACTION] }],
  [{ max_age: 0, hosts: 'all' }],
  [{ nope: 1 }],
  [JSON.parse('{"__proto__": {"max_age": 1}}')],
  [{ constructor: { prototype: {} } }],
])('options %j', (options) => sameRefusal(scene.plan, options, 'InvalidRequest'));

test.each<[string, () => Promise<string>, unknown, string]>([
  ['unknown', () => Promise.resolve(randomUUID()), {}, 'ActionPlanNotFound'],
  [
    'still running',
    () => service.sim.applyPlan({ state: 'ONGOING', actions: [nop] }),
    {},
    'PlanNotFinished',
  ],
  [
    'never started',
    () => service.sim.applyPlan({ actions: [{ ...nop, forcedState: 'CANCELLED' }] }),
    {},
    'PlanNeverStarted',
  ],
  [
    'too large',
    () => service.sim.applyPlan({ actions: Array.from({ length: 21 }, () => nop) }),
    {},
    'PlanTooLarge',
  ],
  [
    'too old',
    async () => {
      const plan = await service.sim.applyPlan({ actions: [nop] });
      const updatedAt = new Date(Date.now() - 2 * 3_600_000).toISOString();
      service.sim.hand.setActionPlan(plan, { updatedAt });
      return plan;
    },
    {},
    'PlanTooOld',
  ],
  [
    'drifted',
    async () => {
      const server = service.sim.addServer({ name: 'drifter', host: 'compute-2' });
      const actions = [migrateAction(server, 'compute-2', 'compute-3')];
      const plan = await service.sim.applyPlan({ actions });
      service.sim.hand.migrate(server, 'compute-1');
      return plan;
    },
    { on_drift: 'fail' },
    'DriftFound',
  ],
])('a plan that is %s', async (_name, make, options, type) => {
  await sameRefusal(await make(), options, type);
});

test('while all rollbacks are stopped', async () => {
  await service.call('PUT', '/v1/rollbacks/stop', { body: { stopped: true, reason: 'audit' } });
  try {
    await sameRefusal(scene.plan, {}, 'RollbacksStopped');
  } finally {
    await service.call('PUT', '/v1/rollbacks/stop', { body: { stopped: false } });
  }
});

/** What a rollback hands on to its next run would be a way to have any server moved anywhere. */
const carried = () => ({
  uuid: randomUUID(),
  created_at: new Date().toISOString(),
  options: {},
  limits: service.config.activities.limits,
  compensations: [],
  history: [],
  paused: false,
  room_passes: {},
  enabled_hosts: [],
});

test('"carried" by a start: refused, also in the run that a schedule or a retry policy begins', async () => {
  const plan = await service.sim.applyPlan({ actions: [nop] });
  const input = { action_plan_uuid: plan, carried: carried() };
  const first = await startDirectly([input], workflowIdOf(plan));
  expect(first).toMatchObject({ type: 'InvalidRequest' });
  // Its result would be that of the last run, and there is none: the schedule begins run after run.
  const handle = await temporal.client.workflow.start(WORKFLOW_TYPE, {
    workflowId: workflowIdOf(plan),
    taskQueue: service.config.temporal.taskQueue,
    args: [input],
    cronSchedule: '@every 1s',
  });
  const runs = async (which: string): Promise<number> => {
    const { count } = await temporal.client.workflow.count(
      `WorkflowId = '${workflowIdOf(plan)}' AND ${which}`,
    );
    return count;
  };
  const end = Date.now() + 15_000;
  while ((await runs("RollbackState = 'REFUSED'")) < 3) {
    if (Date.now() > end) throw new Error('the schedule began no runs');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await handle.terminate();
  expect(await runs("RollbackState != 'REFUSED'")).toBe(0);
});

test('whatever is sent to a running rollback: refused or passed over, and it goes on to its end', async () => {
  const server = service.sim.addServer({ name: 'vm-x', host: 'compute-2' });
  const actions = [migrateAction(server, 'compute-2', 'compute-3'), disableAction('compute-2')];
  const plan = await service.sim.applyPlan({ actions });
  // It must be running until everything has been sent, however long that takes.
  service.sim.hand.hangMigrations(server);
  expect((await service.post(plan, { prefer: 'respond-async' })).status).toBe(200);
  const handle = temporal.client.workflow.getHandle(workflowIdOf(plan));
  const updates: [name: string, args: [unknown], type: string][] = [
    ...[
      7,
      [],
      'x',
      { options: 7 },
      { options: [] },
      { requested_by: 'x' },
      { accept_by: 'soon' },
    ].map((arg): [string, [unknown], string] => ['request_rollback', [arg], 'InvalidRequest']),
    // Once ended the workflow task, and so the rollback, for good.
    ...[7, {}, 'all'].map((all): [string, [unknown], string] => [
      'request_rollback',
      [{ options: { actions: all } }],
      'OptionsDiffer',
    ]),
    ['request_rollback', [{ options: { actions: [null, 7, {}] } }], 'OptionsDiffer'],
    ['request_rollback', [{ options: { constructor: 1, max_age: {} } }], 'OptionsDiffer'],
    ['pause', [7], 'InvalidRequest'],
    ['pause', [[]], 'InvalidRequest'],
    ['pause', [{ by: {} }], 'InvalidRequest'],
    ['resume', [{}], 'NotControllable'],
    ['retry_compensation', [{ action_uuid: 7 }], 'InvalidRequest'],
    ['retry_compensation', [{ action_uuid: '__proto__' }], 'NotControllable'],
    ['skip_compensation', [null], 'NotControllable'],
  ];
  for (const [name, args, type] of updates) {
    const error: unknown = await handle
      .executeUpdate(name, { args })
      .catch((caught: unknown) => caught);
    expect({ name, args, isRefused: error instanceof WorkflowUpdateFailedError }).toMatchObject({
      isRefused: true,
    });
    expect({ name, args, cause: (error as WorkflowUpdateFailedError).cause }).toMatchObject({
      cause: { type },
    });
  }
  for (const args of [[], [null], ['x'], [7], [[]], [{ stopped: 'x' }]]) {
    await handle.signal<unknown[]>('stopped_by_switch', ...args);
    await handle.signal<unknown[]>('released_by_switch', ...args);
    await handle.signal<unknown[]>('no_such_signal', ...args);
  }
  for (const args of [
    [],
    [null],
    ['x'],
    [{ offset: 'x', limit: {} }],
    [{ offset: -1, limit: 1e9 }],
  ]) {
    const answer: unknown = await handle.query<unknown, unknown[]>('compensations', ...args);
    expect(answer).toHaveProperty('compensations');
  }
  await expect(handle.query('no_such_query')).rejects.not.toBeInstanceOf(QueryRejectedError);
  service.sim.hand.abortMigration(server);
  expect(await service.ended(plan)).toMatchObject({
    state: 'PARTIAL',
    counts: { SUCCEEDED: 1, FAILED: 1 },
  });
});
