/** The program as users run it, in processes of its own: killed, drained, and what its API says of itself. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { SETTINGS } from '../../src/config/settings-table.js';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import { freePort } from '../../src/worker/runtime.js';
import { ensureBuilt } from '../support/built.js';
import { type Program, runProgram } from '../support/program.js';
import { startTemporal } from '../support/temporal.js';
import { eventually, RollbackCaller } from './caller.js';
import { maintenanceScene, ourEffects, type Scene, twice } from './scene.js';
import { SCALED, type ServiceForTest, startServiceForTest } from './service.js';

let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;
let programs: Pick<Program, 'kill'>[] = [];

beforeAll(async () => {
  ensureBuilt();
  temporal = await startTemporal();
}, 120_000);
afterAll(() => temporal.teardown());
beforeEach(async () => {
  service = await startServiceForTest({
    temporal: temporal.address,
    worker: false,
    simulated: { times: { liveMigration: 1200, coldMigration: 1200 } },
  });
});
afterEach(async () => {
  await Promise.all(programs.map((program) => program.kill()));
  programs = [];
  await service.close();
});

/** Against this test's cloud and Temporal. */
function run(command: 'start' | 'worker', own: Record<string, string> = {}): Promise<Program> {
  const env = {
    ...service.sim.env,
    ...SCALED,
    TEMPORAL_ADDRESS: temporal.address,
    ROLLBACK_TASK_QUEUE: service.config.temporal.taskQueue,
    ROLLBACK_WORKER_METRICS_PORT: '0',
    ROLLBACK_LOG_LEVEL: 'info',
    ROLLBACK_SHUTDOWN_GRACE: '10',
    ...own,
  };
  return runProgram(command, env, { onStart: (program) => programs.push(program) });
}

/** A rollback of which a live and a cold migration are under way. */
async function inTheMiddle(): Promise<Scene> {
  const scene = await maintenanceScene(service.sim, { running: 2, shutOff: 1 });
  const accepted = await service.post(scene.plan, { prefer: 'respond-async' });
  expect(accepted).toMatchObject({ status: 200, body: { state: 'ONGOING' } });
  await eventually('migrations are under way', () => {
    const effects = ourEffects(service.sim).join();
    return effects.includes('live-migrate') && effects.includes('cold-migrate');
  });
  return scene;
}

async function expectHome(scene: Scene): Promise<void> {
  const end = await service.ended(scene.plan);
  const outcomes = Object.fromEntries(
    end.compensations.map(({ resource_id, state }) => [resource_id ?? '', state]),
  );
  expect({ state: end.state, outcomes }).toMatchObject({
    state: 'SUCCEEDED',
    outcomes: Object.fromEntries(scene.servers.map((id) => [id, 'SUCCEEDED'])),
  });
  // Nova's records tell whose migration it was. Nobody keeps who switched a node on or enabled a host: where the report of it
  // died with the worker, the next one finds it as it was before, and says SKIPPED.
  expect(end.counts.SKIPPED ?? 0).toBeLessThanOrEqual(2);
  expect(service.sim.snapshot()).toEqual(scene.before);
  expect(twice(ourEffects(service.sim))).toEqual([]);
  // Two live, one cold and its confirmation, one host, one node.
  expect(ourEffects(service.sim)).toHaveLength(6);
}

test('a worker killed in the middle of migrations: another one takes over, and each effect happens once', async () => {
  const first = await run('worker');
  const scene = await inTheMiddle();
  await first.kill();
  expect(await first.exited).toBe('SIGKILL');
  const before = Object.values(service.sim.snapshot().servers);
  expect(before.some(({ status }) => status === 'MIGRATING' || status === 'RESIZE')).toBe(true);
  await run('worker');
  await expectHome(scene);
}, 60_000);

test('a worker told to end (SIGTERM) in the middle: it lets what is in flight finish, ends with 0; another one goes on', async () => {
  const first = await run('worker');
  const scene = await inTheMiddle();
  await run('worker');
  first.process.kill('SIGTERM');
  expect(await first.exited).toBe(0);
  expect(first.said.join('\n')).toContain('"stopped"');
  await expectHome(scene);
}, 60_000);

test('API and worker in one process: a rollback, readyz, and the metrics of both and of the SDK', async () => {
  const program = await run('start');
  const caller = new RollbackCaller(
    program.url,
    service.sim.issueToken({ userName: 'anna', roles: ['admin'] }),
  );
  const scene = await maintenanceScene(service.sim, { running: 1, shutOff: 0 });
  expect(await caller.rollBack(scene.plan)).toMatchObject({ state: 'SUCCEEDED' });
  expect(service.sim.snapshot()).toEqual(scene.before);

  const ready = await caller.call('GET', '/readyz');
  expect(ready).toMatchObject({ status: 200, body: { ready: true } });
  const metrics = await caller.call<string>('GET', '/metrics');
  expect(metrics.body).toContain('watcher_rollback_requests_total{outcome="SUCCEEDED"} 1');
  expect(metrics.body).toMatch(/^temporal_workflow_completed_total\{.*\} 1$/m);
  expect(metrics.body).toMatch(/^process_cpu_seconds_total /m);

  program.process.kill('SIGTERM');
  expect(await program.exited).toBe(0);
  expect(program.said.join('\n')).not.toContain(service.sim.env['OS_PASSWORD']);
}, 60_000);

