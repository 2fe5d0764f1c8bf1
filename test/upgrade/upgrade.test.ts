/**
 * Upgrades: what the last release began is finished by today's build, while workers of both run and after the old ones are
 * killed or drained. Judged by the cloud's own ledger and state.
 */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { PreviewResult } from '../../src/domain/preview.js';
import type { RollbackResult } from '../../src/domain/result.js';
import { readReleases, type Unpacked, unpack } from '../releases/release.js';
import { eventually, type RollbackCaller } from '../service/caller.js';
import { ourEffects } from '../service/scene.js';
import { ensureBuilt } from '../support/built.js';
import { startTemporal } from '../support/temporal.js';
import { type Fleet, isNamed, startFleet } from './fleet.js';
import { expectHome, expectOnce, fullHome, maintenance, type PlanScene } from './scenes.js';

let temporal: TestWorkflowEnvironment;
let previous: Unpacked;
let fleet: Fleet;

beforeAll(async () => {
  ensureBuilt();
  const last = readReleases().at(-1);
  if (last === undefined) throw new Error('no release is kept');
  previous = unpack(last);
  // As most servers have it: where it is on, activities stay with the worker that decides, and less is mixed.
  temporal = await startTemporal({ 'system.enableActivityEagerExecution': false });
}, 120_000);
afterAll(async () => {
  await temporal.teardown();
  previous.remove();
});
beforeEach(async () => {
  fleet = await startFleet(temporal, previous);
});
afterEach(() => fleet.close());

const ROLLBACK = (plan: string): string => `/v1/action_plans/${plan}/rollback`;

async function begin(api: RollbackCaller, { plan }: PlanScene): Promise<void> {
  const { status, fault } = await api.post(plan, { prefer: 'respond-async' });
  expect({ status, fault }).toEqual({ status: 200, fault: '' });
}

async function ask(api: RollbackCaller, { plan }: PlanScene, what: string): Promise<void> {
  const { status, fault } = await api.call('POST', `${ROLLBACK(plan)}/${what}`);
  expect({ status, fault }).toEqual({ status: 200, fault: '' });
}

async function setStop(api: RollbackCaller, stopped: boolean): Promise<void> {
  const body = { stopped, reason: 'look first' };
  expect((await api.call('PUT', '/v1/rollbacks/stop', { body })).status).toBe(200);
}

async function seen(
  what: string,
  api: RollbackCaller,
  { plan }: PlanScene,
  isSo: (result: RollbackResult) => boolean,
  withinMs = 30_000,
): Promise<RollbackResult> {
  let last = '';
  const look = async (): Promise<RollbackResult | null> => {
    const { status, body, fault } = await api.get(plan);
    last = `${status} ${body.state} ${JSON.stringify(body.counts)} ${fault}`;
    return status === 200 && isSo(body) ? body : null;
  };
  try {
    return await eventually(what, look, withinMs);
  } catch (error) {
    throw new Error(`not so in time: ${what}; last seen: ${last}`, { cause: error });
  }
}

const done = ({ counts }: RollbackResult): number =>
  (counts.SUCCEEDED ?? 0) + (counts.SKIPPED ?? 0);
const isMoving = ({ servers }: PlanScene): boolean =>
  ourEffects(fleet.sim).some((effect) => servers.some((id) => effect === `live-migrate ${id}`));

