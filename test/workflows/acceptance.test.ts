import {
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { RollbackRequest } from '../../activities/types.js';
import type { PreviewLayout } from '../../src/domain/preview.js';
import { isBrief, type RollbackResult } from '../../src/domain/result.js';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import { requestUpdate } from '../../workflows/messages.js';
import { REFUSED, stateKey } from '../../workflows/search-attributes.js';
import { compensation, gate, type Harness, migrate, REQUEST, startHarness } from './harness.js';
import { endOf, failureOf, type Handle, now, start } from './runs.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
}, 60_000);
afterAll(() => harness.stop());

const HOUR_MS = 3_600_000;
const PLAN = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
const oneMove = () => [compensation('a', migrate('vm-1', 'c2', 'c1'))];

/** As the API asks: update-with-start. */
async function ask(
  planUuid: string,
  { brief = false, ...request }: Partial<RollbackRequest> & { brief?: boolean } = {},
): Promise<{ result: RollbackResult | null; refusal: ApplicationFailure | null; handle: Handle }> {
  const whole = { ...REQUEST, ...request };
  const startWorkflowOperation = new WithStartWorkflowOperation('RollbackActionPlan', {
    workflowId: workflowIdOf(planUuid),
    taskQueue: harness.taskQueue,
    args: [{ action_plan_uuid: planUuid, request: whole }],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
  });
  const handle: Handle = harness.env.client.workflow.getHandle(workflowIdOf(planUuid));
  try {
    const result = await harness.env.client.workflow.executeUpdateWithStart(requestUpdate, {
      args: [{ ...whole, brief }],
      startWorkflowOperation,
    });
    return { result, refusal: null, handle };
  } catch (error) {
    if (!(error instanceof WorkflowUpdateFailedError)) throw error;
    return { result: null, refusal: error.cause as ApplicationFailure, handle };
  }
}

/** Types of its activities, in their order. */
async function scheduled(handle: Handle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: its }) => its?.activityType?.name ?? [],
  );
}

describe('a request that is accepted', () => {
  test('is answered at acceptance, before anything has ended', async () => {
    const held = gate();
    const plan = harness.play({ compensations: oneMove(), answers: { a: [held.answer] } });
    const { result, handle } = await ask(plan);
    expect(result?.state).toBe('ONGOING');
    expect(result?.requested_by.user_name).toBe('anna');
    held.open();
    const end = await endOf(handle);
    expect(end).toMatchObject({ state: 'SUCCEEDED', restored: true, counts: { SUCCEEDED: 1 } });
    expect(end.uuid).toBe(end.workflow.run_id);
    expect(end.history.map((entry) => entry.event)).toEqual([
      'accepted',
      'started',
      'succeeded',
      'verified',
      'ended',
    ]);
    expect(end.history.find(({ event }) => event === 'verified')?.message).toMatch(
      /: 1 seen within the last second\.$/,
    );
    // Plan and layout at once, the move; no last look.
    expect(await scheduled(handle)).toEqual(['readActionPlan', 'liveMigrateServer']);
  });

  test('by a worker of version 0.1.0, which reads plan and layout one after the other', async () => {
    const plan = harness.play({ compensations: oneMove(), olderWorker: true });
    const { handle } = await ask(plan);
    expect((await endOf(handle)).state).toBe('SUCCEEDED');
    expect(await scheduled(handle)).toEqual([
      'readActionPlan',
      'layOutRollback',
      'liveMigrateServer',
    ]);
  });

  test('in brief, where whoever asks waits for the end', async () => {
    const held = gate();
    const plan = harness.play({ compensations: oneMove(), answers: { a: [held.answer] } });
    const { result } = await ask(plan, { brief: true });
    expect(result).toMatchObject({ state: 'ONGOING', counts: { ONGOING: 1 }, truncated: true });
    expect(result === null ? null : isBrief(result)).toBe(true);
    const { result: whole, handle } = await ask(plan);
    expect(whole === null ? null : isBrief(whole)).toBe(false);
    held.open();
    await endOf(handle);
  });

  test('joins the running one where the options are the same, else 409 naming them', async () => {
    const held = gate();
    const plan = harness.play({ compensations: oneMove(), answers: { a: [held.answer] } });
    const first = await ask(plan);
    const second = await ask(plan, { options: { max_age: 3600 } });
    expect(second.result?.uuid).toBe(first.result?.uuid);
    const third = await ask(plan, { options: { on_drift: 'restore', allow_cold: true } });
    expect(third.refusal?.type).toBe('OptionsDiffer');
    expect(third.refusal?.message).toMatch(/on_drift, allow_cold/);
    held.open();
    expect((await endOf(first.handle)).state).toBe('SUCCEEDED');
    expect(harness.calls(plan)).toHaveLength(1);
  });

  test('started directly through Temporal, without any request, is a rollback like others', async () => {
    const plan = harness.play({ compensations: oneMove() });
    const handle = await harness.env.client.workflow.start('RollbackActionPlan', {
      workflowId: workflowIdOf(plan),
      taskQueue: harness.taskQueue,
      args: [{ action_plan_uuid: plan }],
    });
    expect(await handle.result()).toMatchObject({ state: 'SUCCEEDED', options: { max_age: 3600 } });
  });
});

