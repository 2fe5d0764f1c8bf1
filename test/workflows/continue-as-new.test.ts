/**
 * What is asked of a rollback at the very moment at which it goes on in a new run of its workflow: neither lost nor an error.
 * The moment is a few milliseconds long, so each call is made again and again, a little later each time.
 */
import { ApplicationFailure } from '@temporalio/common';
import { switchLooks } from '../../activities/asked-switch.js';
import { underStopSwitch } from '../../activities/stop-switch.js';
import { completeOptions } from '../../src/domain/options.js';
import { PART_CHARS } from '../../src/domain/parts.js';
import type { RollbackResult } from '../../src/domain/result.js';
import { TemporalRollbacks } from '../../src/temporal/rollbacks.js';
import { setStopSwitch, stopSwitchReader } from '../../src/temporal/stop-switch.js';
import {
  compensation,
  DONE,
  gate,
  type Harness,
  LIMITS,
  migrate,
  REQUEST,
  startHarness,
} from './harness.js';
import { byAction, type Handle, now, start, until } from './runs.js';

const TIMES = 6;
const STEP_MS = 4;
/** Nothing shows it, and two of them are too much for one payload. */
const BALLAST = 'x'.repeat(PART_CHARS / 2);
const ACTIONS = ['failing', 'gated', 'third', 'fourth'];

let harness: Harness;
let rollbacks: TemporalRollbacks;
beforeAll(async () => {
  harness = await startHarness({
    wrap: (activities, client) =>
      underStopSwitch(activities, switchLooks(stopSwitchReader(client))),
    // A run that goes on within a second of its start would be made to wait for the rest of it.
    temporal: { 'history.workflowIdReuseMinimalInterval': '0s' },
  });
  const { taskQueue } = harness;
  rollbacks = new TemporalRollbacks({
    client: harness.env.client,
    taskQueue,
    webUrl: null,
    startsAtOnce: 10,
  });
}, 60_000);
afterAll(() => harness.stop());

interface AtTheCrossing {
  /** Whatever it answers; only what is no refusal in a sentence is thrown. */
  ask: (plan: string) => Promise<unknown>;
  /** Let it end, where the call did not. */
  after: (plan: string, handle: Handle) => Promise<unknown>;
  end: (result: RollbackResult) => unknown;
  is: unknown;
  /** It is asked of all rollbacks there are: one at a time. */
  isOfAll?: boolean;
}

const by = 'anna';
const control = (verb: 'pause' | 'resume' | 'cancel') => (plan: string) =>
  rollbacks.control(plan, verb, { by });
const controlOne = (verb: 'retry' | 'skip', action: string) => (plan: string) =>
  rollbacks.control(plan, verb, { by, action_uuid: action });
const setStop = (stopped: boolean) =>
  setStopSwitch(harness.env.client, harness.taskQueue, { stopped, reason: null, by });
const nothing = (): Promise<void> => Promise.resolve();

