/** The limit of a whole rollback, and that a cancel ends in bounded time whatever never answers. */
import { Context } from '@temporalio/activity';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { CompensationReport, VerifyReport } from '../../activities/types.js';
import { pauseUpdate, resumeUpdate, retryUpdate } from '../../workflows/messages.js';
import {
  compensation,
  DONE,
  gate,
  type Harness,
  longAgo,
  migrate,
  startHarness,
} from './harness.js';
import { byAction, endOf, failureOf, type Handle, now, start, until } from './runs.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
}, 60_000);
/** Lets go of what never answers. */
const letGo: (() => void)[] = [];
afterAll(async () => {
  for (const go of letGo) go();
  await harness.stop();
});

const several = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    compensation(`c${n + 1}`, migrate(`vm-${n + 1}`, 'b', 'a')),
  );
const takes =
  (ms: number): (() => Promise<CompensationReport>) =>
  () =>
    new Promise((resolve) => setTimeout(() => resolve(DONE), ms));
const LIMIT = /^the time of the whole rollback was used up \(ROLLBACK_TIMEOUT, [\d.]+ s\)/;

async function eventTypes(handle: Handle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap((event) =>
    Object.keys(event).filter((key) => key.endsWith('EventAttributes') && Reflect.get(event, key)),
  );
}

describe('the time of a whole rollback', () => {
  test('used up: nothing new, what is in flight is let finish, what has asked for nothing ends', async () => {
    const held = gate();
    const waits = async () => {
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat({ asked: false }), 100);
      await context.cancelled.finally(() => clearInterval(beat));
      return DONE;
    };
    const plan = harness.play({
      limits: { rollback_timeout: 1, concurrency: 2, heartbeat_timeout: 1 },
      compensations: several(3),
      answers: { c1: [held.answer], c2: [waits] },
    });
    const handle = await start(harness, plan);
    await until('c2 ended', async () => byAction(await now(handle), 'c2').state !== 'ONGOING');
    expect(byAction(await now(handle), 'c1').state).toBe('ONGOING');
    held.open();
    const end = await endOf(handle);
    expect(end).toMatchObject({ state: 'PARTIAL', counts: { SUCCEEDED: 1, NOT_ATTEMPTED: 2 } });
    expect(byAction(end, 'c2').reason).toMatch(LIMIT);
    expect(byAction(end, 'c2').reason).toMatch(/before anything was asked for$/);
    expect(byAction(end, 'c3').reason).toMatch(LIMIT);
    expect(end.history.map(({ event }) => event)).toContain('time-limit');
    expect((await failureOf(handle)).type).toBe('RollbackIncomplete');
    expect(harness.calls(plan).map(({ action }) => action)).not.toContain('c3');
  });

  test('nothing undone at the end: SUCCEEDED, though the last one took longer', async () => {
    const plan = harness.play({
      limits: { rollback_timeout: 1 },
      compensations: several(1),
      answers: { c1: [takes(2500)] },
    });
    const end = await endOf(await start(harness, plan));
    expect(end.state).toBe('SUCCEEDED');
    expect(end.history.map(({ event }) => event)).toContain('time-limit');
  });

  test('paused time costs nothing, and nothing is pending meanwhile', async () => {
    const held = gate();
    const plan = harness.play({
      limits: { rollback_timeout: 2.5, concurrency: 1 },
      compensations: several(2),
      answers: { c1: [held.answer] },
    });
    const handle = await start(harness, plan);
    await held.entered;
    await handle.executeUpdate(pauseUpdate, { args: [{ by: null }] });
    held.open();
    await until('c1 is done', async () => byAction(await now(handle), 'c1').state === 'SUCCEEDED');
    await new Promise((resolve) => setTimeout(resolve, 3500));
    const { raw } = await handle.describe();
    expect(raw.pendingActivities ?? []).toEqual([]);
    const { executionConfig } = raw;
    expect(Number(executionConfig?.workflowExecutionTimeout?.seconds ?? 0)).toBe(0);
    expect(Number(executionConfig?.workflowRunTimeout?.seconds ?? 0)).toBe(0);
    const timers = (await eventTypes(handle)).filter((type) => type.startsWith('timer'));
    expect(timers).toEqual(['timerStartedEventAttributes', 'timerCanceledEventAttributes']);
    await handle.executeUpdate(resumeUpdate, { args: [{ by: null }] });
    expect((await endOf(handle)).state).toBe('SUCCEEDED');
  });

  test('used up: no retry and no pause is promised any more, and a failure stays one', async () => {
    const held = gate();
    const fails = async (): Promise<never> => {
      throw ApplicationFailure.nonRetryable('no', 'MigrationFailed', { asked: true });
    };
    const plan = harness.play({
      limits: { rollback_timeout: 1 },
      compensations: several(2),
      answers: { c1: [held.answer], c2: [fails] },
    });
    const handle = await start(harness, plan);
    await until('the time is used up', async () =>
      (await now(handle)).history.some(({ event }) => event === 'time-limit'),
    );
    const by = { by: null, action_uuid: 'c2' };
    for (const update of [retryUpdate, pauseUpdate]) {
      await expect(handle.executeUpdate(update, { args: [by] })).rejects.toMatchObject({
        cause: {
          type: 'NotControllable',
          message: expect.stringContaining('starts nothing new any more') as string,
        },
      });
    }
    held.open();
    const end = await endOf(handle);
    expect(byAction(end, 'c2')).toMatchObject({ state: 'FAILED', reason: 'MigrationFailed: no' });
  });

  test('the last look has a limit too: that of one attempt, over all of its own', async () => {
    const plan = harness.play({
      limits: { rollback_timeout: 60, compensation_timeout: 2, retry_attempts: 20 },
      compensations: several(1).map(longAgo),
      verify: () => new Promise<VerifyReport>((_, reject) => letGo.push(() => reject(new Error()))),
    });
    const startMs = Date.now();
    const end = await endOf(await start(harness, plan));
    expect(Date.now() - startMs).toBeLessThan(8000);
    expect(end.state).toBe('SUCCEEDED');
    expect(end.history.map(({ event }) => event)).toContain('unverified');
  }, 20_000);

  test('what was used is carried on where the history grows long', async () => {
    const plan = harness.play({
      limits: { rollback_timeout: 2, concurrency: 1, continue_as_new_after: 19 },
      compensations: several(8),
      answers: Object.fromEntries(several(8).map(({ action_uuid: id }) => [id, [takes(600)]])),
    });
    const handle = await start(harness, plan);
    const end = await endOf(handle);
    expect(end.uuid).not.toBe(end.workflow.run_id);
    expect(end.state).toBe('PARTIAL');
    expect(end.counts.SUCCEEDED).toBeLessThan(5);
    expect(byAction(end, 'c8').reason).toMatch(LIMIT);
  });

  test('no limit, no timer: as rollbacks that an older version accepted', async () => {
    const plan = harness.play({ compensations: several(1) });
    const handle = await start(harness, plan);
    await endOf(handle);
    expect((await eventTypes(handle)).filter((type) => /timer/.test(type))).toEqual([]);
  });
});

