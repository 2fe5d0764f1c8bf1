/** OpenStack, Temporal or the workers away: 503 that says which and when to ask again; recovery by itself; no late start. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import { lazyClient, temporalProfile, withAddress } from '../../src/temporal/connection.js';
import { type DevServer, startDevServer } from '../../src/temporal-server/dev-server.js';
import { freePort } from '../../src/worker/runtime.js';
import { silenceRuntime, temporalCli } from '../support/temporal.js';
import { ACTION_PLAN_ATTRIBUTE, STATE_ATTRIBUTE } from '../../workflows/search-attributes.js';
import { type Answer, eventually } from './caller.js';
import { maintenanceScene, ourEffects, writes } from './scene.js';
import { type ServiceForTest, type ServiceOptions, startServiceForTest } from './service.js';

let folder: string;
let temporal: DevServer;
let service: ServiceForTest;
let client: Client;

beforeAll(async () => {
  silenceRuntime();
  folder = mkdtempSync(join(tmpdir(), 'rollback-temporal-'));
  temporal = await startServer();
  client = lazyClient(withAddress(temporalProfile({}), temporal.address));
});
afterAll(async () => {
  await client.connection.close();
  await temporal.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => service.close());

/** Not the usual port: where ours is stopped, another server might be started there. */
async function startServer(port?: number): Promise<DevServer> {
  return await startDevServer({
    port: port ?? (await freePort('127.0.0.1')),
    uiPort: await freePort('127.0.0.1'),
    cliPath: () => Promise.resolve(temporalCli()),
    dbFile: join(folder, 'temporal.db'),
    namespace: 'default',
    searchAttributes: { [ACTION_PLAN_ATTRIBUTE]: 'Keyword', [STATE_ATTRIBUTE]: 'Keyword' },
    logLevel: 'never',
    env: process.env,
    say: () => {},
  });
}

async function start(options: Partial<ServiceOptions> = {}): Promise<ServiceForTest> {
  service = await startServiceForTest({ temporal: temporal.address, ...options });
  return service;
}

function expectUnavailable(answer: Answer, what: RegExp): void {
  expect({ status: answer.status, fault: answer.fault }).toEqual({
    status: 503,
    fault: expect.stringMatching(what) as string,
  });
  expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0);
}

test.each(['optimizer', 'compute'] as const)(
  'OpenStack (%s) answers 503: 503 within seconds, nothing touched; then all is well by itself',
  async (openstack) => {
    const { sim } = await start();
    const scene = await maintenanceScene(sim);
    sim.inject({ service: openstack, times: 1000, effect: { kind: 'status', status: 503 } });
    expectUnavailable(await service.post(scene.plan), /cannot|503|unavailable/i);
    expect(writes(sim)).toEqual([]);
    sim.clearFaults();
    expect(await service.rollBack(scene.plan)).toMatchObject({ state: 'SUCCEEDED' });
    expect(sim.snapshot()).toEqual(scene.before);
  },
);

test('OpenStack away in the middle: the rollback waits it out', async () => {
  const { sim } = await start();
  const scene = await maintenanceScene(sim);
  await service.post(scene.plan, { prefer: 'respond-async' });
  await eventually('something was asked for', () => ourEffects(sim).length > 0);
  sim.inject({ service: 'compute', times: 20, effect: { kind: 'reset', when: 'before' } });
  expect(await service.ended(scene.plan)).toMatchObject({ state: 'SUCCEEDED' });
  expect(sim.snapshot()).toEqual(scene.before);
});

test('no worker: 503 at once that says to start one; it is not run later either', async () => {
  const { sim } = await start({ worker: false });
  const scene = await maintenanceScene(sim);
  const startedAt = performance.now();
  expectUnavailable(await service.post(scene.plan), /No worker.*npm run worker/);
  expect(performance.now() - startedAt).toBeLessThan(3000);

  await service.startWorker();
  // The proof that the worker works, and that this request is the first that it sees.
  const nop = await sim.applyPlan({ actions: [{ type: 'nop', parameters: {} }] });
  expect(await service.rollBack(nop)).toMatchObject({ state: 'SUCCEEDED' });
  expect((await service.get(scene.plan)).status).toBe(404);
  expect(writes(sim)).toEqual([]);
});

