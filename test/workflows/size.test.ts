import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { layOutInParts } from '../../activities/layout-parts.js';
import type { LaidOutCompensation } from '../../src/domain/layout-types.js';
import type { RollbackResult } from '../../src/domain/result.js';
import { partSender } from '../../src/temporal/send-part.js';
import { TemporalRollbacks } from '../../src/temporal/rollbacks.js';
import { compensationsQuery } from '../../workflows/messages.js';
import { stateKey } from '../../workflows/search-attributes.js';
import { compensation, DONE, type Harness, migrate, REQUEST, startHarness } from './harness.js';
import { endOf, type Handle, now, start, until } from './runs.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({
    wrap: (activities, client) => layOutInParts(activities, partSender(client)),
  });
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

const WARNED_EVENTS = 10_240;
const WARNED_BYTES = 10 * 1024 * 1024;
const WARNED_PAYLOAD_BYTES = 512 * 1024;

/** With all that a rollback knows at its end of what it restored; `work`: it is still to be done. */
function large(index: number, work: boolean): LaidOutCompensation {
  const [server, action] = [randomUUID(), randomUUID()];
  const [to, from] = [`compute-${index % 100}`, `compute-${100 + ((index * 7) % 100)}`];
  const move = { ...migrate(server, from, to), serverId: server, serverName: `vm-${index}` };
  const time = new Date(Date.UTC(2026, 10, 24, 12) + index * 97).toISOString();
  return compensation(action, move, {
    resource_id: server,
    resource_name: `vm-${server.slice(0, 8)}`,
    after: { host: from },
    now: { host: to, status: 'ACTIVE', flavor: 'm1.small' },
    evidence: {
      proof_migration_uuid: randomUUID(),
      ...(!work && { nova_request_id: `req-${randomUUID()}`, migration_uuid: randomUUID() }),
    },
    ...(!work && { state: 'SUCCEEDED', attempts: 1, started_at: time, finished_at: time }),
  });
}

interface Size {
  events: number;
  bytes: number;
  largestPayload: number;
}

/** Of every run of a rollback, and of what kept its state in between. */
async function sizes(handle: Pick<Handle, 'workflowId'>): Promise<Size[]> {
  const { workflow } = harness.env.client;
  const found: Size[] = [];
  for await (const { workflowId, runId } of workflow.list({
    query: `WorkflowId STARTS_WITH '${handle.workflowId}'`,
  })) {
    const run = workflow.getHandle(workflowId, runId);
    const [{ historyLength, historySize }, { events }] = await Promise.all([
      run.describe(),
      run.fetchHistory(),
    ]);
    const largest = (events ?? []).map((event) => Math.max(0, ...payloadSizes(event)));
    found.push({
      events: historyLength,
      bytes: historySize ?? 0,
      largestPayload: Math.max(...largest),
    });
  }
  return found;
}

/** Of all payloads in an event: whatever has both metadata and data. */
function payloadSizes(within: unknown): number[] {
  if (typeof within !== 'object' || within === null || within instanceof Uint8Array) return [];
  if ('data' in within && within.data instanceof Uint8Array) return [within.data.length];
  return Object.values(within).flatMap(payloadSizes);
}

test('10,000 actions: below all that Temporal warns of, in every run, and nothing lost in between', async () => {
  const [size, toDo] = [10_000, 24];
  const compensations = Array.from({ length: size }, (_, index) => large(index, index < toDo));
  const plan = harness.play({
    limits: { continue_as_new_after: 80, concurrency: 4 },
    compensations,
  });
  const handle = await start(harness, plan);
  const firstRun = (await handle.describe()).runId;
  const result = await endOf(handle);
  expect(result.counts).toEqual({ SUCCEEDED: size });
  expect(result.uuid).toBe(firstRun);
  expect(result.workflow.run_id).not.toBe(firstRun);
  expect(
    harness
      .calls(plan)
      .map((call) => call.action)
      .toSorted(),
  ).toEqual(
    compensations
      .slice(0, toDo)
      .map((one) => one.action_uuid)
      .toSorted(),
  );
  const last = harness.env.client.workflow.getHandle(handle.workflowId);
  const page = await last.query(compensationsQuery, { offset: 9_500, limit: 1_000 });
  expect(page?.compensations.map((one) => one.evidence)).toEqual(
    compensations.slice(9_500).map((one) => one.evidence),
  );
  let found: Size[] = [];
  await until('all runs are listed', async () => {
    found = await sizes(handle);
    return found.length >= 3;
  });
  expect(Math.max(...found.map(({ events }) => events))).toBeLessThan(WARNED_EVENTS);
  expect(Math.max(...found.map(({ bytes: of }) => of))).toBeLessThan(WARNED_BYTES);
  expect(Math.max(...found.map((one) => one.largestPayload))).toBeLessThan(WARNED_PAYLOAD_BYTES);
  expect(Math.max(...found.map((one) => one.largestPayload))).toBeGreaterThan(100_000);
}, 120_000);

