/** The arithmetic of a rollback's time, with days going by: on a clock of its own, outside of a workflow. */
import { TimeBudget } from '../../workflows/time-budget.js';

class Cancelled extends Error {}

jest.mock('@temporalio/workflow', () => ({
  patched: () => true,
  isCancellation: (error: unknown) => error instanceof Cancelled,
  sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
  CancellationScope: class {
    private cancelled: () => void = () => undefined;
    static nonCancellable<T>(body: () => Promise<T>): Promise<T> {
      return body();
    }
    run<T>(body: () => Promise<T>): Promise<T> {
      const cancel = new Promise<never>((_, reject) => {
        this.cancelled = () => reject(new Cancelled());
      });
      return Promise.race([body(), cancel]);
    }
    cancel(): void {
      this.cancelled();
    }
  },
}));

const DAY_MS = 86_400_000;
let usedUp = 0;

beforeEach(() => {
  usedUp = 0;
  jest.useFakeTimers();
});
afterEach(() => jest.useRealTimers());

const budget = (limitS: number | undefined, usedS = 0) =>
  new TimeBudget(limitS, usedS, { onUsedUp: () => (usedUp += 1), isUnmixed: false });

test('only the time that counts is used up, however long it waits in between', async () => {
  const time = budget(100);
  time.count(true);
  await jest.advanceTimersByTimeAsync(60_000);
  time.count(false);
  await jest.advanceTimersByTimeAsync(300 * DAY_MS);
  expect(time.used()).toBe(60);
  expect(usedUp).toBe(0);
  time.count(true);
  await jest.advanceTimersByTimeAsync(39_000);
  expect([time.used(), usedUp]).toEqual([99, 0]);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(usedUp).toBe(1);
});

test('what an earlier run used counts', async () => {
  const time = budget(100, 90);
  time.count(true);
  await jest.advanceTimersByTimeAsync(9_000);
  expect(usedUp).toBe(0);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(usedUp).toBe(1);
});

test('saying the same again changes nothing; without a limit there is none', async () => {
  const time = budget(10);
  for (let second = 0; second < 9; second += 1) {
    time.count(true);
    await jest.advanceTimersByTimeAsync(1000);
  }
  expect(usedUp).toBe(0);
  await jest.advanceTimersByTimeAsync(1000);
  expect(usedUp).toBe(1);
  budget(undefined).count(true);
  await jest.advanceTimersByTimeAsync(DAY_MS);
  expect(usedUp).toBe(1);
});
