/** A small plan is read within the first workflow task; whatever keeps it from that is left to the activity that has patience. */
import { Context } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { PlanReading } from '../../activities/types.js';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import {
  compensation,
  type Harness,
  migrate,
  REQUEST,
  type Script,
  startHarness,
} from './harness.js';
import { endOf, failureOf, type Handle } from './runs.js';

let harness: Harness;
afterEach(() => harness.stop());

function script(more: Partial<Script> = {}): Script {
  return { compensations: [compensation('a', migrate('vm-1', 'c2', 'c1'))], ...more };
}

/** As the API starts it. */
function startQuickly(plan: string): Promise<Handle> {
  return harness.env.client.workflow.start('RollbackActionPlan', {
    workflowId: workflowIdOf(plan),
    taskQueue: harness.taskQueue,
    args: [{ action_plan_uuid: plan, request: REQUEST, quickly: true }],
  });
}

/** Types of the activities that Temporal was asked for, in their order. */
async function scheduled(handle: Handle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: its }) => its?.activityType?.name ?? [],
  );
}

/** The first reading goes as `first` says, the others as usual. */
function firstReading(first: () => Promise<PlanReading>): { plan: string; readings: () => number } {
  let readings = 0;
  const plan = harness.play(
    script({
      readActionPlan: (usual) => {
        readings += 1;
        return readings === 1 ? first() : usual();
      },
    }),
  );
  return { plan, readings: () => readings };
}

// With nothing cached each task replays what came before it: Temporal tells then what failed in other words.
describe.each([{}, { maxCachedWorkflows: 0 }])('a worker %j', (options) => {
  beforeEach(async () => {
    harness = await startHarness(options);
  }, 60_000);

  test('one activity in all: the move', async () => {
    const handle = await startQuickly(harness.play(script()));
    expect((await endOf(handle)).state).toBe('SUCCEEDED');
    expect(await scheduled(handle)).toEqual(['liveMigrateServer']);
  });

  test('of a plan that is too large for that, the layout is an activity', async () => {
    const handle = await startQuickly(harness.play(script({ olderWorker: true })));
    expect((await endOf(handle)).state).toBe('SUCCEEDED');
    expect(await scheduled(handle)).toEqual(['layOutRollback', 'liveMigrateServer']);
  });

  test('a reading that fails in passing is made again by an activity', async () => {
    const { plan, readings } = firstReading(() =>
      Promise.reject(ApplicationFailure.retryable('Nova is away', 'OpenStackUnreachable')),
    );
    const handle = await startQuickly(plan);
    expect((await endOf(handle)).state).toBe('SUCCEEDED');
    expect(readings()).toBe(2);
    expect(await scheduled(handle)).toEqual(['readActionPlan', 'liveMigrateServer']);
  });

  test('a reading that takes longer than a moment is left to an activity', async () => {
    const { plan, readings } = firstReading(() => Context.current().cancelled);
    const handle = await startQuickly(plan);
    expect((await endOf(handle)).state).toBe('SUCCEEDED');
    expect(readings()).toBe(2);
    expect(await scheduled(handle)).toEqual(['readActionPlan', 'liveMigrateServer']);
  }, 20_000);

  test('what is refused is refused at once', async () => {
    const { plan, readings } = firstReading(() =>
      Promise.reject(ApplicationFailure.nonRetryable('no such plan', 'ActionPlanNotFound')),
    );
    const handle = await startQuickly(plan);
    expect(await failureOf(handle)).toMatchObject({
      type: 'ActionPlanNotFound',
      message: 'no such plan',
    });
    expect(readings()).toBe(1);
    expect(await scheduled(handle)).toEqual([]);
  });

  test('a cancel meanwhile is heard within moments, and nothing is touched', async () => {
    const { plan } = firstReading(() => Context.current().cancelled);
    const handle = await startQuickly(plan);
    await handle.cancel();
    const ended = await handle.result().catch((error: unknown) => error);
    expect(ended).toBeInstanceOf(WorkflowFailedError);
    const { cause } = ended as WorkflowFailedError;
    expect(cause instanceof CancelledFailure || cause instanceof ApplicationFailure).toBe(true);
    expect(harness.calls(plan)).toEqual([]);
  }, 20_000);
});
