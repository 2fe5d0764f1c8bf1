/** Start, end and "a person is needed" are told, once each, and a webhook that is away costs a rollback nothing. */
import { ApplicationFailure } from '@temporalio/common';
import { pauseUpdate, resumeUpdate } from '../../workflows/messages.js';
import { compensation, DONE, gate, type Harness, migrate, startHarness } from './harness.js';
import { endOf, failureOf, now, start, until } from './runs.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
}, 60_000);
afterAll(() => harness.stop());

const ON = { notification_wait: 5 };
const two = () => ['a', 'b'].map((name) => compensation(name, migrate(`vm-${name}`, 'c2', 'c1')));
/** Sorted: two that are sent at the same moment may arrive in any order. */
const phases = (plan: string) =>
  harness
    .notified(plan)
    .map(({ phase }) => phase)
    .toSorted();
const told = (plan: string, phase: string) =>
  harness.notified(plan).filter((one) => one.phase === phase);
const refused = () => {
  throw ApplicationFailure.nonRetryable('no luck', 'MigrationFailed');
};

test('a rollback that succeeds: start and end, each with an id of its own', async () => {
  const plan = harness.play({ limits: ON, compensations: two() });
  const result = await endOf(await start(harness, plan));
  expect(phases(plan)).toEqual(['end', 'start']);
  const [first] = told(plan, 'start');
  const [last] = told(plan, 'end');
  expect(first?.message_id).not.toBe(last?.message_id);
  expect(first?.rollback).toMatchObject({ state: 'ONGOING', counts: { PENDING: 2 } });
  expect(last?.rollback).toMatchObject({
    action_plan_uuid: plan,
    uuid: result.uuid,
    workflow_id: result.workflow.id,
    state: 'SUCCEEDED',
    counts: { SUCCEEDED: 2 },
    reason: null,
    compensations: [],
  });
});

test('without the limit nothing is sent', async () => {
  const plan = harness.play({ compensations: two() });
  await endOf(await start(harness, plan));
  expect(phases(plan)).toEqual([]);
});

test('a person is needed: at the first FAILED, and at the end with all that is left', async () => {
  const plan = harness.play({
    limits: { ...ON, concurrency: 1 },
    compensations: [
      ...two(),
      compensation('k', null, { state: 'KEPT', reason: 'moved by somebody' }),
    ],
    answers: { a: [refused], b: [refused] },
  });
  await failureOf(await start(harness, plan));
  expect(phases(plan)).toEqual(['attention', 'attention', 'end', 'start']);
  const [early, late] = told(plan, 'attention');
  expect(early?.rollback).toMatchObject({
    state: 'ONGOING',
    reason: 'MigrationFailed: no luck',
    counts: { FAILED: 1, PENDING: 1, KEPT: 1 },
  });
  expect(late?.rollback.reason).toBe('The rollback left 2 FAILED, 1 KEPT.');
  expect(
    late?.rollback.compensations.map(({ action_uuid, state }) => [action_uuid, state]),
  ).toEqual([
    ['a', 'FAILED'],
    ['b', 'FAILED'],
    ['k', 'KEPT'],
  ]);
});

test('paused: a person is needed, and it says who paused', async () => {
  const held = gate();
  const plan = harness.play({
    limits: ON,
    compensations: two(),
    answers: { a: [held.answer], b: [DONE] },
  });
  const handle = await start(harness, plan);
  await held.entered;
  await handle.executeUpdate(pauseUpdate, { args: [{ by: 'anna' }] });
  await until('it is told', () => Promise.resolve(phases(plan).includes('attention')));
  const [paused] = told(plan, 'attention');
  expect(paused?.rollback).toMatchObject({ state: 'PAUSED' });
  expect(paused?.rollback.reason).toMatch(/by anna/);
  await handle.executeUpdate(resumeUpdate, { args: [{ by: 'anna' }] });
  held.open();
  await endOf(handle);
  expect(phases(plan)).toEqual(['attention', 'end', 'start']);
});

test('a webhook that hangs delays only the end, within its bound, and the history says so', async () => {
  const plan = harness.play({
    limits: { notification_wait: 0.3 },
    compensations: two(),
    notify: () => new Promise((resolve) => setTimeout(resolve, 3_000)),
  });
  const startedAt = Date.now();
  const result = await endOf(await start(harness, plan));
  expect(Date.now() - startedAt).toBeLessThan(2_500);
  expect(result.state).toBe('SUCCEEDED');
  expect(result.history.filter(({ event }) => event === 'not-notified')).toMatchObject([
    { message: 'The notification of "start" is lost: not delivered within 0.3 s of the end.' },
    { message: 'The notification of "end" is lost: not delivered within 0.3 s of the end.' },
  ]);
});