test('the worker has just gone: the start is answered 503 and dropped, whenever a worker comes', async () => {
  const { sim } = await start({ settings: { ROLLBACK_ACCEPT_TIMEOUT: '3' }, worker: false });
  const scene = await maintenanceScene(sim);
  const worker = await service.startWorker();
  const nop = await sim.applyPlan({ actions: [{ type: 'nop', parameters: {} }] });
  expect(await service.rollBack(nop)).toMatchObject({ state: 'SUCCEEDED' });
  await worker.stop();
  // Temporal remembers its pollers for a while: the start is taken up, and nobody accepts it.
  expectUnavailable(await service.post(scene.plan), /worker/i);

  await service.startWorker();
  const again = await sim.applyPlan({ actions: [{ type: 'nop', parameters: {} }] });
  expect(await service.rollBack(again)).toMatchObject({ state: 'SUCCEEDED' });
  await eventually('the dropped start is closed, or there is none', async () => {
    const runs: string[] = [];
    const query = `WorkflowId = '${workflowIdOf(scene.plan)}'`;
    for await (const run of client.workflow.list({ query })) runs.push(run.status.name);
    return runs.every((status) => status === 'FAILED');
  });
  expect((await service.get(scene.plan)).status).toBe(404);
  expect(writes(sim)).toEqual([]);

  expect(await service.rollBack(scene.plan)).toMatchObject({ state: 'SUCCEEDED' });
  expect(sim.snapshot()).toEqual(scene.before);
}, 40_000);

test('the worker has gone in the middle of a rollback: reading it is answered 503 that names the worker, not that there is none', async () => {
  const { sim } = await start({ worker: false, simulated: { times: { liveMigration: 4000 } } });
  const worker = await service.startWorker();
  const scene = await maintenanceScene(sim);
  await service.post(scene.plan, { prefer: 'respond-async' });
  await worker.stop();
  expectUnavailable(
    await service.get(scene.plan),
    /worker on the task queue .* does not answer in time.*ask again/,
  );

  await service.startWorker();
  expect(await service.ended(scene.plan)).toMatchObject({ state: 'SUCCEEDED' });
}, 60_000);

test('Temporal is not there: 503, and readyz says so', async () => {
  const { sim } = await start({ temporal: '127.0.0.1:9', worker: false });
  const scene = await maintenanceScene(sim);
  expectUnavailable(await service.post(scene.plan), /Temporal cannot be reached.*TEMPORAL_ADDRESS/);
  expectUnavailable(await service.get(scene.plan), /Temporal cannot be reached/);
  expectUnavailable(await service.call('GET', '/v1/rollbacks'), /Temporal cannot be reached/);
  const ready = await service.call<{ temporal: { ok: boolean } }>('GET', '/readyz');
  expect({ status: ready.status, ok: ready.body.temporal.ok }).toEqual({ status: 503, ok: false });
  expect(writes(sim)).toEqual([]);
});

test('Temporal goes away in the middle and comes back: API and worker recover, the rollback ends, each effect once', async () => {
  const { sim } = await start({
    simulated: { times: { liveMigration: 300 } },
    // A busy machine may take longer than this pace allows; how soon it is accepted is not what this is about.
    settings: { ROLLBACK_MIGRATIONS_PER_HOST: '1', ROLLBACK_ACCEPT_TIMEOUT: '30' },
  });
  const scene = await maintenanceScene(sim, { running: 3, shutOff: 0 });
  const { port } = new URL(`http://${temporal.address}`);
  const accepted = await service.post(scene.plan, { prefer: 'respond-async' });
  const { status, fault, body } = accepted;
  expect({ status, fault, state: body.state }).toEqual({
    status: 200,
    fault: '',
    state: 'ONGOING',
  });
  await eventually('a move is under way', () =>
    ourEffects(sim).some((effect) => effect.startsWith('live-migrate')),
  );
  await temporal.stop();
  expectUnavailable(await service.post(scene.plan), /Temporal cannot be reached/);

  temporal = await startServer(Number(port));
  const end = await service.ended(scene.plan);
  expect(end).toMatchObject({ state: 'SUCCEEDED', uuid: accepted.body.uuid });
  expect(sim.snapshot()).toEqual(scene.before);
  const effects = ourEffects(sim);
  expect(effects.filter((effect, index) => effects.indexOf(effect) !== index)).toEqual([]);
  const ready = await eventually('ready again', async () => {
    const answer = await service.call('GET', '/readyz');
    return answer.status === 200 && answer;
  });
  expect(ready.status).toBe(200);
}, 60_000);
