/**
 * The stop switch as Temporal keeps it: the workflow of that id runs exactly while all rollbacks are stopped. Reading it
 * and turning it on need no worker; turning it off does, for the workflow itself has to end.
 */
import {
  type Client,
  WorkflowIdReusePolicy,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { WORKFLOW_TYPE } from '../../workflows/messages.js';
import {
  changeSwitchSignal,
  releaseSignal,
  STOP_SWITCH_ID,
  STOP_SWITCH_MEMO,
  STOP_SWITCH_TYPE,
  stopSignal,
} from '../../workflows/stop-messages.js';
import type { RollbackStopSwitch } from '../../workflows/stop-switch.js';
import { ApiError } from '../api/errors.js';
import { NOT_STOPPED, type StopSwitch } from '../domain/stop-switch.js';
import { READ_DEADLINE_MS } from './executions.js';
import { isGoneMeanwhile } from './translate-error.js';

const memoSchema = z.object({
  stopped: z.boolean(),
  reason: z.string().nullable(),
  by: z.string().nullable(),
  since: z.string().nullable(),
});
/** Running rollbacks that are told at once; any other meets the switch at its next compensation. */
const TOLD_MAX = 1000;
const TOLD_AT_ONCE = 20;
const LOOKS = 50;
const LOOK_PAUSE_MS = 100;

export async function readStopSwitch(client: Client): Promise<StopSwitch> {
  const run = await describe(client);
  if (run === null) return NOT_STOPPED;
  const memo = memoSchema.safeParse(run.memo?.[STOP_SWITCH_MEMO]);
  const known: StopSwitch = memo.success ? memo.data : NOT_STOPPED;
  if (run.status.name === 'RUNNING') {
    // It says itself that it is off as soon as it is; then it only has to tell others.
    if (memo.success && !known.stopped) return known;
    return { ...known, stopped: true, since: known.since ?? run.startTime.toISOString() };
  }
  if (!known.stopped) return known;
  // Ended from outside: it never got to say so itself.
  return { ...NOT_STOPPED, since: run.closeTime?.toISOString() ?? null };
}

export interface SwitchChange {
  stopped: boolean;
  reason: string | null;
  by: string | null;
}

export async function setStopSwitch(
  client: Client,
  taskQueue: string,
  change: SwitchChange,
): Promise<StopSwitch> {
  const now = await readStopSwitch(client);
  if (!change.stopped) {
    if (now.stopped) return await turnOff(client, change.by);
    // A switch that was ended from outside has told nobody.
    await tellRunning(client, "AND RollbackState = 'PAUSED'", (id) =>
      client.workflow.getHandle(id).signal(releaseSignal),
    );
    return now;
  }
  const since = now.stopped ? now.since : new Date().toISOString();
  const state: StopSwitch = { ...change, since };
  // One call that starts it or changes the one that runs, and cannot be lost: a run that is about to end takes it first.
  await reading(client, () =>
    client.workflow.signalWithStart<typeof RollbackStopSwitch, [StopSwitch]>(STOP_SWITCH_TYPE, {
      workflowId: STOP_SWITCH_ID,
      taskQueue,
      args: [{ state }],
      signal: changeSwitchSignal,
      signalArgs: [state],
      memo: { [STOP_SWITCH_MEMO]: state },
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      staticSummary: 'All rollbacks are stopped',
    }),
  );
  if (now.stopped) return state;
  // One that had just gone off and still tells others goes on again once its worker has seen this.
  await untilItIs(client, true);
  await tellRunning(client, '', (id) => client.workflow.getHandle(id).signal(stopSignal, state));
  return state;
}

async function turnOff(client: Client, by: string | null): Promise<StopSwitch> {
  const off: StopSwitch = { stopped: false, reason: null, by, since: new Date().toISOString() };
  try {
    await reading(client, () => handleOf(client).signal(changeSwitchSignal, off));
  } catch (error) {
    // Somebody else was faster.
    if (!isGoneMeanwhile(error)) throw error;
  }
  return await untilItIs(client, false);
}

/** Throws ApiError NoWorker: what was asked for is on its way all the same. */
async function untilItIs(client: Client, stopped: boolean): Promise<StopSwitch> {
  for (let look = 1; look <= LOOKS; look += 1) {
    const now = await readStopSwitch(client);
    if (now.stopped === stopped) return now;
    await sleep(LOOK_PAUSE_MS);
  }
  const what = stopped ? 'stopped' : 'let go on';
  throw new ApiError(
    'NoWorker',
    `The rollbacks are ${what} as soon as a worker is there to do it. Start one (npm run worker), then look again.`,
  );
}

/** So that running rollbacks hold or go on at once. What is missed here meets the switch, or misses it, by itself. */
async function tellRunning(
  client: Client,
  which: string,
  tell: (workflowId: string) => Promise<void>,
): Promise<void> {
  const ids: string[] = [];
  const query = `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus = 'Running' ${which}`;
  for await (const run of client.workflow.list({ query })) {
    ids.push(run.workflowId);
    if (ids.length === TOLD_MAX) break;
  }
  for (let from = 0; from < ids.length; from += TOLD_AT_ONCE) {
    const some = ids.slice(from, from + TOLD_AT_ONCE);
    await Promise.allSettled(some.map(tell));
  }
}

async function describe(client: Client): Promise<WorkflowExecutionDescription | null> {
  try {
    return await reading(client, () => handleOf(client).describe());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}

function handleOf(client: Client): ReturnType<Client['workflow']['getHandle']> {
  return client.workflow.getHandle(STOP_SWITCH_ID);
}

function reading<T>(client: Client, call: () => Promise<T>): Promise<T> {
  return client.withDeadline(Date.now() + READ_DEADLINE_MS, call);
}

/** For activities that are about to change something: many ask at the same moment, and one look answers them all. */
export function stopSwitchReader(client: Client): () => Promise<StopSwitch> {
  let asked: Promise<StopSwitch> | null = null;
  let next: Promise<StopSwitch> | null = null;
  const look = (): Promise<StopSwitch> => {
    const looking = readStopSwitch(client).finally(() => {
      if (asked === looking) asked = null;
    });
    asked = looking;
    return looking;
  };
  // A look that was begun before the question may miss a switch that was turned on in between: so it is the next one
  // that answers, shared by all who ask meanwhile.
  return () => {
    if (asked === null) return look();
    next ??= asked.then(again, again);
    return next;
  };
  function again(): Promise<StopSwitch> {
    next = null;
    return look();
  }
}
