import { Context } from '@temporalio/activity';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import {
  compensationsQuery,
  pauseUpdate,
  resumeUpdate,
  retryUpdate,
  skipUpdate,
} from '../../workflows/messages.js';
import { stateKey } from '../../workflows/search-attributes.js';
import { compensation, DONE, gate, type Harness, migrate, startHarness } from './harness.js';
import { byAction, endOf, now, start, until } from './runs.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
}, 60_000);
afterAll(() => harness.stop());

const BY = { by: 'anna' };
const three = () =>
  ['a', 'b', 'c'].map((name) => compensation(name, migrate(`vm-${name}`, 'c2', 'c1')));

async function refusedWith(update: Promise<unknown>): Promise<string> {
  const error = await update.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowUpdateFailedError)) throw new Error('the update was not refused');
  const { cause } = error;
  expect(cause).toBeInstanceOf(ApplicationFailure);
  expect((cause as ApplicationFailure).type).toBe('NotControllable');
  return cause?.message ?? '';
}

test('cancel: nothing new, what is in flight is let finish, and the result is kept', async () => {
  const held = gate();
  const plan = harness.play({
    limits: { concurrency: 1 },
    compensations: three(),
    answers: { a: [held.answer] },
  });
  const handle = await start(harness, plan);
  await held.entered;
  await handle.cancel();
  await until('the cancel is seen', async () =>
    (await now(handle)).history.some((entry) => entry.event === 'cancelled'),
  );
  held.open();
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  await handle.result().catch((error: WorkflowFailedError) => {
    expect(error.cause).toBeInstanceOf(CancelledFailure);
  });
  expect((await handle.describe()).status.name).toBe('CANCELLED');
  const result = await now(handle);
  expect(result).toMatchObject({
    state: 'CANCELLED',
    restored: false,
    counts: { SUCCEEDED: 1, NOT_ATTEMPTED: 2 },
  });
  expect(byAction(result, 'b').reason).toBe('the rollback was cancelled');
  expect(harness.calls(plan).map((call) => call.action)).toEqual(['a']);
});

test('cancel: an activity that has asked for nothing ends at once, one that has is followed to its end', async () => {
  const asked = gate();
  const waits = async () => {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat({ asked: false }), 100);
    try {
      await context.cancelled;
    } finally {
      clearInterval(beat);
    }
    return DONE;
  };
  const plan = harness.play({
    limits: { heartbeat_timeout: 1 },
    compensations: three(),
    answers: { a: [asked.answer], b: [waits] },
  });
  const handle = await start(harness, plan);
  await asked.entered;
  await until('b runs', async () => harness.calls(plan).some((call) => call.action === 'b'));
  await handle.cancel();
  await until('b ended', async () => byAction(await now(handle), 'b').state === 'NOT_ATTEMPTED');
  expect(byAction(await now(handle), 'a').state).toBe('ONGOING');
  asked.open();
  await handle.result().catch(() => null);
  expect(byAction(await now(handle), 'a').state).toBe('SUCCEEDED');
});

test('cancel between two attempts: what asked for nothing is not tried again, what did is only followed', async () => {
  const failing = (asked: boolean) => () => {
    throw ApplicationFailure.create({
      type: 'OpenStackUnreachable',
      message: '503',
      details: [{ asked }],
    });
  };
  const plan = harness.play({
    limits: { retry_initial: 2, retry_max: 2 },
    compensations: three(),
    answers: { a: [failing(true), DONE], b: [failing(false), DONE], c: [DONE] },
  });
  const handle = await start(harness, plan);
  await until('both failed once', async () => {
    const events = (await now(handle)).history.filter((entry) => entry.event === 'retrying');
    return events.length === 2;
  });
  await handle.cancel();
  await handle.result().catch(() => null);
  const result = await now(handle);
  expect(byAction(result, 'b')).toMatchObject({ state: 'NOT_ATTEMPTED', attempts: 1 });
  expect(byAction(result, 'a')).toMatchObject({ state: 'SUCCEEDED', attempts: 2 });
  const again = harness.calls(plan).filter((call) => call.action === 'a');
  expect(again.map((call) => [call.asked, call.followOnly])).toEqual([
    [false, false],
    [true, true],
  ]);
});

test.each([
  ['nothing at all', []],
  ['null', [null]],
  ['text', ['now']],
  ['wrong types', [{ by: 7, action_uuid: {} }]],
])('an update with %s is refused or done, and harms nothing', async (_name, args) => {
  const held = gate();
  const plan = harness.play({ compensations: three(), answers: { a: [held.answer] } });
  const handle = await start(harness, plan);
  await held.entered;
  for (const name of [
    'pause',
    'resume',
    'retry_compensation',
    'skip_compensation',
    'request_rollback',
  ]) {
    const update = handle.executeUpdate(name, { args: args as [] });
    await update.catch((error: unknown) => expect(error).toBeInstanceOf(WorkflowUpdateFailedError));
  }
  const state = (await now(handle)).state;
  if (state === 'PAUSED') await handle.executeUpdate(resumeUpdate, { args: [BY] });
  held.open();
  expect((await endOf(handle)).state).toBe('SUCCEEDED');
});