const CALLS: Record<string, AtTheCrossing> = {
  pause: {
    ask: control('pause'),
    async after(plan, handle) {
      await until('it is paused', async () => (await now(handle)).state === 'PAUSED');
      expect((await now(handle)).counts.PENDING).toBeGreaterThan(0);
      await control('resume')(plan);
    },
    end: ({ state, history }) => [state, history.filter(({ event }) => event === 'paused').length],
    is: ['PARTIAL', 1],
  },
  cancel: {
    ask: control('cancel'),
    after: nothing,
    end: ({ state, counts }) => [state, counts.FAILED, (counts.NOT_ATTEMPTED ?? 0) > 0],
    is: ['CANCELLED', 1, true],
  },
  retry: {
    ask: controlOne('retry', 'failing'),
    after: nothing,
    end: (result) => [result.state, byAction(result, 'failing').attempts],
    is: ['SUCCEEDED', 2],
  },
  skip: {
    ask: controlOne('skip', 'fourth'),
    after: nothing,
    end: (result) => [result.state, byAction(result, 'fourth').state],
    is: ['PARTIAL', 'KEPT'],
  },
  'the stop switch': {
    isOfAll: true,
    ask: () => setStop(true),
    async after(_, handle) {
      await until('it holds', async () => (await now(handle)).state === 'PAUSED');
      await setStop(false);
    },
    // An activity's word that all is stopped may come when it is so no more: then it holds, finds no switch, and goes on again.
    end: ({ state, history }) => {
      const count = (what: string) => history.filter(({ event }) => event === what).length;
      const [stopped, released] = [count('stopped-by-switch'), count('released-by-switch')];
      return [state, stopped > 0, released - stopped];
    },
    is: ['PARTIAL', true, 0],
  },
  'the same request once more': {
    ask: (plan) => rollbacks.request(plan, REQUEST, completeOptions({}, LIMITS.default_max_age)),
    after: nothing,
    end: ({ state, counts }) => [state, counts.SUCCEEDED],
    is: ['PARTIAL', 3],
  },
};

const both = Object.entries(CALLS).flatMap(([what, call]) =>
  [false, true].map((large) => ({ what, call, large, size: large ? 'in parts' : 'in one' })),
);

test.each(both)(
  '$what, the state handed on $size',
  async ({ call, large }) => {
    const times = Array.from({ length: TIMES }, (_, time) => time);
    const cross = (time: number): Promise<boolean> => crossing(call, large, time * STEP_MS);
    const crossed: boolean[] = [];
    if (call.isOfAll === true) for (const time of times) crossed.push(await cross(time));
    // Temporal makes a call wait up to two seconds that meets the end of a run.
    else crossed.push(...(await Promise.all(times.map(cross))));
    // A cancel that comes first leaves nothing to go on with.
    if (call !== CALLS['cancel']) expect(crossed).not.toContain(false);
  },
  120_000,
);

/** Asks so long after whatever lets the rollback go on in a new run; whether it did. */
async function crossing(
  { ask, after, end, is }: AtTheCrossing,
  large: boolean,
  laterMs: number,
): Promise<boolean> {
  const { plan, handle, gated, third } = await beforeTheCrossing(large);
  const first = (await now(handle)).uuid;
  gated.open();
  await new Promise((resolve) => {
    setTimeout(resolve, laterMs);
  });
  await ask(plan);
  third.open();
  await after(plan, handle);
  const result = await ended(plan);
  expect(end(result)).toEqual(is);
  expect(result.uuid).toBe(first);
  return result.workflow.run_id !== first;
}

const fails = (): Promise<never> =>
  Promise.reject(ApplicationFailure.nonRetryable('no luck', 'MigrationFailed'));

type Gate = ReturnType<typeof gate>;

/** A rollback with one compensation FAILED, one in flight after which it goes on in a new run, and two to go. */
async function beforeTheCrossing(large: boolean): Promise<{
  plan: string;
  handle: Handle;
  gated: Gate;
  third: Gate;
}> {
  const [gated, third] = [gate(), gate()];
  const plan = harness.play({
    // More than it has when the second is begun, fewer than when that has ended.
    limits: { concurrency: 1, continue_as_new_after: 17 },
    compensations: [
      ...ACTIONS.map((name) => compensation(name, migrate(`vm-${name}`, 'c2', 'c1'))),
      ...(large ? ['b1', 'b2'].map((name) => compensation(name, null, { residue: BALLAST })) : []),
    ],
    answers: { failing: [fails, DONE], gated: [gated.answer], third: [third.answer] },
  });
  const handle = await start(harness, plan);
  await gated.entered;
  return { plan, handle: harness.env.client.workflow.getHandle(handle.workflowId), gated, third };
}

async function ended(plan: string): Promise<RollbackResult> {
  return await rollbacks.waitForEnd(plan, 30_000, AbortSignal.timeout(40_000));
}