describe('a cancel ends in bounded time', () => {
  const never = <T>(): Promise<T> =>
    new Promise((_, reject) => letGo.push(() => reject(new Error('the test is over'))));

  async function endsWithin(handle: Handle, ms: number): Promise<void> {
    const startMs = Date.now();
    await handle.cancel();
    await handle.result().catch((error: unknown) => {
      if (!(error instanceof WorkflowFailedError)) throw error;
    });
    expect(Date.now() - startMs).toBeLessThan(ms);
  }

  test('while the plan is read', async () => {
    let asked = false;
    const plan = harness.play({
      compensations: several(1),
      readActionPlan: () => {
        asked = true;
        return never();
      },
    });
    const handle = await start(harness, plan);
    await until('it is read', async () => asked);
    await endsWithin(handle, 3000);
    expect(await failureOf(handle)).toMatchObject({
      type: 'RequestExpired',
      message: 'Cancelled before it was accepted. Nothing was touched.',
    });
    expect(harness.calls(plan)).toEqual([]);
  });

  test('while the last read does not end', async () => {
    let looking = false;
    const plan = harness.play({
      compensations: several(1).map(longAgo),
      verify: () => {
        looking = true;
        return never<VerifyReport>();
      },
    });
    const handle = await start(harness, plan);
    await until('it looks once more', async () => looking);
    await endsWithin(handle, 3000);
    const end = await endOf(handle);
    expect(end.state).toBe('SUCCEEDED');
    expect(end.history.find(({ event }) => event === 'unverified')?.message).toMatch(/cancelled$/);
  });

  test('a report of no progress that crosses the cancel, of a migration that is not its own', async () => {
    const crossing = async (): Promise<CompensationReport> => {
      const context = Context.current();
      const beat = setInterval(() => context.heartbeat({ asked: false }), 100);
      await context.cancelled.catch(() => undefined);
      clearInterval(beat);
      return { ...DONE, outcome: 'NO_PROGRESS', reason: 'silent', asked: false };
    };
    const plan = harness.play({
      limits: { heartbeat_timeout: 1 },
      compensations: several(1),
      answers: { c1: [crossing, () => never<CompensationReport>()] },
    });
    const handle = await start(harness, plan);
    await until('it runs', async () => harness.calls(plan).length === 1);
    await endsWithin(handle, 5000);
    expect(byAction(await now(handle), 'c1').state).toBe('NOT_ATTEMPTED');
    expect(harness.calls(plan)).toHaveLength(1);
  });

  test('what has asked is followed for the time of one attempt, then given up', async () => {
    const fails = async (): Promise<never> => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw ApplicationFailure.create({
        type: 'OpenStackUnreachable',
        message: 'no answer',
        details: [{ asked: true }],
        nextRetryDelay: 1500,
      });
    };
    const plan = harness.play({
      limits: { compensation_timeout: 3, retry_attempts: 10_000 },
      compensations: several(2),
      answers: { c1: [fails], c2: [fails] },
    });
    const handle = await start(harness, plan);
    await until('both failed once', async () => {
      const { history } = await now(handle);
      return history.filter(({ event }) => event === 'retrying').length >= 2;
    });
    await endsWithin(handle, 5500);
    const end = await now(handle);
    expect(byAction(end, 'c1')).toMatchObject({
      state: 'FAILED',
      reason: 'OpenStackUnreachable: no answer',
    });
  });

  test('an attempt that begins late is not given its whole time again', async () => {
    const COMPENSATION_MS = 6000;
    const late = async (): Promise<never> => {
      await new Promise((resolve) => setTimeout(resolve, COMPENSATION_MS - 500));
      throw ApplicationFailure.create({
        type: 'OpenStackUnreachable',
        message: 'no answer',
        details: [{ asked: true }],
      });
    };
    const plan = harness.play({
      limits: { compensation_timeout: COMPENSATION_MS / 1000 },
      compensations: several(1),
      answers: { c1: [late, () => never<CompensationReport>()] },
    });
    const handle = await start(harness, plan);
    await until('it runs', async () => harness.calls(plan).length === 1);
    await endsWithin(handle, COMPENSATION_MS + 3000);
    expect(byAction(await now(handle), 'c1').reason).toMatch(/^CompensationTimeout: /);
  }, 20_000);
});
