/** Rollbacks that find what they need, and what a caller sees of them: the main job over HTTP. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { RollbackRequest } from '../../activities/types.js';
import { completeOptions } from '../../src/domain/options.js';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import { TemporalRollbacks } from '../../src/temporal/rollbacks.js';
import { startRollback } from '../../src/temporal/start.js';
import { clientOf } from '../support/cloud.js';
import { startTemporal } from '../support/temporal.js';
import { eventually } from './caller.js';
import { compensationOf, maintenanceScene, migrateAction, ourEffects, twice } from './scene.js';
import { type ServiceForTest, type ServiceOptions, startServiceForTest } from './service.js';

let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;

beforeAll(async () => {
  temporal = await startTemporal();
});
afterAll(() => temporal.teardown());
afterEach(() => service.close());

async function start(options: Partial<ServiceOptions> = {}): Promise<ServiceForTest> {
  service = await startServiceForTest({ temporal: temporal.address, ...options });
  return service;
}
const NOBODY: RollbackRequest = {
  options: {},
  requested_by: { user_id: null, user_name: null, project_id: null, request_id: null },
  requested_at: null,
  accept_by: null,
  previous_run_id: null,
};
const slow = { simulated: { times: { liveMigration: 400 } } };

test('host_maintenance of twelve servers, two SHUTOFF, and a node off: all as before, each effect once', async () => {
  const { sim } = await start();
  const scene = await maintenanceScene(sim, { running: 10, shutOff: 2 });
  expect(sim.snapshot()).not.toEqual(scene.before);

  const result = await service.rollBack(scene.plan);

  expect(sim.snapshot()).toEqual(scene.before);
  expect(result).toMatchObject({
    state: 'SUCCEEDED',
    restored: true,
    counts: { SUCCEEDED: 14 },
    requested_by: { user_name: 'anna' },
  });
  const expected = [
    `enable-service ${scene.homeService}`,
    `power-on ${scene.idleNode}`,
    ...scene.servers.map((id) =>
      scene.shutOff.includes(id) ? `cold-migrate ${id}` : `live-migrate ${id}`,
    ),
    ...scene.shutOff.map((id) => `confirm-resize ${id}`),
  ];
  expect(ourEffects(sim).toSorted()).toEqual(expected.toSorted());
});

describe('the naive order', () => {
  test('migrating home before enabling loses every move: 202, an error record, and the server stays', async () => {
    const { sim } = await start({ worker: false });
    const scene = await maintenanceScene(sim, { running: 3, shutOff: 0 });
    const after = sim.snapshot();
    // As somebody would who replays the plan backwards: Nova accepts every one of them.
    const cloud = clientOf(sim);
    for (const id of scene.servers) await cloud.compute.liveMigrate(id, scene.home);
    await cloud.close();
    await sim.settled();
    expect(sim.snapshot().servers).toEqual(after.servers);
    const outcomes = sim.ledger.filter(({ effect, userId }) => {
      return effect === 'live-migrate' && userId === sim.adminUserId;
    });
    expect(outcomes.filter(({ outcome }) => outcome === 'failed')).toHaveLength(3);
    expect(outcomes.filter(({ outcome }) => outcome === 'applied')).toHaveLength(0);
  });

  test('the service enables first: no migration onto the host is asked for before', async () => {
    const { sim } = await start();
    const scene = await maintenanceScene(sim, { running: 3, shutOff: 0 });
    expect(await service.rollBack(scene.plan)).toMatchObject({ state: 'SUCCEEDED' });
    const effects = ourEffects(sim);
    expect(moves(effects)).toHaveLength(3);
    const enabled = effects.indexOf(`enable-service ${scene.homeService}`);
    expect(enabled).toBeGreaterThanOrEqual(0);
    for (const move of moves(effects)) expect(move).toBeGreaterThan(enabled);
  });
});

test.each([2, 20])('%s POSTs at once: one workflow, and each effect once', async (count) => {
  const { sim } = await start(slow);
  const scene = await maintenanceScene(sim);
  const answers = await Promise.all(Array.from({ length: count }, () => service.post(scene.plan)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(new Set(answers.map(({ body }) => body.uuid)).size).toBe(1);
  expect(new Set(answers.map(({ body }) => body.state))).toEqual(new Set(['SUCCEEDED']));
  expect(sim.snapshot()).toEqual(scene.before);
  expect(twice(ourEffects(sim))).toEqual([]);
  const runs = await eventually('the run is listed', async () => {
    const found: string[] = [];
    const query = `WorkflowId = '${workflowIdOf(scene.plan)}'`;
    for await (const run of temporal.client.workflow.list({ query })) found.push(run.runId);
    return found.length > 0 && found;
  });
  expect(runs).toHaveLength(1);
});

test('several API processes asked at once: one workflow; who comes late meets its success', async () => {
  const { sim, config } = await start(slow);
  const scene = await maintenanceScene(sim);
  const { client } = temporal;
  const { taskQueue } = config.temporal;
  const options = completeOptions({}, config.api.maxAge);
  const results = await Promise.all(
    Array.from({ length: 5 }, () =>
      new TemporalRollbacks({ client, taskQueue, webUrl: null, startsAtOnce: 32 }).request(
        scene.plan,
        NOBODY,
        options,
      ),
    ),
  );
  expect(new Set(results.map(({ uuid }) => uuid)).size).toBe(1);
  const end = await service.ended(scene.plan);
  expect(end.state).toBe('SUCCEEDED');
  // One that looked before the start and asks only now.
  const late = startRollback(
    { client, taskQueue, planUuid: scene.plan, afterSuccess: false },
    NOBODY,
  );
  await expect(late).rejects.toThrow(WorkflowExecutionAlreadyStartedError);
  expect((await service.get(scene.plan)).body).toEqual(end);
});

describe('asked again', () => {
  test('after success, the same result at once, whatever became of the cloud since', async () => {
    const { sim } = await start();
    const scene = await maintenanceScene(sim);
    const first = await service.rollBack(scene.plan);
    sim.hand.migrate(scene.servers[0] ?? '', 'compute-3');
    const effects = ourEffects(sim).length;
    const second = await service.rollBack(scene.plan);
    expect(second).toEqual(first);
    expect(second.state).toBe('SUCCEEDED');
    expect(ourEffects(sim)).toHaveLength(effects);
  });

  test('after PARTIAL, a new run that finishes what was left and nothing else', async () => {
    const { sim } = await start();
    const scene = await maintenanceScene(sim);
    const [unlucky = ''] = scene.servers;
    sim.failMigrations(unlucky, 'Live migration failed: disk full');
    const first = await service.rollBack(scene.plan);
    expect(first).toMatchObject({ state: 'PARTIAL', restored: false, counts: { FAILED: 1 } });
    expect(compensationOf(first, unlucky).reason).toContain('disk full');
    const effects = ourEffects(sim);

    const second = await service.rollBack(scene.plan);
    expect(second.state).toBe('SUCCEEDED');
    expect(second.uuid).not.toBe(first.uuid);
    expect(sim.snapshot()).toEqual(scene.before);
    expect(ourEffects(sim).slice(effects.length)).toEqual([`live-migrate ${unlucky}`]);
  });

  test('PARTIAL may be finished though the plan has grown too old meanwhile', async () => {
    const { sim } = await start();
    const scene = await maintenanceScene(sim);
    sim.failMigrations(scene.servers[0] ?? '', 'no luck');
    expect((await service.rollBack(scene.plan)).state).toBe('PARTIAL');
    const updatedAt = new Date(Date.now() - 2 * 3_600_000).toISOString();
    sim.hand.setActionPlan(scene.plan, { updatedAt });
    expect((await service.rollBack(scene.plan)).state).toBe('SUCCEEDED');
    expect(sim.snapshot()).toEqual(scene.before);
  });

  test('while it runs: the same options join, others get 409 naming the difference', async () => {
    const { sim } = await start(slow);
    const scene = await maintenanceScene(sim);
    const first = await service.post(scene.plan, { prefer: 'respond-async' });
    const other = await service.post(scene.plan, { body: { hosts: 'keep' } });
    expect(other.status).toBe(409);
    expect(other.fault).toContain('hosts');
    const joined = await service.post(scene.plan);
    expect(joined.body).toMatchObject({ uuid: first.body.uuid, state: 'SUCCEEDED' });
  });
});

describe('Prefer', () => {
  test.each(['respond-async', 'wait=0'])(
    '%s: ONGOING at acceptance, the end by GET',
    async (prefer) => {
      const { sim } = await start(slow);
      const scene = await maintenanceScene(sim);
      const answer = await service.post(scene.plan, { prefer });
      expect(answer).toMatchObject({ status: 200, body: { state: 'ONGOING', restored: false } });
      expect(answer.headers.get('Preference-Applied')).toBe(prefer);
      const end = await service.ended(scene.plan);
      expect(end).toMatchObject({ state: 'SUCCEEDED', uuid: answer.body.uuid });
      expect(sim.snapshot()).toEqual(scene.before);
    },
  );

  test('wait=1: ONGOING after a second, the rollback goes on', async () => {
    const { sim } = await start({ simulated: { times: { liveMigration: 1500 } } });
    const scene = await maintenanceScene(sim, { running: 1, shutOff: 0 });
    const startedAt = performance.now();
    const answer = await service.post(scene.plan, { prefer: 'wait=1' });
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    expect(answer.body.state).toBe('ONGOING');
    expect(answer.headers.get('Preference-Applied')).toBe('wait=1');
    expect(await service.ended(scene.plan)).toMatchObject({ state: 'SUCCEEDED' });
  });
});

test('all rollbacks, newest first, in pages that miss and repeat nothing', async () => {
  const { sim } = await start();
  for (const name of ['a-1', 'a-2']) sim.addHost({ name });
  const plans: string[] = [];
  for (let n = 0; n < 5; n += 1) {
    const server = sim.addServer({ name: `vm-${n}`, host: 'a-1' });
    plans.push(await sim.applyPlan({ actions: [migrateAction(server, 'a-1', 'a-2')] }));
  }
  for (const plan of plans) await service.rollBack(plan);
  interface Listed {
    rollbacks: {
      action_plan_uuid: string;
      uuid: string;
      state: string;
      counts: Record<string, number>;
    }[];
    next?: string;
  }
  const wanted = plans.toReversed();
  await eventually('all are listed as ended', async () => {
    const { body } = await service.call<Listed>('GET', '/v1/rollbacks?state=SUCCEEDED');
    return wanted.every((plan) => body.rollbacks.some((row) => row.action_plan_uuid === plan));
  });
  const seen: Listed['rollbacks'] = [];
  let pages = 0;
  for (let path: string | null = '/v1/rollbacks?limit=2'; path !== null && pages < 50; pages += 1) {
    const { body }: { body: Listed } = await service.call<Listed>('GET', path);
    expect(body.rollbacks.length).toBeLessThanOrEqual(2);
    seen.push(...body.rollbacks);
    path = body.next === undefined ? null : body.next.slice(service.url.length);
  }
  expect(seen.slice(0, 5).map((row) => row.action_plan_uuid)).toEqual(wanted);
  expect(seen[0]).toMatchObject({ state: 'SUCCEEDED', counts: { SUCCEEDED: 1 } });
  expect(new Set(seen.map((row) => row.uuid)).size).toBe(seen.length);
});

test('cancelled: nothing new, no server half moved, and GET still gives the result; a POST finishes', async () => {
  const { sim } = await start({ ...slow, settings: { ROLLBACK_MIGRATIONS_PER_HOST: '1' } });
  const scene = await maintenanceScene(sim, { running: 3, shutOff: 0 });
  await service.post(scene.plan, { prefer: 'respond-async' });
  await eventually('a server is under way', () =>
    ourEffects(sim).some((effect) => effect.startsWith('live-migrate')),
  );
  await temporal.client.workflow.getHandle(workflowIdOf(scene.plan)).cancel();
  const end = await service.ended(scene.plan);
  expect(end).toMatchObject({ state: 'CANCELLED', restored: false });
  expect(end.counts.NOT_ATTEMPTED).toBeGreaterThanOrEqual(1);
  expect(end.counts.ONGOING).toBeUndefined();
  await sim.settled();
  const statuses = Object.values(sim.snapshot().servers).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set(['ACTIVE']));
  expect((await service.get(scene.plan)).body).toEqual(end);

  expect((await service.rollBack(scene.plan)).state).toBe('SUCCEEDED');
  expect(sim.snapshot()).toEqual(scene.before);
  expect(twice(ourEffects(sim))).toEqual([]);
});

test('terminated from outside: GET says so, and a POST finishes', async () => {
  const { sim } = await start({ ...slow, settings: { ROLLBACK_MIGRATIONS_PER_HOST: '1' } });
  const scene = await maintenanceScene(sim, { running: 3, shutOff: 0 });
  await service.post(scene.plan, { prefer: 'respond-async' });
  await eventually('a server is under way', () =>
    ourEffects(sim).some((effect) => effect.startsWith('live-migrate')),
  );
  await temporal.client.workflow.getHandle(workflowIdOf(scene.plan)).terminate('by a test');
  const { status, body } = await service.get(scene.plan);
  expect(status).toBe(200);
  expect(['FAILED', 'PARTIAL']).toContain(body.state);
  expect(body.failure?.message).toMatch(/from outside.*TERMINATED/);
  expect(body.counts.ONGOING).toBeUndefined();

  expect((await service.rollBack(scene.plan)).state).toBe('SUCCEEDED');
  expect(sim.snapshot()).toEqual(scene.before);
  expect(twice(ourEffects(sim))).toEqual([]);
});

function moves(effects: string[]): number[] {
  return effects.flatMap((effect, index) => (effect.startsWith('live-migrate') ? [index] : []));
}
