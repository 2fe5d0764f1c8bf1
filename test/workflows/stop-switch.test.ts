/** The stop switch and the rollbacks that meet it: nothing begins while it is on, nothing stays behind when it is off. */
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { switchLooks } from '../../activities/asked-switch.js';
import { underStopSwitch } from '../../activities/stop-switch.js';
import { readStopSwitch, setStopSwitch, stopSwitchReader } from '../../src/temporal/stop-switch.js';
import { pauseUpdate, resumeUpdate } from '../../workflows/messages.js';
import { MEMO_KEY, stateKey } from '../../workflows/search-attributes.js';
import {
  changeSwitchSignal,
  STOP_SWITCH_ID,
  STOP_SWITCH_TYPE,
  stopSignal,
  waitForSwitchSignal,
} from '../../workflows/stop-messages.js';
import {
  compensation,
  DONE,
  gate,
  type Harness,
  migrate,
  type Script,
  startHarness,
} from './harness.js';
import { byAction, endOf, failureOf, type Handle, now, start, until } from './runs.js';

/** What was looked at longer ago than this is looked at anew when an activity begins. */
const LOOK_IS_OLD_MS = 250;

let harness: Harness;
/** Set by a test: reading the switch fails that often. */
let unreadable = 0;
beforeAll(async () => {
  harness = await startHarness({
    wrap: (activities, client) => {
      const read = stopSwitchReader(client);
      const looks = switchLooks(async () => {
        if (unreadable === 0) return await read();
        unreadable -= 1;
        throw new Error('no connection');
      });
      return underStopSwitch(activities, looks);
    },
  });
}, 60_000);
afterEach(async () => {
  unreadable = 0;
  await set(false);
});
afterAll(() => harness.stop());

const set = (stopped: boolean, reason: string | null = null) =>
  setStopSwitch(harness.env.client, harness.taskQueue, { stopped, reason, by: 'anna' });
const read = () => readStopSwitch(harness.env.client);
const switchHandle = () => harness.env.client.workflow.getHandle(STOP_SWITCH_ID);
const three = () =>
  ['a', 'b', 'c'].map((name) => compensation(name, migrate(`vm-${name}`, 'c2', 'c1')));
const eventsOf = async (handle: Handle) => (await now(handle)).history.map(({ event }) => event);
const begun = (plan: string) => harness.calls(plan).map(({ action }) => action);

/** One that has one compensation in flight and two to go, and holds. */
async function held(script: Partial<Script> = {}): Promise<{
  plan: string;
  handle: Handle;
  open: () => void;
}> {
  const { answer, entered, open } = gate();
  const plan = harness.play({
    compensations: three(),
    answers: { a: [answer] },
    ...script,
    limits: { concurrency: 1, hold_ask_again: 0.2, ...script.limits },
  });
  const handle = await start(harness, plan);
  await entered;
  await set(true, 'look first');
  await until('it holds', async () => (await eventsOf(handle)).includes('stopped-by-switch'));
  return { plan, handle, open };
}

test('on: what is in flight ends, nothing new begins; off: it goes on', async () => {
  const { plan, handle, open } = await held();
  open();
  await until('a ended', async () => byAction(await now(handle), 'a').state === 'SUCCEEDED');
  expect(await now(handle)).toMatchObject({ state: 'PAUSED' });
  expect(begun(plan)).toEqual(['a']);
  await set(false);
  expect((await endOf(handle)).state).toBe('SUCCEEDED');
  expect(begun(plan)).toEqual(['a', 'b', 'c']);
});

test('a pause is another thing: it stays when the switch goes off, and the switch stays when it ends', async () => {
  const { plan, handle, open } = await held();
  open();
  await handle.executeUpdate(pauseUpdate, { args: [{ by: 'anna' }] });
  await handle.executeUpdate(resumeUpdate, { args: [{ by: 'anna' }] });
  expect((await now(handle)).state).toBe('PAUSED');
  await handle.executeUpdate(pauseUpdate, { args: [{ by: 'anna' }] });
  await set(false);
  await until('released', async () => (await eventsOf(handle)).includes('released-by-switch'));
  expect((await now(handle)).state).toBe('PAUSED');
  expect(begun(plan)).toEqual(['a']);
  await handle.executeUpdate(resumeUpdate, { args: [{ by: 'anna' }] });
  expect((await endOf(handle)).state).toBe('SUCCEEDED');
});

test('cancelled under the switch: what is in flight is followed, the rest is left', async () => {
  const { plan, handle, open } = await held();
  await handle.cancel();
  await until('cancelled', async () => (await eventsOf(handle)).includes('cancelled'));
  open();
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  expect(await now(handle)).toMatchObject({
    state: 'CANCELLED',
    counts: { SUCCEEDED: 1, NOT_ATTEMPTED: 2 },
  });
  expect(begun(plan)).toEqual(['a']);
});

