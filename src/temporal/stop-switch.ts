/**
 * The stop switch as Temporal keeps it: the workflow of that id runs exactly while all rollbacks are stopped. Reading it
 * and turning it on need no worker; turning it off does, for the workflow itself has to end.
 */
import {
  type Client,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { WORKFLOW_TYPE } from '../../workflows/messages.js';
import {
  changeSwitchSignal,
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
const OFF_LOOKS = 50;
const OFF_PAUSE_MS = 100;

export async function readStopSwitch(client: Client): Promise<StopSwitch> {
  const run = await describe(client);
  if (run === null) return NOT_STOPPED;
  const memo = memoSchema.safeParse(run.memo?.[STOP_SWITCH_MEMO]);
  const known: StopSwitch = memo.success ? memo.data : NOT_STOPPED;
  if (run.status.name === 'RUNNING') {
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
  if (!change.stopped) return now.stopped ? await turnOff(client, change.by) : now;
  const since = now.stopped ? now.since : new Date().toISOString();
  const state: StopSwitch = { ...change, since };
  if (now.stopped) {
    await reading(client, () => handleOf(client).signal(changeSwitchSignal, state));
    return state;
  }
  await reading(client, () =>
    client.workflow.start<typeof RollbackStopSwitch>(STOP_SWITCH_TYPE, {
      workflowId: STOP_SWITCH_ID,
      taskQueue,
      args: [{ state }],
      memo: { [STOP_SWITCH_MEMO]: state },
      // Two administrators at the same moment: it is on, which is what both want.
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      staticSummary: 'All rollbacks are stopped',
    }),
  );
  await tellRunning(client, state);
  return await readStopSwitch(client);
}

async function turnOff(client: Client, by: string | null): Promise<StopSwitch> {
  const off: StopSwitch = { stopped: false, reason: null, by, since: new Date().toISOString() };
  try {
    await reading(client, () => handleOf(client).signal(changeSwitchSignal, off));
  } catch (error) {
    // Somebody else was faster.
    if (!isGoneMeanwhile(error)) throw error;
  }
  for (let look = 1; look <= OFF_LOOKS; look += 1) {
    const now = await readStopSwitch(client);
    if (!now.stopped) return now;
    await sleep(OFF_PAUSE_MS);
  }
  throw new ApiError(
    'NoWorker',
    'The rollbacks are let go on as soon as a worker is there to do it. Start one (npm run worker), then look again.',
  );
}

/** So that running rollbacks show that they hold at once. What is missed here holds at its next compensation. */
async function tellRunning(client: Client, state: StopSwitch): Promise<void> {
  const ids: string[] = [];
  const query = `WorkflowType = '${WORKFLOW_TYPE}' AND ExecutionStatus = 'Running'`;
  for await (const run of client.workflow.list({ query })) {
    ids.push(run.workflowId);
    if (ids.length === TOLD_MAX) break;
  }
  for (let from = 0; from < ids.length; from += TOLD_AT_ONCE) {
    const some = ids.slice(from, from + TOLD_AT_ONCE);
    await Promise.allSettled(
      some.map((id) => client.workflow.getHandle(id).signal(stopSignal, state)),
    );
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
