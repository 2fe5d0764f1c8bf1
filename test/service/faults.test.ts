/**
 * Every step twice, and a fault at every request of a rollback in turn: whatever goes wrong where, every server ends whole,
 * every effect has happened once, and asking again finishes what was left. The requests are counted at the simulated cloud,
 * so that steps nobody thought of are hit too. One worker serves all runs; each run has a cloud of its own.
 */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Worker } from '@temporalio/worker';
import type { CompensationReport, RollbackActivities } from '../../activities/types.js';
import { TemporalRollbacks } from '../../src/temporal/rollbacks.js';
import type { RollbackResult } from '../../src/domain/result.js';
import { completeOptions } from '../../src/domain/options.js';
import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { Fault, SimulatedCloud } from '../../src/simulated-cloud/types.js';
import { createWorker } from '../../src/worker/create-worker.js';
import { clientOf } from '../support/cloud.js';
import { dispatched } from '../support/dispatched.js';
import { startTemporal, workflowBundle } from '../support/temporal.js';
import { disableAction, migrateAction, ourEffects, type Scene, twice } from './scene.js';
import { activitiesOf, configOf } from './service.js';

const RUNS_AT_ONCE = 8;
/** More requests than any of these rollbacks makes; a bound, not a figure. */
const REQUESTS_MAX = 400;

const config = configOf();
const { taskQueue } = config.temporal;
const byPlan = new Map<string, RollbackActivities>();
const stages: Stage[] = [];
let temporal: TestWorkflowEnvironment;
let worker: Worker;
let working: Promise<void>;

beforeAll(async () => {
  temporal = await startTemporal();
  worker = await createWorker({
    connection: temporal.nativeConnection,
    namespace: 'default',
    taskQueue,
    activities: dispatched(byPlan),
    workflowBundle: await workflowBundle(),
    shutdownGraceMs: 1000,
  });
  working = worker.run();
});
afterEach(async () => {
  // Also what a failed test has left open: a cloud that listens would keep the process alive.
  await Promise.all(stages.splice(0).map((run) => run.close()));
});
afterAll(async () => {
  worker.shutdown();
  await working;
  await temporal.teardown();
});

type Name = keyof RollbackActivities;

interface Stage {
  sim: SimulatedCloud;
  scene: Scene;
  /** Requests that were made so far, counted where a fault would hit. */
  seen(): number;
  faultAt(request: number, effect: Fault['effect']): void;
  rollBack(): Promise<RollbackResult>;
  close(): Promise<void>;
}

type Wrap = (activities: RollbackActivities) => RollbackActivities;

/** A scene with every kind of compensation that a plan of Watcher 9 leads to but resize. */
async function stage(wrap: Wrap = (activities) => activities): Promise<Stage> {
  const sim = await startSimulatedCloud();
  const scene = await everyKind(sim);
  const cloud = clientOf(sim);
  byPlan.set(scene.plan, wrap(activitiesOf(cloud, config)));
  const counter = new RequestCounter();
  const rollbacks = new TemporalRollbacks({
    client: temporal.client,
    taskQueue,
    webUrl: null,
    startsAtOnce: 32,
  });
  const run: Stage = {
    sim,
    scene,
    seen: () => counter.seen,
    faultAt(request, effect) {
      counter.hit = request;
      for (const service of ['identity', 'compute', 'baremetal', 'optimizer'] as const) {
        sim.inject({ service, path: counter, effect });
      }
    },
    async rollBack() {
      const now = Date.now();
      const accepted = await rollbacks.request(
        scene.plan,
        {
          options: {},
          requested_by: { user_id: null, user_name: null, project_id: null, request_id: null },
          requested_at: new Date(now).toISOString(),
          accept_by: new Date(now + 10_000).toISOString(),
          previous_run_id: null,
        },
        completeOptions({}, 3600),
      );
      if (accepted.state === 'SUCCEEDED') return accepted;
      return await rollbacks.waitForEnd(scene.plan, 20_000, new AbortController().signal);
    },
    async close() {
      await cloud.close();
      await sim.close();
    },
  };
  stages.push(run);
  return run;
}

async function everyKind(sim: SimulatedCloud): Promise<Scene> {
  const home = sim.addHost({ name: 'from' });
  sim.addHost({ name: 'to' });
  const idle = sim.addHost({ name: 'idle' });
  const vm = sim.addServer({ name: 'vm', host: 'from' });
  const off = sim.addServer({ name: 'off', host: 'from', status: 'SHUTOFF' });
  const stopped = sim.addServer({ name: 'stopped', host: 'to' });
  const before = sim.snapshot();
  const cold = migrateAction(off, 'from', 'to');
  const plan = await sim.applyPlan({
    actions: [
      disableAction('from'),
      migrateAction(vm, 'from', 'to'),
      { ...cold, parameters: { ...cold.parameters, migration_type: 'cold' } },
      { type: 'stop', parameters: { resource_id: stopped }, parents: [] },
      {
        type: 'change_node_power_state',
        parameters: { resource_id: idle.nodeId, state: 'off' },
        parents: [],
      },
    ],
  });
  return {
    home: 'from',
    homeService: home.serviceId,
    servers: [vm, off, stopped],
    shutOff: [off],
    idleNode: idle.nodeId ?? '',
    plan,
    before,
  };
}