test('turned off while a cancelled one still tells others of its end: it stays CANCELLED', async () => {
  const webhook = gate();
  const { plan, handle, open } = await held({
    limits: { notification_wait: 10 },
    notify: async ({ phase }) => {
      if (phase === 'end') await webhook.answer();
    },
  });
  // That it holds is told as well: a person is needed.
  await until('it is told', () =>
    Promise.resolve(harness.notified(plan).some(({ phase }) => phase === 'attention')),
  );
  await handle.cancel();
  await until('cancelled', async () => (await eventsOf(handle)).includes('cancelled'));
  open();
  await until('it has ended', async () => (await now(handle)).state === 'CANCELLED');
  await set(false);
  await until('released', async () => !(await read()).stopped);
  webhook.open();
  await expect(handle.result()).rejects.toThrow(WorkflowFailedError);
  expect((await handle.describe()).status.name).toBe('CANCELLED');
  expect(await now(handle)).toMatchObject({ state: 'CANCELLED', counts: { NOT_ATTEMPTED: 2 } });
});

test('turned on while an attempt waits for its retry: joined where it had asked, else not begun', async () => {
  const failing = (asked: boolean) => () => {
    throw ApplicationFailure.create({
      type: 'OpenStackUnreachable',
      message: '503',
      details: [{ asked }],
    });
  };
  const plan = harness.play({
    compensations: three().slice(0, 2),
    limits: { retry_initial: 1.5, retry_max: 1.5, hold_ask_again: 0.2 },
    answers: { a: [failing(true), DONE], b: [failing(false), DONE] },
  });
  const handle = await start(harness, plan);
  await until('both failed once', async () => {
    const events = await eventsOf(handle);
    return events.filter((event) => event === 'retrying').length === 2;
  });
  await set(true);
  await until('a is done, b put back', async () => {
    const result = await now(handle);
    return byAction(result, 'a').state === 'SUCCEEDED' && byAction(result, 'b').state === 'PENDING';
  });
  expect(byAction(await now(handle), 'a').attempts).toBe(2);
  // The one that failed counts, the one that was not let begin does not.
  expect(byAction(await now(handle), 'b')).toMatchObject({ attempts: 1, reason: null });
  expect(begun(plan).toSorted()).toEqual(['a', 'a', 'b']);
  await set(false);
  const result = await endOf(handle);
  expect(result.state).toBe('SUCCEEDED');
  expect(byAction(result, 'b').attempts).toBe(2);
});

test('one that meets the switch by itself is as if it had not been tried', async () => {
  const first = gate();
  const plan = harness.play({
    compensations: three(),
    limits: { concurrency: 1, hold_ask_again: 0.2 },
    answers: { a: [first.answer] },
  });
  const handle = await start(harness, plan);
  await first.entered;
  // By hand and without an input, as from Temporal's own command: nobody is told.
  await harness.env.client.workflow.start(STOP_SWITCH_TYPE, {
    workflowId: STOP_SWITCH_ID,
    taskQueue: harness.taskQueue,
  });
  expect(await read()).toMatchObject({ stopped: true, reason: null });
  await sleep(LOOK_IS_OLD_MS);
  first.open();
  await until('it holds', async () => (await eventsOf(handle)).includes('stopped-by-switch'));
  const b = byAction(await now(handle), 'b');
  expect(b).toMatchObject({ state: 'PENDING', attempts: 0, started_at: null });
  expect(begun(plan)).toEqual(['a']);
  await set(false);
  const result = await endOf(handle);
  expect(byAction(result, 'b')).toMatchObject({ state: 'SUCCEEDED', attempts: 1 });
});

test('nobody can tell whether it is on: nothing is asked for, and it is tried again', async () => {
  const layOut = async () => {
    await sleep(LOOK_IS_OLD_MS);
    unreadable = 2;
  };
  const plan = harness.play({ compensations: three().slice(0, 1), layOut });
  const handle = await start(harness, plan);
  const result = await endOf(handle);
  expect(byAction(result, 'a')).toMatchObject({ state: 'SUCCEEDED', attempts: 3 });
  expect(harness.calls(plan).map((call) => call.asked)).toEqual([false]);
  const retries = result.history.filter(({ event }) => event === 'retrying');
  expect(retries.map(({ message }) => message)).toEqual(
    Array.from({ length: 2 }, () => 'Whether rollbacks are stopped is not known: no connection'),
  );
});

test('ended from outside: new ones are let in, and those that hold find out by themselves', async () => {
  const { handle, open } = await held();
  open();
  await switchHandle().terminate('by hand');
  expect(await read()).toMatchObject({ stopped: false, reason: null });
  const result = await endOf(handle);
  expect(result.state).toBe('SUCCEEDED');
  expect(result.history.map(({ event }) => event)).toContain('released-by-switch');
});

test('ended from outside: to turn it off all the same lets those that hold go on at once', async () => {
  const { handle, open } = await held({ limits: { hold_ask_again: 600 } });
  open();
  await until('a ended', async () => byAction(await now(handle), 'a').state === 'SUCCEEDED');
  await switchHandle().terminate('by hand');
  await until('visible as paused', async () => (await heldIds()).includes(handle.workflowId));
  await set(false);
  expect((await endOf(handle)).state).toBe('SUCCEEDED');
});

