/** What the workflow makes of a report that a migration makes no progress. */
import { ApplicationFailure } from '@temporalio/common';
import type { CompensationReport, Stuck } from '../../activities/types.js';
import { compensation, DONE, gate, type Harness, migrate, startHarness } from './harness.js';
import { byAction, endOf, now, start, until } from './runs.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
}, 60_000);
afterAll(() => harness.stop());

const one = () => [compensation('a', migrate('vm-a', 'c2', 'c1'))];
const STUCK: Stuck = {
  migration_uuid: 'm-1',
  mark: 'running t null',
  silent_for: 300,
  own: true,
  ran_for: 301,
};
const report = (more: Partial<CompensationReport> = {}): CompensationReport => ({
  outcome: 'NO_PROGRESS',
  reason: 'its migration made no progress for 300 s',
  now: null,
  evidence: { migration_uuid: 'm-1' },
  stuck: STUCK,
  asked: true,
  ...more,
});

test('it is said in the history and as the reason, and the activity goes on where it was: no other attempt', async () => {
  const held = gate();
  const plan = harness.play({ compensations: one(), answers: { a: [report(), held.answer] } });
  const handle = await start(harness, plan);
  await held.entered;
  await until('it is said', async () => byAction(await now(handle), 'a').reason !== null);
  const meanwhile = await now(handle);
  expect(byAction(meanwhile, 'a')).toMatchObject({
    state: 'ONGOING',
    attempts: 1,
    reason: 'its migration made no progress for 300 s',
    evidence: { migration_uuid: 'm-1' },
  });
  const details = await harness.env.client.workflow
    .getHandle(handle.workflowId)
    .query<string>('__temporal_workflow_metadata');
  expect(JSON.stringify(details)).toContain('its migration made no progress');
  held.open();
  const end = await endOf(handle);
  expect(byAction(end, 'a')).toMatchObject({ state: 'SUCCEEDED', reason: null, attempts: 1 });
  expect(end.history.filter(({ event }) => event === 'no-progress')).toMatchObject([
    { action_uuid: 'a', message: 'its migration made no progress for 300 s' },
  ]);
  expect(harness.calls(plan).map(({ asked, progress }) => ({ asked, progress }))).toEqual([
    { asked: false, progress: {} },
    { asked: true, progress: { reported: STUCK } },
  ]);
});

test('what was reported is not forgotten by an attempt that fails; only those count', async () => {
  const fails = () => {
    throw ApplicationFailure.create({ type: 'OpenStackUnreachable', message: '503' });
  };
  const plan = harness.play({
    limits: { retry_attempts: 2 },
    compensations: one(),
    answers: { a: [report(), fails, report({ stuck: { ...STUCK, mark: 'other' } }), DONE] },
  });
  const handle = await start(harness, plan, { options: { abort_stuck: true } });
  const end = await endOf(handle);
  expect(byAction(end, 'a')).toMatchObject({ state: 'SUCCEEDED', attempts: 2 });
  const marks = harness.calls(plan).map(({ progress }) => progress?.reported?.mark ?? null);
  expect(marks).toEqual([null, STUCK.mark, STUCK.mark, 'other']);
  expect(harness.calls(plan).every(({ progress }) => progress?.abort === true)).toBe(true);
});

test('one that reports for ever is FAILED at the limit of the attempt', async () => {
  const slowly = async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return report();
  };
  const plan = harness.play({
    limits: { compensation_timeout: 2 },
    compensations: one(),
    answers: { a: [slowly] },
  });
  const end = await endOf(await start(harness, plan));
  expect(byAction(end, 'a')).toMatchObject({ state: 'FAILED', attempts: 1 });
  expect(byAction(end, 'a').reason).toMatch(/^CompensationTimeout: /);
});

test('aborted as asked: FAILED for good', async () => {
  const aborted = () => {
    throw ApplicationFailure.nonRetryable('vm-a: aborted', 'MigrationAborted');
  };
  const plan = harness.play({ compensations: one(), answers: { a: [report(), aborted] } });
  const end = await endOf(await start(harness, plan, { options: { abort_stuck: true } }));
  expect(byAction(end, 'a')).toMatchObject({
    state: 'FAILED',
    reason: 'MigrationAborted: vm-a: aborted',
    attempts: 1,
  });
  expect(end.options.abort_stuck).toBe(true);
});

test('a person is told', async () => {
  const plan = harness.play({
    limits: { notification_wait: 5 },
    compensations: one(),
    answers: { a: [report(), DONE] },
  });
  await endOf(await start(harness, plan));
  const told = harness.notified(plan).map(({ phase, rollback }) => [phase, rollback.reason]);
  expect(told).toContainEqual(['attention', 'its migration made no progress for 300 s']);
});
