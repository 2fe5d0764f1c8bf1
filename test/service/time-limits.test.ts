/** Time limits through the whole service: migrations that make no progress, the time of a rollback, and OpenStack gone silent. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { WorkflowFailedError } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import type { RollbackResult } from '../../src/domain/result.js';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import type { Fault } from '../../src/simulated-cloud/types.js';
import { startTemporal } from '../support/temporal.js';
import { eventually } from './caller.js';
import { compensationOf, maintenanceScene, ourEffects, type Scene } from './scene.js';
import { type ServiceForTest, startServiceForTest } from './service.js';

let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;
let scene: Scene;

beforeAll(async () => {
  temporal = await startTemporal();
});
afterEach(() => service.close());
afterAll(() => temporal.teardown());

const HANGS_S = 0.8;

async function begin(settings: Record<string, string>): Promise<void> {
  service = await startServiceForTest({
    temporal: temporal.address,
    settings: { ROLLBACK_PROGRESS_TIMEOUT: String(HANGS_S), ...settings },
  });
  scene = await maintenanceScene(service.sim, { running: 2, shutOff: 0 });
}

const path = (end: string) => `/v1/action_plans/${scene.plan}/rollback${end}`;
const hung = () => scene.servers[0] ?? '';
const ONE_AT_A_TIME = { ROLLBACK_MIGRATIONS_PER_HOST: '1', ROLLBACK_CONCURRENCY: '1' };

async function isUnderWay(): Promise<void> {
  await eventually('a migration is under way', () =>
    ourEffects(service.sim).some((effect) => effect.startsWith('live-migrate')),
  );
}

async function reported(): Promise<RollbackResult> {
  return await eventually('it is reported', async () => {
    const { body } = await service.get(scene.plan);
    return body.history.some(({ event }) => event === 'no-progress') && body;
  });
}

describe('a migration that makes no progress', () => {
  test('is reported while it goes on, and followed to its end', async () => {
    await begin({});
    service.sim.hand.hangMigrations(hung());
    await service.post(scene.plan, { prefer: 'respond-async' });
    const meanwhile = await reported();
    expect(meanwhile.state).toBe('ONGOING');
    expect(compensationOf(meanwhile, hung())).toMatchObject({
      state: 'ONGOING',
      attempts: 1,
      reason: expect.stringMatching(/made no progress for .* it is followed on$/) as string,
    });
    service.sim.clearFaults();
    const end = await service.ended(scene.plan);
    expect(end.state).toBe('SUCCEEDED');
    expect(end.history.filter(({ event }) => event === 'no-progress')).toHaveLength(1);
    expect(compensationOf(end, hung())).toMatchObject({ reason: null, attempts: 1 });
    expect(service.sim.snapshot()).toEqual(scene.before);
    expect(ourEffects(service.sim).filter((it) => it.startsWith('abort'))).toEqual([]);
  });

  test('is aborted where the caller asked for that, and nothing else is', async () => {
    await begin({});
    service.sim.hand.hangMigrations(hung());
    const end = await service.rollBack(scene.plan, { abort_stuck: true });
    expect(end).toMatchObject({ state: 'PARTIAL', options: { abort_stuck: true } });
    expect(compensationOf(end, hung())).toMatchObject({ state: 'FAILED', attempts: 1 });
    expect(compensationOf(end, hung()).reason).toMatch(/^MigrationAborted: .*as asked/);
    const effects = ourEffects(service.sim);
    expect(effects.filter((it) => it.startsWith('abort'))).toEqual([`abort-migration ${hung()}`]);
    expect(effects.filter((it) => it === `live-migrate ${hung()}`)).toHaveLength(1);
    expect(service.sim.snapshot().servers[hung()]).toMatchObject({ status: 'ACTIVE' });
    service.sim.clearFaults();
    // What was left is taken up again by asking anew.
    expect(await service.rollBack(scene.plan)).toMatchObject({ state: 'SUCCEEDED' });
    expect(service.sim.snapshot()).toEqual(scene.before);
  });
});

test('the time of a rollback is used up: what is in flight is let finish, the rest says why', async () => {
  await begin({ ...ONE_AT_A_TIME, ROLLBACK_TIMEOUT: '2' });
  for (const id of scene.servers) service.sim.hand.hangMigrations(id);
  await service.post(scene.plan, { prefer: 'respond-async' });
  await eventually('its time is up', async () =>
    (await service.get(scene.plan)).body.history.some(({ event }) => event === 'time-limit'),
  );
  service.sim.clearFaults();
  const end = await service.ended(scene.plan);
  expect(end).toMatchObject({ state: 'PARTIAL', counts: { NOT_ATTEMPTED: 1 } });
  const reasons = end.compensations.flatMap(({ state, reason }) =>
    state === 'NOT_ATTEMPTED' ? [reason] : [],
  );
  expect(reasons).toEqual(['the time of the whole rollback was used up (ROLLBACK_TIMEOUT, 2 s)']);
});

describe('OpenStack accepts and never answers', () => {
  const EVERYTHING = ['identity', 'compute', 'baremetal', 'optimizer', 'placement'] as const;
  function allHangs(services: readonly Fault['service'][] = EVERYTHING): void {
    for (const one of services) {
      service.sim.inject({ service: one, times: 1_000_000, effect: { kind: 'hang' } });
    }
  }
  const COMPENSATION_S = 4;
  /** Each of the two, as docs/operations.md has it: what is in flight, and the last look. */
  const BOUND_MS = 2 * COMPENSATION_S * 1000;
  /** What Temporal and a busy machine take. */
  const SLACK_MS = 4000;
  const SHORT = {
    ROLLBACK_COMPENSATION_TIMEOUT: String(COMPENSATION_S),
    ROLLBACK_MIGRATION_TIMEOUT: String(COMPENSATION_S),
    // The number of attempts is not what ends it.
    ROLLBACK_RETRY_ATTEMPTS: '10000',
  };

  test('a cancel in the middle of a migration ends within the documented bound', async () => {
    await begin({ ...ONE_AT_A_TIME, ...SHORT });
    service.sim.hand.hangMigrations(hung());
    service.sim.hand.hangMigrations(scene.servers[1] ?? '');
    await service.post(scene.plan, { prefer: 'respond-async' });
    await isUnderWay();
    allHangs();
    const startMs = Date.now();
    expect((await service.call('POST', path('/cancel'))).status).toBe(200);
    const end = await eventually(
      'it ended',
      async () => {
        const { body } = await service.get(scene.plan);
        return body.state === 'CANCELLED' && body;
      },
      BOUND_MS + SLACK_MS,
    );
    expect(Date.now() - startMs).toBeLessThan(BOUND_MS + SLACK_MS);
    expect(end.counts).toMatchObject({ FAILED: 1, NOT_ATTEMPTED: 1 });
    const { status } = await temporal.client.workflow
      .getHandle(workflowIdOf(scene.plan))
      .describe();
    expect(status.name).toBe('CANCELLED');
    // Nothing is lost: once OpenStack is back, asking anew takes up what goes on.
    service.sim.clearFaults();
    expect(await service.rollBack(scene.plan)).toMatchObject({ state: 'SUCCEEDED' });
    expect(service.sim.snapshot()).toEqual(scene.before);
  }, 60_000);

  test('the time limit of the rollback ends it as well', async () => {
    await begin({ ...ONE_AT_A_TIME, ...SHORT, ROLLBACK_TIMEOUT: '2' });
    service.sim.hand.hangMigrations(hung());
    service.sim.hand.hangMigrations(scene.servers[1] ?? '');
    await service.post(scene.plan, { prefer: 'respond-async' });
    await isUnderWay();
    allHangs();
    const startMs = Date.now();
    const end = await service.ended(scene.plan);
    expect(Date.now() - startMs).toBeLessThan(2000 + BOUND_MS + SLACK_MS);
    expect(end.counts).toMatchObject({ FAILED: 1, NOT_ATTEMPTED: 1 });
  }, 60_000);

  test('a cancel before acceptance ends it at once; without one, the accept limit does', async () => {
    await begin({ ROLLBACK_ACCEPT_TIMEOUT: '4' });
    // The token is known by then.
    await service.get(scene.plan);
    allHangs(['compute', 'baremetal', 'optimizer', 'placement']);
    const handle = temporal.client.workflow.getHandle(workflowIdOf(scene.plan));
    const asked = service.post(scene.plan);
    await eventually('it is being read', async () =>
      handle.describe().then(
        ({ raw }) => (raw.pendingActivities ?? []).length > 0,
        () => false,
      ),
    );
    const startMs = Date.now();
    await handle.cancel();
    const answer = await asked;
    expect(answer.status).toBe(503);
    expect(answer.fault).toMatch(/Cancelled before it was accepted. Nothing was touched/);
    expect(Date.now() - startMs).toBeLessThan(3000);
    const error: unknown = await handle.result().catch((caught: unknown) => caught);
    if (!(error instanceof WorkflowFailedError)) throw error;
    expect((error.cause as ApplicationFailure).type).toBe('RequestExpired');

    const again = await service.post(scene.plan);
    expect(again.status).toBe(503);
    expect(Date.now() - startMs).toBeLessThan(12_000);
    expect(ourEffects(service.sim)).toEqual([]);
  }, 60_000);
});