async function heldIds(): Promise<string[]> {
  const query = `ExecutionStatus = 'Running' AND RollbackState = 'PAUSED'`;
  const ids: string[] = [];
  for await (const run of harness.env.client.workflow.list({ query })) ids.push(run.workflowId);
  return ids;
}

test('a rollback that holds goes on holding in its next run', async () => {
  const { plan, handle, open } = await held({ limits: { continue_as_new_after: 40 } });
  open();
  const first = (await now(handle)).workflow.run_id;
  await until('a new run', async () => (await now(handle)).workflow.run_id !== first);
  const result = await now(handle);
  expect(result).toMatchObject({ state: 'PAUSED', counts: { SUCCEEDED: 1, PENDING: 2 } });
  // It was not asked to hold once more: it did not begin anything that had to be stopped.
  expect(result.history.filter(({ event }) => event === 'stopped-by-switch')).toHaveLength(1);
  expect(begun(plan)).toEqual(['a']);
  const { memo, typedSearchAttributes } = await handle.describe();
  expect(typedSearchAttributes.get(stateKey)).toBe('PAUSED');
  expect(memo?.[MEMO_KEY]).toMatchObject({ uuid: first, counts: { SUCCEEDED: 1, PENDING: 2 } });
  await set(false);
  const end = await endOf(handle);
  expect(end.state).toBe('SUCCEEDED');
  expect(begun(plan)).toEqual(['a', 'b', 'c']);
});

test('the switch itself goes on in a new run: still on, with its reason, and who waits is still told', async () => {
  const { answer, open, entered } = gate();
  const plan = harness.play({
    compensations: three(),
    limits: { concurrency: 1, hold_ask_again: 600 },
    answers: { a: [answer] },
  });
  const handle = await start(harness, plan);
  await entered;
  const state = { stopped: true, reason: 'storage', by: 'ben' };
  await startSwitch([{ state, continue_as_new_after: 30 }]);
  const before = (await switchHandle().describe()).runId;
  await handle.signal(stopSignal, await read());
  await until('it holds', async () => (await eventsOf(handle)).includes('stopped-by-switch'));
  await until('the switch is a new run', async () => {
    await switchHandle().signal(waitForSwitchSignal, 'nobody');
    return (await switchHandle().describe()).runId !== before;
  });
  expect(await read()).toMatchObject(state);
  open();
  await set(false);
  expect((await endOf(handle)).state).toBe('SUCCEEDED');
});

test('stopped anew while it still tells others: it is not lost', async () => {
  const { handle, open } = await held();
  const off = { stopped: false, reason: null, by: null, since: null };
  // Both before a worker sees either.
  await Promise.all([switchHandle().signal(changeSwitchSignal, off), set(true, 'once more')]);
  await until('it is on', async () => (await read()).stopped);
  open();
  await until('a ended', async () => byAction(await now(handle), 'a').state === 'SUCCEEDED');
  await until('it holds', async () => (await now(handle)).state === 'PAUSED');
  expect((await read()).stopped).toBe(true);
  await set(false);
  expect((await endOf(handle)).state).toBe('SUCCEEDED');
});

describe('what reaches it from outside', () => {
  test.each([
    ['text', ['x']],
    ['a state that is none', [{ state: 'on' }]],
    ['off', [{ state: { stopped: false } }]],
    ['a list that is none', [{ waiting: 7 }]],
  ])('started with %s: refused in a sentence, and nothing is stopped', async (_name, args) => {
    await startSwitch(args);
    const failure = await failureOf(switchHandle() as Handle);
    expect(failure.type).toBe('InvalidRequest');
    expect(failure.message).toMatch(/must be/);
    expect((await read()).stopped).toBe(false);
  });

  test('under another id: there is one switch', async () => {
    const handle: WorkflowHandle = await startSwitch([], 'my-switch');
    expect(await failureOf(handle as Handle)).toMatchObject({ type: 'InvalidRequest' });
  });

  test('signals that say nothing harm neither the switch nor a rollback', async () => {
    const { handle, open } = await held();
    for (const args of [[], [null], ['x'], [{ stopped: 'yes' }]]) {
      await switchHandle().signal('change_switch', ...args);
      await switchHandle().signal('wait_for_switch', ...args);
      await handle.signal('stopped_by_switch', ...args);
    }
    expect(await read()).toMatchObject({ stopped: true, reason: 'look first' });
    open();
    await set(false);
    expect((await endOf(handle)).state).toBe('SUCCEEDED');
  });

  test('a rollback that is told of a switch that is not there goes on', async () => {
    const { answer, entered, open } = gate();
    const plan = harness.play({
      compensations: three(),
      limits: { concurrency: 1 },
      answers: { a: [answer] },
    });
    const handle = await start(harness, plan);
    await entered;
    await handle.signal('stopped_by_switch', null);
    open();
    expect((await endOf(handle)).state).toBe('SUCCEEDED');
  });
});

function startSwitch(args: unknown[], workflowId = STOP_SWITCH_ID): Promise<WorkflowHandle> {
  return harness.env.client.workflow.start(STOP_SWITCH_TYPE, {
    workflowId,
    taskQueue: harness.taskQueue,
    args,
  });
}
