/** What becomes of a rollback whose state between two runs is kept by a workflow that somebody ends. */
import { ApplicationFailure } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { PART_CHARS } from '../../src/domain/parts.js';
import { stateKey } from '../../workflows/search-attributes.js';
import { compensation, type Harness, migrate, startHarness } from './harness.js';
import { endOf, failureOf, type Handle, start } from './runs.js';

/** So long a new run waits for its first task where the one before was short. */
const BETWEEN_RUNS_S = 4;
const BALLAST = 'x'.repeat(PART_CHARS / 2);

let harness: Harness;
beforeAll(async () => {
  const temporal = { 'history.workflowIdReuseMinimalInterval': `${BETWEEN_RUNS_S}s` };
  harness = await startHarness({ temporal });
}, 60_000);
afterAll(() => harness.stop());

/** One that goes on in a new run, up to where that has not begun; and what keeps its state. */
async function betweenRuns(): Promise<{ handle: Handle; plan: string; keeper: string }> {
  const { workflow } = harness.env.client;
  const plan = harness.play({
    limits: { concurrency: 1, continue_as_new_after: 23 },
    compensations: [
      ...['a', 'b', 'c', 'd'].map((name) => compensation(name, migrate(name, 'c2', 'c1'))),
      ...['b1', 'b2'].map((name) => compensation(name, null, { residue: BALLAST })),
    ],
  });
  const started = await start(harness, plan);
  const { workflowId } = started;
  const { runId: firstRun } = await started.describe();
  for (let look = 1; look < 100; look += 1) {
    const run = workflow.getHandle(workflowId, firstRun);
    const { events } = await run.fetchHistory();
    const begun = events?.flatMap(
      (event) => event.childWorkflowExecutionStartedEventAttributes ?? [],
    );
    const keeper = begun?.at(-1)?.workflowExecution?.workflowId;
    const { status } = await run.describe();
    if (status.name === 'CONTINUED_AS_NEW' && typeof keeper === 'string')
      return { handle: workflow.getHandle(workflowId), plan, keeper };
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error('it did not go on in a new run');
}

const LOST =
  /^What this rollback has done so far is lost: somebody ended the workflow .*POST it again/;

test('ended before it is asked: a failure in a sentence, and the next rollback of the plan goes its way', async () => {
  const { handle, plan, keeper } = await betweenRuns();
  await harness.env.client.workflow.getHandle(keeper).terminate('by an operator');
  const end = await endOf(handle);
  expect(end.failure).toEqual({ type: 'InternalError', message: expect.stringMatching(LOST) });
  expect(end).toMatchObject({ state: 'FAILED', truncated: true, compensations: [] });
  expect(end.history.map(({ event }) => event)).toContain('succeeded');
  // Whoever looks for rollbacks finds it, and a POST takes it up again whatever the plan's age.
  const described = await handle.describe();
  expect(described.typedSearchAttributes.get(stateKey)).toBe('FAILED');
  const again = await start(harness, plan);
  expect((await endOf(again)).state).toBe('SUCCEEDED');
}, 60_000);

test('ended after it was asked: it is asked again, and not waited for without end', async () => {
  const { handle, keeper } = await betweenRuns();
  const { workflow } = harness.env.client;
  await workflow.getHandle(keeper).terminate('by an operator');
  // It takes whatever it is sent, and answers nothing.
  const deaf = await workflow.start('RollbackHandOver', {
    workflowId: keeper,
    taskQueue: `nobody-${randomUUID()}`,
    args: ['', {}],
  });
  for (let look = 1; ; look += 1) {
    const { events } = await deaf.fetchHistory();
    if (events?.some((event) => event.workflowExecutionSignaledEventAttributes)) break;
    if (look === 200) throw new Error('it was never asked');
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  await deaf.terminate('by an operator');
  const failure = await failureOf(handle);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure.message).toMatch(LOST);
}, 60_000);