test('a start that fails ends: Watcher’s address leads back here, or the port is taken', async () => {
  const port = await freePort('127.0.0.1');
  const own = {
    ROLLBACK_PORT: String(port),
    ROLLBACK_PROXY: 'true',
    ROLLBACK_WATCHER_URL: `http://127.0.0.1:${port}`,
  };
  await expect(run('start', own)).rejects.toThrow(
    /it ended with 2 .*leads back to this service: set it to watcher-api's own address/s,
  );
  const taken = { ROLLBACK_PORT: new URL(service.url).port };
  await expect(run('start', taken)).rejects.toThrow(
    /it ended with 2 .*The API cannot listen on .*something else listens there.*ROLLBACK_PORT/s,
  );
}, 60_000);

test('a worker told to end while it follows what a cancelled rollback has asked for: it hands that over, and ends with 0', async () => {
  const first = await run('worker', { ROLLBACK_SHUTDOWN_GRACE: '1' });
  const scene = await maintenanceScene(service.sim, { running: 1, shutOff: 0 });
  const [vm = ''] = scene.servers;
  service.sim.hand.hangMigrations(vm);
  await service.post(scene.plan, { prefer: 'respond-async' });
  await eventually('it is under way', () => ourEffects(service.sim).includes(`live-migrate ${vm}`));
  await service.call('POST', `/v1/action_plans/${scene.plan}/rollback/cancel`);
  await cancelReachesTheActivity(scene.plan);
  first.process.kill('SIGTERM');
  expect(await first.exited).toBe(0);
  const second = await run('worker', { ROLLBACK_PROGRESS_TIMEOUT: '0.5' });
  await eventually('another attempt follows it, and reports it', async () => {
    const { body } = await service.get(scene.plan);
    const { attempts, reason } = body.compensations.find((one) => one.resource_id === vm) ?? {};
    return attempts === 2 && reason?.includes('made no progress') === true;
  });
  const line = second.said.find((one) => one.includes('"worker metrics"')) ?? '{}';
  const metrics = await fetch((JSON.parse(line) as { url: string }).url);
  expect(await metrics.text()).toMatch(/^watcher_rollback_migrations_stuck\S* 1$/m);
  service.sim.clearFaults();
  const end = await service.ended(scene.plan);
  expect(end.compensations.find(({ resource_id: id }) => id === vm)?.state).toBe('SUCCEEDED');
  expect(twice(ourEffects(service.sim))).toEqual([]);
}, 60_000);

/** An activity hears of a cancel with its next heartbeat. None before the first is none yet. */
async function cancelReachesTheActivity(plan: string): Promise<void> {
  const handle = temporal.client.workflow.getHandle(workflowIdOf(plan));
  const beats = async (): Promise<number> => {
    const { raw } = await handle.describe();
    return Number(raw.pendingActivities?.[0]?.lastHeartbeatTime?.seconds ?? 0);
  };
  await eventually('a first heartbeat', async () => (await beats()) > 0);
  const before = await beats();
  await eventually('two heartbeats', async () => (await beats()) >= before + 3);
}

const DEAD_WORKER_NOTICED_MS = 15_000;

test('a dead worker is noticed within 15 s, with the settings as they are by default', async () => {
  const defaults = Object.fromEntries(
    [SETTINGS.heartbeatTimeout, SETTINGS.retryInitial, SETTINGS.retryMax].map((setting) => [
      setting.name,
      setting.default,
    ]),
  );
  const own = {
    ...defaults,
    ROLLBACK_COMPENSATION_TIMEOUT: '300',
    ROLLBACK_MIGRATION_TIMEOUT: '300',
  };
  const first = await run('worker', own);
  const scene = await maintenanceScene(service.sim, { running: 1, shutOff: 0 });
  const [vm = ''] = scene.servers;
  service.sim.hand.hangMigrations(vm);
  await service.post(scene.plan, { prefer: 'respond-async' });
  await eventually('it is under way', () => ourEffects(service.sim).includes(`live-migrate ${vm}`));
  await run('worker', own);
  const killedAt = Date.now();
  await first.kill();
  await eventually(
    'the next attempt runs',
    async () => {
      const { body } = await service.get(scene.plan);
      return body.compensations.some(({ attempts }) => attempts === 2);
    },
    2 * DEAD_WORKER_NOTICED_MS,
  );
  service.sim.clearFaults();
  expect((await service.ended(scene.plan)).state).toBe('SUCCEEDED');
  const { events } = await temporal.client.workflow
    .getHandle(workflowIdOf(scene.plan))
    .fetchHistory();
  const started = (events ?? []).flatMap(({ activityTaskStartedEventAttributes: is, eventTime }) =>
    is === null || is === undefined
      ? []
      : [Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1e6],
  );
  const next = started.filter((time) => time > killedAt).toSorted((a, b) => a - b)[0];
  expect((next ?? Infinity) - killedAt).toBeLessThan(DEAD_WORKER_NOTICED_MS);
}, 90_000);
