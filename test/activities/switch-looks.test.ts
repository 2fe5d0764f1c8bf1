/** Looks at the stop switch: how long one is good for, and that a rollback which it stops is refused at once. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { NEVER_STOPPED, type ReadStopSwitch, switchLooks } from '../../activities/asked-switch.js';
import { underStopSwitch } from '../../activities/stop-switch.js';
import type { PlanReading, RollbackActivities } from '../../activities/types.js';

const STOPPED: ReadStopSwitch = () =>
  Promise.resolve({ stopped: true, reason: 'look first', by: 'anna', since: null });

describe('a recent look', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('is made anew after a fifth of a second, counted from when the last one was begun', async () => {
    let isOn = false;
    let reads = 0;
    const { anew, recent } = switchLooks(async () => {
      reads += 1;
      const read = isOn ? STOPPED : NEVER_STOPPED;
      await sleepFor(50);
      return await read();
    });
    const asked = async (look: ReadStopSwitch) => {
      const answer = look();
      await jest.advanceTimersByTimeAsync(50);
      return [(await answer).stopped, reads];
    };
    expect(await asked(anew)).toEqual([false, 1]);
    isOn = true;
    await jest.advanceTimersByTimeAsync(99);
    // 149 ms after it was begun, then 199, then 249.
    expect(await asked(recent)).toEqual([false, 1]);
    expect(await asked(recent)).toEqual([false, 1]);
    expect(await asked(recent)).toEqual([true, 2]);
    expect(await asked(recent)).toEqual([true, 2]);
    expect(await asked(anew)).toEqual([true, 3]);
  });
});

function sleepFor(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe('plan and layout that are read beside the look', () => {
  const PLAN = { plan: 'as read' } as unknown as PlanReading;
  const accept = (readActionPlan: () => Promise<PlanReading>, read: ReadStopSwitch) => {
    const own = { readActionPlan } as unknown as RollbackActivities;
    const activities = underStopSwitch(own, switchLooks(read));
    const environment = new MockActivityEnvironment({ workflowType: 'RollbackActionPlan' });
    const layOut = { requested_at: '2026-11-30T12:00:00Z', up_to: 100 };
    return environment.run(() => activities.readActionPlan({} as never, layOut));
  };
  const never = () => new Promise<never>(() => undefined);
  let unhandled: unknown[];
  const note = (error: unknown) => void unhandled.push(error);
  beforeEach(() => {
    unhandled = [];
    process.on('unhandledRejection', note);
  });
  afterEach(() => void process.off('unhandledRejection', note));

  it('are not waited for where the switch says no', async () => {
    await expect(accept(never, STOPPED)).rejects.toMatchObject({
      type: 'RollbacksStopped',
      nonRetryable: true,
      message: expect.stringContaining('look first') as string,
    });
  });

  it('nor where nobody can tell what it says', async () => {
    const away = () => Promise.reject(new Error('away'));
    await expect(accept(never, away)).rejects.toMatchObject({ type: 'TemporalUnreachable' });
  });

  it('may fail before or after that, which is nobody’s affair', async () => {
    const slowly: ReadStopSwitch = async () => {
      await sleep(20);
      return await STOPPED();
    };
    const fails = (after: number) => async () => {
      await sleep(after);
      throw new Error('Nova is away');
    };
    for (const after of [0, 40]) {
      await expect(accept(fails(after), slowly)).rejects.toMatchObject({
        type: 'RollbacksStopped',
      });
    }
    await sleep(60);
    expect(unhandled).toEqual([]);
  });

  it('are what comes of it where it says yes, and their failure is told', async () => {
    expect(await accept(() => Promise.resolve(PLAN), NEVER_STOPPED)).toBe(PLAN);
    const fails = () => Promise.reject(new Error('Nova is away'));
    await expect(accept(fails, NEVER_STOPPED)).rejects.toThrow('Nova is away');
    expect(unhandled).toEqual([]);
  });
});
