import type { RollbackResult } from '../../src/domain/result.js';
import { compensationsQuery } from '../../workflows/messages.js';
import { compensation, DONE, type Harness, migrate, startHarness } from './harness.js';
import { endOf, now, start } from './runs.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
}, 60_000);
afterAll(() => harness.stop());

function bytes(result: RollbackResult): number {
  return Buffer.byteLength(JSON.stringify(result));
}

test('a large rollback: the result stays small and shows what needs attention first', async () => {
  const size = 1000;
  const name = (index: number) => `action-${String(index).padStart(32, '0')}`;
  const kept = {
    ...DONE,
    outcome: 'KEPT' as const,
    reason: 'moved by hand — überprüft '.repeat(10),
  };
  const plan = harness.play({
    limits: { concurrency: 200, migrations_per_host: 200 },
    compensations: Array.from({ length: size }, (_, index) =>
      compensation(name(index), migrate(`vm-${index}`, 'c2', 'c1')),
    ),
    answers: Object.fromEntries([17, 900].map((index) => [name(index), [kept]])),
  });
  const handle = await start(harness, plan);
  const result = await endOf(handle);
  expect(result.counts).toEqual({ SUCCEEDED: size - 2, KEPT: 2 });
  expect(result.truncated).toBe(true);
  expect(bytes(result)).toBeLessThan(256_000);
  expect(result.compensations.map((one) => one.action_uuid)).toEqual([name(17), name(900)]);
  const page = await handle.query(compensationsQuery, { offset: 990, limit: 1000 });
  expect(page).toMatchObject({ total: size, offset: 990 });
  expect(page?.compensations).toHaveLength(10);
}, 120_000);

test('a history that grows long goes on in a new run: same rollback, nothing done twice', async () => {
  const names = Array.from({ length: 40 }, (_, index) => `a${index}`);
  const plan = harness.play({
    limits: { continue_as_new_after: 60, concurrency: 4 },
    compensations: names.map((name) => compensation(name, migrate(name, 'c2', 'c1'))),
  });
  const handle = await start(harness, plan);
  const firstRun = (await handle.describe()).runId;
  const result = await endOf(handle);
  expect(result.counts).toEqual({ SUCCEEDED: 40 });
  expect(result.uuid).toBe(firstRun);
  expect(result.workflow.run_id).not.toBe(firstRun);
  expect(
    harness
      .calls(plan)
      .map((call) => call.action)
      .toSorted(),
  ).toEqual(names.toSorted());
  expect((await now(harness.env.client.workflow.getHandle(handle.workflowId))).uuid).toBe(firstRun);
  expect(result.history[0]?.event).toBe('accepted');
});

test('a worker without a cache replays every task from the start and makes the same calls', async () => {
  const uncached = await startHarness({ maxCachedWorkflows: 0 });
  try {
    const names = Array.from({ length: 6 }, (_, index) => `a${index}`);
    const play = (on: Harness) =>
      on.play({
        limits: { concurrency: 1 },
        compensations: names.map((name) => compensation(name, migrate(name, 'c2', 'c1'))),
      });
    const calls = async (on: Harness) => {
      const plan = play(on);
      await endOf(await start(on, plan));
      return on.calls(plan).map((call) => call.action);
    };
    expect(await calls(uncached)).toEqual(await calls(harness));
  } finally {
    await uncached.stop();
  }
}, 60_000);