test('the old worker killed in the middle of everything: the new one finishes', async () => {
  const { sim } = fleet;
  const moving = await maintenance(sim, 'moving', { running: 3, shutOff: 1 });
  const paused = await maintenance(sim, 'paused', { running: 16 });
  const waiting = await fullHome(sim, 'waiting');
  const long = await maintenance(sim, 'long', { running: 24 });
  const scenes = [moving, paused, waiting, long];
  const oldApi = await fleet.api('previous');
  const oldWorker = await fleet.worker('previous');
  for (const scene of [paused, waiting, long, moving]) await begin(oldApi, scene);
  await eventually('it moves', () => isMoving(paused));
  await ask(oldApi, paused, 'pause');
  await seen('no room', oldApi, waiting, ({ compensations }) =>
    compensations.some(({ reason }) => reason?.startsWith('waits for room') === true),
  );
  await seen('half way', oldApi, long, (result) => done(result) >= 3);
  await eventually('it moves', () => isMoving(moving));
  await oldWorker.kill();

  const newWorker = await fleet.worker('present');
  const newApi = await fleet.api('present');
  waiting.leave();
  await seen(
    'paused',
    newApi,
    paused,
    ({ state, counts }) => state === 'PAUSED' && !counts.ONGOING,
  );
  await ask(newApi, paused, 'resume');
  for (const scene of scenes) {
    expectHome(sim, scene, await newApi.ended(scene.plan));
    expect((await oldApi.get(scene.plan)).body.state).toBe('SUCCEEDED');
    const { decisions } = await fleet.whoDid(scene.plan);
    expect([isNamed(decisions, oldWorker), isNamed(decisions, newWorker)]).toEqual([true, true]);
  }
  const { uuid, workflow } = (await newApi.get(long.plan)).body;
  expect(workflow.run_id).not.toBe(uuid);
  expectOnce(sim);
}, 180_000);

test('the old worker drained under the stop switch: the new one hears that it is off', async () => {
  const { sim } = fleet;
  const scenes = [
    await maintenance(sim, 'first', { running: 5 }),
    await maintenance(sim, 'second', { running: 4, shutOff: 1 }),
  ];
  const oldApi = await fleet.api('previous');
  const oldWorker = await fleet.worker('previous');
  for (const scene of scenes) await begin(oldApi, scene);
  for (const scene of scenes) await eventually('it moves', () => isMoving(scene));
  await setStop(oldApi, true);
  for (const scene of scenes) await seen('held', oldApi, scene, ({ state }) => state === 'PAUSED');
  await fleet.worker('present');
  oldWorker.process.kill('SIGTERM');
  expect(await oldWorker.exited).toBe(0);
  const newApi = await fleet.api('present');
  const held = await seen('still', newApi, scenes[0] as PlanScene, ({ counts }) => !counts.ONGOING);
  expect(held.state).toBe('PAUSED');
  await setStop(newApi, false);
  for (const scene of scenes) expectHome(sim, scene, await newApi.ended(scene.plan));
  expectOnce(sim);
}, 180_000);

test('both work side by side: each takes the activities of what the other decides', async () => {
  const { sim } = fleet;
  const byOld = await maintenance(sim, 'by-old', { running: 14, shutOff: 1 });
  const byNew = await maintenance(sim, 'by-new', { running: 24, shutOff: 1 });
  const oldApi = await fleet.api('previous');
  const first = await fleet.worker('previous');
  await begin(oldApi, byOld);
  await eventually('it moves', () => isMoving(byOld));
  // What a worker has begun to decide it goes on deciding (sticky); activities go to whoever asks for them.
  const present = await fleet.worker('present');
  await seen('half way', oldApi, byOld, (result) => done(result) >= 10);
  await first.kill();
  await begin(await fleet.api('present'), byNew);
  await eventually('it moves', () => isMoving(byNew));
  const second = await fleet.worker('previous');
  for (const scene of [byOld, byNew]) expectHome(sim, scene, await oldApi.ended(scene.plan));
  expectOnce(sim);

  const old = await fleet.whoDid(byOld.plan);
  expect(isNamed(old.decisions, first)).toBe(true);
  expect(isNamed(old.activities, present)).toBe(true);
  const recent = await fleet.whoDid(byNew.plan);
  expect(isNamed(recent.decisions, present)).toBe(true);
  expect(isNamed(recent.activities, second)).toBe(true);
}, 180_000);

