/** Control calls on a running rollback: the workflow's updates, and Temporal's own cancel. */
import type { Client } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ControlRequest,
  pauseUpdate,
  resumeUpdate,
  retryUpdate,
  skipUpdate,
} from '../../workflows/messages.js';
import { ApiError } from '../api/errors.js';
import type { ControlCall, ControlVerb } from '../api/rollbacks.js';
import type { RollbackResult } from '../domain/result.js';
import { type Execution, Executions } from './executions.js';
import { cancelDelivered, untilKnown } from './taking-over.js';
import { isGoneMeanwhile, isTimeout, refusalOf } from './translate-error.js';

/** A worker that polls answers within milliseconds; nobody is made to wait longer for one that does not. */
const ANSWER_WITHIN_MS = 10_000;
/** A rollback does not go on in a new run so often that a call could miss more than one or two. */
const RUNS_ASKED = 5;
const UPDATES = {
  pause: pauseUpdate,
  resume: resumeUpdate,
  retry: retryUpdate,
  skip: skipUpdate,
} as const;

/** Throws ApiError NotControllable where the rollback has ended or is not in a state for it. */
export async function controlRollback(
  client: Client,
  execution: Execution,
  verb: ControlVerb,
  call: ControlCall,
): Promise<RollbackResult> {
  if (execution.status !== 'RUNNING') throw ended();
  if (verb === 'cancel') return await cancel(client, execution);
  const executions = new Executions(client);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await update(client, execution, verb, call);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== null) throw refusal;
      if (isTimeout(error)) {
        throw new ApiError(
          'NoWorker',
          'No worker took the call up in time. Start one, then look whether it was done.',
        );
      }
      if (!isGoneMeanwhile(error)) throw error;
      // The run that was asked ended before it took the call up. That may have been in favour of a next one.
      const isRunning = await executions.isRunning(execution.workflowId);
      if (!isRunning || attempt === RUNS_ASKED) throw ended();
    }
  }
}

function update(
  client: Client,
  { workflowId }: Execution,
  verb: Exclude<ControlVerb, 'cancel'>,
  call: ControlCall,
): Promise<RollbackResult> {
  const request: ControlRequest = { ...call };
  return client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
    client.workflow.getHandle(workflowId).executeUpdate(UPDATES[verb], { args: [request] }),
  );
}

const LOOKS = 40;
const LOOK_PAUSE_MS = 50;

/** The result in which the cancel shows: Temporal only promises to deliver it. */
async function cancel(client: Client, execution: Execution): Promise<RollbackResult> {
  const executions = new Executions(client);
  try {
    await executions.reading(() => client.workflow.getHandle(execution.workflowId).cancel());
  } catch (error) {
    if (isGoneMeanwhile(error)) throw ended();
    throw error;
  }
  for (let look = 1; ; look += 1) {
    const result = await untilKnown({
      query: () => executions.queried({ ...execution, runId: '' }),
      goesOn: () => executions.goesOn(execution.workflowId),
      silent: cancelDelivered,
    });
    if (result === null) throw ended();
    const seen = result.history.some(({ event }) => event === 'cancelled') || look === LOOKS;
    if (seen) return result;
    await sleep(LOOK_PAUSE_MS);
  }
}

function ended(): ApiError {
  return new ApiError(
    'NotControllable',
    'The rollback has ended. POST it again to take up what was left.',
  );
}