test('one that refuses is asked once and noted; one that is away is asked again', async () => {
  let asked = 0;
  const plan = harness.play({
    limits: ON,
    compensations: two(),
    notify: ({ phase }) => {
      if (phase === 'end') throw ApplicationFailure.nonRetryable('410', 'NotificationRefused');
      asked += 1;
      if (asked === 1) throw ApplicationFailure.retryable('away', 'NotificationFailed');
      return Promise.resolve();
    },
  });
  const result = await endOf(await start(harness, plan));
  expect(result.state).toBe('SUCCEEDED');
  expect(asked).toBe(2);
  const ids = told(plan, 'start').map(({ message_id: id }) => id);
  expect(ids).toEqual([ids[0], ids[0]]);
  const lost = result.history.filter(({ event }) => event === 'not-notified');
  expect(lost.map(({ message }) => message)).toEqual(['The notification of "end" is lost: 410.']);
});

test('a rollback that goes on in new runs starts once, ends once', async () => {
  const plan = harness.play({
    limits: { ...ON, concurrency: 1, continue_as_new_after: 25 },
    compensations: Array.from({ length: 6 }, (_, index) =>
      compensation(`c${index}`, migrate(`vm-${index}`, 'c2', 'c1')),
    ),
    answers: { c0: [refused], c5: [refused] },
  });
  const handle = await start(harness, plan);
  const failure = await failureOf(handle);
  const [result] = failure.details as [{ uuid: string; workflow: { run_id: string } }];
  expect(result.workflow.run_id).not.toBe(result.uuid);
  // The first FAILED is told of once over all runs.
  expect(phases(plan)).toEqual(['attention', 'attention', 'end', 'start']);
});

test('one that hangs does not hold up the next run: it goes along with its id, and a cancel is heard', async () => {
  const webhook = gate();
  const inTheMiddle = gate();
  const plan = harness.play({
    // Longer than the test may take.
    limits: { notification_wait: 300, concurrency: 1, continue_as_new_after: 25 },
    compensations: Array.from({ length: 8 }, (_, index) =>
      compensation(`c${index}`, migrate(`vm-${index}`, 'c2', 'c1')),
    ),
    answers: { c6: [inTheMiddle.answer] },
    notify: async ({ phase }) => {
      if (phase === 'start') await webhook.answer();
    },
  });
  const handle = await start(harness, plan);
  await inTheMiddle.entered;
  const running = await harness.env.client.workflow.getHandle(handle.workflowId).describe();
  expect(running.runId).not.toBe((await now(handle)).uuid);
  await harness.env.client.workflow.getHandle(handle.workflowId).cancel();
  await until('it is cancelled', async () =>
    (await now(handle)).history.some(({ event }) => event === 'cancelled'),
  );
  inTheMiddle.open();
  webhook.open();
  await expect(handle.result()).rejects.toThrow();
  expect(await now(handle)).toMatchObject({
    state: 'CANCELLED',
    counts: { SUCCEEDED: 7, NOT_ATTEMPTED: 1 },
  });
  const ids = told(plan, 'start').map(({ message_id: id }) => id);
  expect(ids.length).toBeGreaterThan(1);
  expect(new Set(ids).size).toBe(1);
  expect(told(plan, 'end')).toHaveLength(1);
});

test('a program that pauses again and again: not every pause is told, the end is', async () => {
  const held = gate();
  const plan = harness.play({
    limits: ON,
    compensations: two(),
    answers: { a: [held.answer], b: [DONE] },
  });
  const handle = await start(harness, plan);
  await held.entered;
  for (let time = 0; time < 52; time += 1) {
    await handle.executeUpdate(pauseUpdate, { args: [{ by: 'robot' }] });
    await handle.executeUpdate(resumeUpdate, { args: [{ by: 'robot' }] });
  }
  held.open();
  const { history } = await endOf(handle);
  expect(told(plan, 'attention')).toHaveLength(50);
  expect(told(plan, 'end')).toHaveLength(1);
  expect(history.filter(({ event }) => event === 'not-notified')).toMatchObject([
    {
      message:
        'The notification of "attention" is lost: after 50 pauses and reports no other is told.',
    },
  ]);
});