test('the old decides by limits that the new one has read, of which it knows nothing: the new one takes over', async () => {
  const { sim } = fleet;
  const api = await fleet.api('previous');
  const oldWorker = await fleet.worker('previous');
  const newWorker = await fleet.worker('present');
  const scenes: PlanScene[] = [];
  const isMixed = async ({ plan }: PlanScene): Promise<boolean> => {
    const { decisions, activities } = await fleet.whoDid(plan);
    const reader = new Set([...activities].slice(0, 1));
    return decisions.size === 1 && isNamed(decisions, oldWorker) && isNamed(reader, newWorker);
  };
  // Who takes what is Temporal's choice: one rollback in four is such a one.
  for (let mixed = false; !mixed;) {
    if (scenes.length === 40) throw new Error('no such rollback among 40');
    const scene = await maintenance(sim, `small-${scenes.length}`, { running: 3 });
    scenes.push(scene);
    await begin(api, scene);
    mixed = await isMixed(scene);
  }
  await oldWorker.kill();
  for (const scene of scenes) expectHome(sim, scene, await api.ended(scene.plan));
  expectOnce(sim);
}, 180_000);

test('what a new API starts and an old worker takes up, a new worker finishes', async () => {
  const { sim } = fleet;
  const scene = await maintenance(sim, 'taken-by-old', { running: 6 });
  const newApi = await fleet.api('present');
  const old = await fleet.worker('previous');
  await begin(newApi, scene);
  await eventually('it moves', () => isMoving(scene));
  await fleet.worker('present');
  await old.kill();
  expectHome(sim, scene, await newApi.ended(scene.plan));
  expectOnce(sim);
}, 180_000);

test('a preview is whole, whoever asks and whoever makes it', async () => {
  const { sim } = fleet;
  // More than today's workflow tells at once.
  const actions = Array.from({ length: 700 }, () => ({ type: 'nop', parameters: {} }));
  const plan = await sim.applyPlan({ actions });
  const builds = ['previous', 'present'] as const;
  for (const build of builds) {
    const worker = await fleet.worker(build);
    for (const asking of builds) {
      const api = await fleet.api(asking);
      const { body } = await api.call<PreviewResult>('GET', `${ROLLBACK(plan)}/preview`);
      const { truncated, compensations } = body;
      expect({ build, asking, truncated, count: compensations.length }).toEqual({
        build,
        asking,
        truncated: false,
        count: actions.length,
      });
    }
    await worker.kill();
  }
}, 180_000);

test('an upgrade taken back: old rollbacks go on, new ones wait until it is made again', async () => {
  const { sim } = fleet;
  const byNew = await maintenance(sim, 'by-new', { running: 8, shutOff: 1 });
  const byOld = await maintenance(sim, 'by-old', { running: 4 });
  const optioned = await maintenance(sim, 'optioned', { running: 1 });
  const newApi = await fleet.api('present');
  const first = await fleet.worker('present');
  await begin(newApi, byNew);
  await eventually('it moves', () => isMoving(byNew));
  await first.kill();
  const oldWorker = await fleet.worker('previous');
  await begin(newApi, byOld);
  expectHome(sim, byOld, await newApi.ended(byOld.plan));
  expect(await fleet.touchedBy('rollback-timeout')).toEqual([byNew.plan]);
  await eventually('the old worker says that it does not know a step', () =>
    Promise.resolve(/nondeterminism/i.test(oldWorker.said.join())),
  );
  // An option that a worker does not know is refused, and not passed over: so the API comes after the workers.
  const refused = await newApi.post(optioned.plan, { body: { abort_stuck: true } });
  expect(refused).toMatchObject({ status: 400, fault: expect.stringContaining('abort_stuck') });

  await fleet.worker('present');
  await oldWorker.kill();
  // Temporal asks again for what the old one could not decide, at growing intervals.
  const end = await seen('its end', newApi, byNew, ({ state }) => state === 'SUCCEEDED', 120_000);
  expectHome(sim, byNew, end);
  const taken = await newApi.rollBack(optioned.plan, { abort_stuck: true });
  expectHome(sim, optioned, taken);
  expectOnce(sim);
}, 180_000);
