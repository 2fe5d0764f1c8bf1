/** A rollback whose state between two runs is kept by a workflow that somebody ends, or that is silent. */
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import { completeOptions } from '../../src/domain/options.js';
import { type Part, PART_CHARS } from '../../src/domain/parts.js';
import { compressionCodec } from '../../src/temporal/payload-codec.js';
import { TemporalRollbacks } from '../../src/temporal/rollbacks.js';
import { partSignal } from '../../workflows/messages.js';
import { stateKey } from '../../workflows/search-attributes.js';
import {
  compensation,
  gate,
  type Harness,
  LIMITS,
  migrate,
  REQUEST,
  startHarness,
} from './harness.js';
import { endOf, failureOf, type Handle, start, until } from './runs.js';

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

/** Takes the place of what keeps the state: it takes whatever it is sent, and answers nothing. Once the new run has asked it. */
async function deafInsteadOf(keeper: string): Promise<WorkflowHandle> {
  const { workflow } = harness.env.client;
  await workflow.getHandle(keeper).terminate('by an operator');
  const deaf = await workflow.start('RollbackHandOver', {
    workflowId: keeper,
    taskQueue: `nobody-${randomUUID()}`,
    args: ['', {}],
  });
  for (let look = 1; ; look += 1) {
    const { events } = await deaf.fetchHistory();
    if (events?.some((event) => event.workflowExecutionSignaledEventAttributes)) return deaf;
    if (look === 200) throw new Error('it was never asked');
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
}

/**
 * What it would send if it were asked: both its parts. Temporal answers a signal before it writes it to the history, where a
 * workflow task is under way: it is written when that task ends.
 */
async function partsKeptBy(keeper: string): Promise<Part[]> {
  const handle = harness.env.client.workflow.getHandle(keeper);
  let parts: Part[] = [];
  await until('both parts are kept', async () => {
    const { events } = await handle.fetchHistory();
    const payloads = (events ?? []).flatMap((event) => [
      ...(event.workflowExecutionStartedEventAttributes?.input?.payloads?.slice(1) ?? []),
      ...(event.workflowExecutionSignaledEventAttributes?.input?.payloads ?? []),
    ]);
    const unpacked = await compressionCodec.decode(payloads);
    parts = unpacked.map((payload) => defaultPayloadConverter.fromPayload<Part>(payload));
    return parts.length === 2;
  });
  return parts;
}

test('ended after it was asked: it is asked again, and not waited for without end', async () => {
  const { handle, keeper } = await betweenRuns();
  const deaf = await deafInsteadOf(keeper);
  await deaf.terminate('by an operator');
  const failure = await failureOf(handle);
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure.message).toMatch(LOST);
}, 60_000);

describe('asked while it takes over, for longer than a caller is to wait', () => {
  const api = (): TemporalRollbacks =>
    new TemporalRollbacks({
      client: harness.env.client,
      taskQueue: harness.taskQueue,
      webUrl: null,
      startsAtOnce: 4,
    });
  const GOES_ON = {
    name: 'ApiError',
    type: 'NoWorker',
    message: expect.stringMatching(/is going on in a new run.*Ask again/) as unknown,
  };
  const DELIVERED = {
    ...GOES_ON,
    message: expect.stringMatching(
      /^The cancel was delivered.*Ask for the result again/,
    ) as unknown,
  };

  test('nobody is told that it has ended or is not there, and a cancel takes effect', async () => {
    const { handle, plan, keeper } = await betweenRuns();
    const parts = await partsKeptBy(keeper);
    const deaf = await deafInsteadOf(keeper);
    const rollbacks = api();
    const request = { ...REQUEST, accept_by: new Date(Date.now() + 20_000).toISOString() };
    const signal = new AbortController().signal;
    // All at once: each waits as long as it would alone.
    await Promise.all([
      expect(rollbacks.get(plan)).rejects.toMatchObject(GOES_ON),
      expect(rollbacks.waitForEnd(plan, 100, signal)).rejects.toMatchObject(GOES_ON),
      expect(rollbacks.compensations(plan, { offset: 0, limit: 9 })).rejects.toMatchObject(GOES_ON),
      expect(
        rollbacks.request(plan, request, completeOptions({}, LIMITS.default_max_age)),
      ).rejects.toMatchObject(GOES_ON),
      expect(rollbacks.control(plan, 'cancel', { by: 'anna' })).rejects.toMatchObject(DELIVERED),
    ]);
    expect((await handle.describe()).status.name).toBe('RUNNING');

    for (const part of parts) await handle.signal(partSignal, part);
    await expect(handle.result()).rejects.toThrow();
    expect(await rollbacks.get(plan)).toMatchObject({ state: 'CANCELLED' });
    await deaf.terminate('not needed any more');
  }, 60_000);

  test('one that comes to know while it is asked is read, and its cancel shows', async () => {
    const { handle, plan, keeper } = await betweenRuns();
    const parts = await partsKeptBy(keeper);
    const deaf = await deafInsteadOf(keeper);
    const cancelling = api().control(plan, 'cancel', { by: 'anna' });
    await until('the cancel is delivered', async () => {
      const { events } = await handle.fetchHistory();
      return (
        events?.some((event) => event.workflowExecutionCancelRequestedEventAttributes) ?? false
      );
    });
    for (const part of parts) await handle.signal(partSignal, part);
    const { history } = await cancelling;
    expect(history.map(({ event }) => event)).toContain('cancelled');
    await deaf.terminate('not needed any more');
  }, 60_000);

  test('one that was never accepted is none, although it answers nothing too', async () => {
    const reading = gate();
    const plan = harness.play({
      compensations: [],
      readActionPlan: async (usual) => {
        await reading.answer();
        return await usual();
      },
    });
    const handle = await start(harness, plan);
    await reading.entered;
    expect(await api().get(plan)).toBeNull();
    expect(await api().compensations(plan, { offset: 0, limit: 9 })).toBeNull();
    const cancelling = api().control(plan, 'cancel', { by: 'anna' });
    await expect(cancelling).rejects.toMatchObject({ type: 'NoRollback' });
    reading.open();
    await endOf(handle);
  }, 60_000);
});