test('pause starts nothing new; resume goes on', async () => {
  const held = gate();
  const plan = harness.play({
    limits: { concurrency: 1 },
    compensations: three(),
    answers: { a: [held.answer] },
  });
  const handle = await start(harness, plan);
  await held.entered;
  expect((await handle.executeUpdate(pauseUpdate, { args: [BY] })).state).toBe('PAUSED');
  expect((await handle.describe()).typedSearchAttributes.get(stateKey)).toBe('PAUSED');
  expect(await refusedWith(handle.executeUpdate(pauseUpdate, { args: [BY] }))).toMatch(/already/);
  held.open();
  await until('a ended', async () => byAction(await now(handle), 'a').state === 'SUCCEEDED');
  expect(harness.calls(plan)).toHaveLength(1);
  expect((await handle.executeUpdate(resumeUpdate, { args: [BY] })).state).toBe('ONGOING');
  const result = await endOf(handle);
  expect(result.counts).toEqual({ SUCCEEDED: 3 });
  expect(result.history.map((entry) => entry.message)).toContain(
    'Paused by anna; what is in flight is let finish.',
  );
});

test('retry takes a FAILED one up again; skip leaves a PENDING one alone', async () => {
  const held = gate();
  const fail = () => {
    throw ApplicationFailure.nonRetryable('error', 'MigrationFailed');
  };
  const plan = harness.play({
    limits: { concurrency: 2 },
    compensations: three(),
    answers: { a: [fail, DONE], b: [held.answer] },
  });
  const handle = await start(harness, plan);
  await held.entered;
  await until('a failed', async () => byAction(await now(handle), 'a').state === 'FAILED');
  await until('c ended', async () => byAction(await now(handle), 'c').state === 'SUCCEEDED');
  const skip = (action_uuid: string) =>
    handle.executeUpdate(skipUpdate, { args: [{ ...BY, action_uuid }] });
  const retry = (action_uuid: string) =>
    handle.executeUpdate(retryUpdate, { args: [{ ...BY, action_uuid }] });
  expect(await refusedWith(retry('c'))).toBe(
    'The compensation is SUCCEEDED; this needs FAILED or NOT_ATTEMPTED.',
  );
  expect(await refusedWith(retry('z'))).toBe('The plan has no action z.');
  expect(await refusedWith(skip('b'))).toBe('The compensation is ONGOING; this needs PENDING.');
  await handle.executeUpdate(pauseUpdate, { args: [BY] });
  expect(byAction(await retry('a'), 'a').state).toBe('PENDING');
  expect(byAction(await skip('a'), 'a')).toMatchObject({
    state: 'KEPT',
    reason: 'left alone at the request of anna',
  });
  await handle.executeUpdate(resumeUpdate, { args: [BY] });
  held.open();
  const result = await endOf(handle);
  expect(result.state).toBe('PARTIAL');
  expect(result.counts).toEqual({ SUCCEEDED: 2, KEPT: 1 });
});

test('a retried one that succeeds makes the rollback whole', async () => {
  const held = gate();
  const fail = () => {
    throw ApplicationFailure.nonRetryable('error', 'MigrationFailed');
  };
  const plan = harness.play({
    compensations: three(),
    answers: { a: [fail, DONE], b: [held.answer] },
  });
  const handle = await start(harness, plan);
  await until('a failed', async () => byAction(await now(handle), 'a').state === 'FAILED');
  await handle.executeUpdate(retryUpdate, { args: [{ ...BY, action_uuid: 'a' }] });
  await until('a ended', async () => byAction(await now(handle), 'a').state === 'SUCCEEDED');
  held.open();
  expect((await endOf(handle)).state).toBe('SUCCEEDED');
  const calls = harness.calls(plan).filter(({ action }) => action === 'a');
  expect(calls.map(({ again }) => again)).toEqual([undefined, true]);
});

test('all compensations can be read, a page at a time', async () => {
  const plan = harness.play({ compensations: three() });
  const handle = await start(harness, plan);
  await endOf(handle);
  const page = await handle.query(compensationsQuery, { offset: 1, limit: 5 });
  expect(page?.total).toBe(3);
  expect(page?.compensations.map((one) => one.action_uuid)).toEqual(['b', 'c']);
  expect(page?.compensations[0]).not.toHaveProperty('work');
});