test('a preview started directly, without any request, is one like others', async () => {
  const plan = harness.play({ compensations: oneMove() });
  const handle = await startDirectly('mine', [{ action_plan_uuid: plan }], 'PreviewRollback');
  expect(await handle.result()).toMatchObject({ dry_run: true, counts: { PENDING: 1 } });
  expect(harness.calls(plan)).toEqual([]);
});

test('a preview whose layout says nothing of compensations fails: a plan without any is another thing', async () => {
  const previewed = async (layOutPreview: (usual: PreviewLayout) => PreviewLayout) => {
    const plan = harness.play({ compensations: oneMove(), layOutPreview });
    const args = [{ action_plan_uuid: plan, in_pages: true }];
    return await startDirectly(`defect-${plan}`, args, 'PreviewRollback');
  };
  const defect = await previewed(({ notes, preview }) => ({ notes, preview }));
  expect(await failureOf(defect)).toMatchObject({
    type: 'InternalError',
    message: expect.stringContaining('neither compensations nor parts') as string,
  });
  const empty = await previewed((usual) => ({ ...usual, compensations: [] }));
  expect(await empty.result()).toMatchObject({ dry_run: true, compensations: [] });
});

describe('a request that is refused', () => {
  async function expectRefusal(
    plan: string,
    type: string,
    message: RegExp,
    request: Partial<RollbackRequest> = {},
  ): Promise<void> {
    const { refusal, handle } = await ask(plan, request);
    expect(refusal?.type).toBe(type);
    expect(refusal?.message).toMatch(message);
    // The workflow itself ends with the same words, and is marked as no rollback.
    const failure = await failureOf(handle);
    expect(failure.type).toBe(type);
    expect(failure.message).toBe(refusal?.message);
    const description = await handle.describe();
    expect(description.typedSearchAttributes.get(stateKey)).toBe(REFUSED);
    expect(harness.calls(plan)).toEqual([]);
  }

  test('a plan that has not ended, naming its state', async () => {
    const plan = harness.play({ compensations: oneMove(), reading: { state: 'ONGOING' } });
    await expectRefusal(plan, 'PlanNotFinished', /ONGOING/);
  });

  test('a plan that is too old, saying its age and the limit; a larger max_age lets it in', async () => {
    const reading = { ended_at: new Date(Date.now() - 2 * HOUR_MS).toISOString() };
    const plan = harness.play({ compensations: oneMove(), reading });
    await expectRefusal(plan, 'PlanTooOld', /ROLLBACK_MAX_AGE_CEILING|max_age/);
    const again = await ask(plan, { options: { max_age: 3 * 3600 } });
    expect(again.refusal).toBeNull();
    expect((await endOf(again.handle)).state).toBe('SUCCEEDED');
  });

  test('what an accepted rollback left unfinished is exempt from max_age', async () => {
    const reading = { ended_at: new Date(Date.now() - 2 * HOUR_MS).toISOString() };
    const plan = harness.play({ compensations: oneMove(), reading });
    const { refusal } = await ask(plan, { previous_run_id: 'an-earlier-run' });
    expect(refusal).toBeNull();
  });

  test('a start that is taken up too late touches nothing', async () => {
    const plan = harness.play({ compensations: oneMove() });
    const past = new Date(Date.now() - 1000).toISOString();
    await expectRefusal(plan, 'RequestExpired', /too late/, {
      requested_at: past,
      accept_by: past,
    });
  });

  test('a reading that ends too late touches nothing either', async () => {
    const layOut = () => new Promise<void>((resolve) => setTimeout(resolve, 1500));
    const plan = harness.play({ compensations: oneMove(), layOut });
    await expectRefusal(plan, 'RequestExpired', /too late/, {
      requested_at: new Date().toISOString(),
      accept_by: new Date(Date.now() + 2000).toISOString(),
    });
  });

  test('a refusal of the layout reaches the caller word for word', async () => {
    const layOut = () => {
      throw ApplicationFailure.nonRetryable(
        'Action plan x is ONGOING on vm-1.',
        'OtherPlanOngoing',
      );
    };
    const plan = harness.play({ compensations: oneMove(), layOut });
    await expectRefusal(plan, 'OtherPlanOngoing', /^Action plan x is ONGOING on vm-1\.$/);
  });

  test('OpenStack out of reach: three attempts, then 503 within seconds', async () => {
    let attempts = 0;
    const readActionPlan = () => {
      attempts += 1;
      throw ApplicationFailure.retryable('Watcher does not answer.', 'OpenStackUnreachable');
    };
    const plan = harness.play({ compensations: oneMove(), readActionPlan });
    await expectRefusal(plan, 'OpenStackUnreachable', /Watcher does not answer/);
    expect(attempts).toBe(3);
  });

  test('cancelled before it was accepted', async () => {
    const held = gate();
    const layOut = async () => {
      await held.answer();
    };
    const plan = harness.play({ compensations: oneMove(), layOut });
    const handle = await start(harness, plan);
    await held.entered;
    await handle.cancel();
    held.open();
    expect((await failureOf(handle)).type).toBe('RequestExpired');
    expect(harness.calls(plan)).toEqual([]);
    await expect(now(handle)).rejects.toThrow('not accepted');
  });

  test.each([
    ['nothing', []],
    ['null', [null]],
    ['text', ['x']],
    ['an empty object', [{}]],
    ['a plan that is none', [{ action_plan_uuid: 'x' }]],
    ['a request that is none', [{ action_plan_uuid: PLAN, request: 7 }]],
    ['options that are none', [{ action_plan_uuid: PLAN, request: { options: [] } }]],
    ['a time that is none', [{ action_plan_uuid: PLAN, request: { accept_by: 'soon' } }]],
  ])('started directly with %s: it ends, and says what it wants', async (_name, args) => {
    const preview = await startDirectly('a-preview', args, 'PreviewRollback');
    for (const handle of [await startDirectly(workflowIdOf(PLAN), args), preview]) {
      const failure = await failureOf(handle);
      expect(failure.type).toBe('InvalidRequest');
      expect(failure.message).toMatch(/must be/);
    }
  });

  test('started directly with what only a run of its own may hand on', async () => {
    const args = [{ action_plan_uuid: PLAN, carried: { compensations: 7 } }];
    const failure = await failureOf(await startDirectly(workflowIdOf(PLAN), args));
    expect(failure).toMatchObject({ type: 'InvalidRequest' });
    expect(failure.message).toMatch(/"carried".*leave it out/);
  });

  test('under another workflow id: there is one rollback per plan', async () => {
    const plan = harness.play({ compensations: oneMove() });
    const failure = await failureOf(await startDirectly('mine', [{ action_plan_uuid: plan }]));
    expect(failure).toMatchObject({ type: 'InvalidRequest' });
    expect(failure.message).toContain(workflowIdOf(plan));
    expect(harness.calls(plan)).toEqual([]);
  });

  test('a worker or a cloud that does not answer in time: RequestExpired, to be asked again', async () => {
    const layOut = () => new Promise<void>((resolve) => setTimeout(resolve, 4000));
    const plan = harness.play({ compensations: oneMove(), layOut });
    await expectRefusal(plan, 'RequestExpired', /slow/, {
      requested_at: new Date().toISOString(),
      accept_by: new Date(Date.now() + 2500).toISOString(),
    });
  });
});

async function startDirectly(
  workflowId: string,
  args: unknown[],
  type = 'RollbackActionPlan',
): Promise<Handle> {
  await harness.env.client.workflow.start(type, {
    workflowId,
    taskQueue: harness.taskQueue,
    args,
  });
  return harness.env.client.workflow.getHandle(workflowId);
}