/** Matches the n-th request only; a fault's pattern is asked once for every request of its service. */
class RequestCounter extends RegExp {
  seen = 0;
  hit = -1;

  constructor() {
    super('');
  }

  override test(): boolean {
    this.seen += 1;
    return this.seen === this.hit;
  }
}

async function check(run: Stage, result: RollbackResult, what: string): Promise<void> {
  const { sim, scene } = run;
  sim.clearFaults();
  await sim.settled();
  const statuses = Object.values(sim.snapshot().servers).map(({ status }) => status);
  expect({
    what,
    odd: statuses.filter((status) => !['ACTIVE', 'SHUTOFF'].includes(status)),
  }).toEqual({
    what,
    odd: [],
  });
  const again = result.state === 'SUCCEEDED' ? result : await run.rollBack();
  expect({ what, state: again.state, reasons: reasonsOf(again) }).toMatchObject({
    state: 'SUCCEEDED',
  });
  expect({ what, snapshot: sim.snapshot() }).toEqual({ what, snapshot: scene.before });
  expect({ what, twice: twice(ourEffects(sim)) }).toEqual({ what, twice: [] });
}

function reasonsOf(result: RollbackResult): (string | null)[] {
  return result.compensations.flatMap(({ state, reason }) => (state === 'FAILED' ? [reason] : []));
}

test('every compensation twice, the second answer counting: same end, same effects', async () => {
  const once = await stage();
  const single = await once.rollBack();
  expect({ state: single.state, reasons: reasonsOf(single) }).toEqual({
    state: 'SUCCEEDED',
    reasons: [],
  });
  const repeated: string[] = [];
  const again = await stage((activities) => doubled(activities, repeated));
  const result = await again.rollBack();
  expect(result).toMatchObject({ state: 'SUCCEEDED', restored: true });
  expect(again.sim.snapshot()).toEqual(again.scene.before);
  expect(kinds(again)).toEqual(kinds(once));
  expect(kinds(again)).toEqual([
    'cold-migrate',
    'confirm-resize',
    'enable-service',
    'live-migrate',
    'power-on',
    'start',
  ]);
  expect(repeated.toSorted()).toEqual([
    'coldMigrateServer',
    'liveMigrateServer',
    'setComputeServiceStatus',
    'setNodePowerState',
    'startServer',
  ]);
});

function kinds(run: Stage): string[] {
  return ourEffects(run.sim)
    .map((effect) => effect.split(' ')[0] ?? '')
    .toSorted();
}

/** As if the worker had died after the work and before its report reached Temporal, every time. */
function doubled(activities: RollbackActivities, repeated: string[]): RollbackActivities {
  const again =
    <I>(name: Name, activity: (input: I) => Promise<CompensationReport>) =>
    async (input: I): Promise<CompensationReport> => {
      const first = await activity(input);
      expect({ name, outcome: first.outcome }).toEqual({ name, outcome: 'SUCCEEDED' });
      repeated.push(name);
      return await activity(input);
    };
  return {
    ...activities,
    liveMigrateServer: again('liveMigrateServer', (input) => activities.liveMigrateServer(input)),
    coldMigrateServer: again('coldMigrateServer', (input) => activities.coldMigrateServer(input)),
    revertResize: again('revertResize', (input) => activities.revertResize(input)),
    startServer: again('startServer', (input) => activities.startServer(input)),
    setComputeServiceStatus: again('setComputeServiceStatus', (input) =>
      activities.setComputeServiceStatus(input),
    ),
    setNodePowerState: again('setNodePowerState', (input) => activities.setNodePowerState(input)),
  };
}

const EFFECTS: [string, Fault['effect']][] = [
  ['is answered 503', { kind: 'status', status: 503 }],
  ['takes effect and its answer is lost', { kind: 'reset', when: 'after' }],
];

test.each(EFFECTS)(
  'each request of a rollback in turn %s',
  async (what, effect) => {
    const dry = await stage();
    dry.faultAt(REQUESTS_MAX, effect);
    await dry.rollBack();
    const requests = dry.seen();
    expect(requests).toBeGreaterThan(30);
    expect(requests).toBeLessThan(REQUESTS_MAX);

    let next = 1;
    let hits = 0;
    const lane = async (): Promise<void> => {
      for (let request = next++; request <= requests; request = next++) {
        const run = await stage();
        run.faultAt(request, effect);
        const result = await run.rollBack();
        if (run.seen() >= request) hits += 1;
        await check(run, result, `request ${request} ${what}`);
        await run.close();
        stages.splice(stages.indexOf(run), 1);
      }
    };
    await Promise.all(Array.from({ length: RUNS_AT_ONCE }, lane));
    // How often a wait polls is a matter of time, so the last few may not come; the others all do.
    expect(hits).toBeGreaterThan(requests * 0.8);
  },
  120_000,
);