const BALLAST_CHARS = 250_000;

test('a layout too large for one payload: read in small parts, put in order, answered and begun, each in a turn of its own', async () => {
  const heavy = Array.from({ length: 7 }, (_, index) =>
    compensation(`b${index}`, null, { residue: String(index).repeat(BALLAST_CHARS) }),
  );
  const plan = harness.play({
    compensations: [compensation('a', migrate('vm', 'c2', 'c1')), ...heavy],
  });
  const handle = await start(harness, plan);
  expect((await endOf(handle)).counts.SUCCEEDED).toBe(1);
  const { events = [] } = await handle.fetchHistory();
  const story = (events ?? []).flatMap((event) => {
    if (event.workflowExecutionSignaledEventAttributes?.signalName === 'part') return ['part'];
    if (event.markerRecordedEventAttributes?.markerName === 'core_local_activity') return ['turn'];
    const set = event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes;
    if (Object.keys(set?.indexedFields ?? {}).includes(stateKey.name)) return [stateKey.name];
    const activity = event.activityTaskScheduledEventAttributes?.activityType?.name;
    return activity === 'liveMigrateServer' ? ['begun'] : [];
  });
  const parts = heavy.map(() => 'part');
  expect(story.slice(0, parts.length + 5)).toEqual([
    ...parts,
    'turn',
    'turn',
    stateKey.name,
    'turn',
    'begun',
  ]);
}, 60_000);

test("Temporal's advice to begin a new run is not followed while the history is far from what it warns of", async () => {
  const advising = await startHarness({
    temporal: { 'limit.historyCount.suggestContinueAsNew': 20 },
  });
  try {
    const names = Array.from({ length: 20 }, (_, index) => `a${index}`);
    const plan = advising.play({
      limits: { concurrency: 2 },
      compensations: names.map((name) => compensation(name, migrate(name, 'c2', 'c1'))),
    });
    const handle = await start(advising, plan);
    const result = await endOf(handle);
    expect(result.counts).toEqual({ SUCCEEDED: 20 });
    expect(result.uuid).toBe(result.workflow.run_id);
    const { events } = await handle.fetchHistory();
    const advised = (events ?? []).filter(
      ({ workflowTaskStartedEventAttributes: its }) => its?.suggestContinueAsNew === true,
    );
    expect(advised.length).toBeGreaterThan(5);
    // So that a worker of 0.1.0, which follows it, is not handed a rollback that went on.
    const marks = (events ?? [])
      .flatMap(({ markerRecordedEventAttributes: its }) => Object.values(its?.details ?? {}))
      .flatMap(({ payloads }) => payloads ?? [])
      .map(({ data }) => Buffer.from(data ?? []).toString());
    expect(marks.some((mark) => mark.includes('longer-runs'))).toBe(true);
  } finally {
    await advising.stop();
  }
}, 60_000);

test('a preview of 10,000 actions: whole, and no payload of it is more than Temporal warns of', async () => {
  const compensations = Array.from({ length: 10_000 }, (_, index) => large(index, true));
  const plan = harness.play({ compensations });
  const { client } = harness.env;
  const { taskQueue } = harness;
  const rollbacks = new TemporalRollbacks({ client, taskQueue, webUrl: null, startsAtOnce: 10 });
  const acceptBy = new Date(Date.now() + 60_000).toISOString();
  const preview = await rollbacks.preview(plan, { ...REQUEST, accept_by: acceptBy });
  expect(preview).toMatchObject({ truncated: false, counts: { PENDING: 10_000 } });
  const names = compensations.map(({ action_uuid }) => action_uuid);
  expect(preview.compensations.map(({ action_uuid }) => action_uuid)).toEqual(names);
  expect(preview.preview.order).toEqual(names);
  const [kept] = await sizes({ workflowId: preview.workflow.id });
  const page = gzipSync(JSON.stringify(preview.compensations.slice(0, 2500)));
  expect(page.length).toBeLessThan(WARNED_PAYLOAD_BYTES);
  expect(kept?.largestPayload).toBeGreaterThan(100_000);
  expect(kept?.largestPayload).toBeLessThan(WARNED_PAYLOAD_BYTES);
}, 60_000);
