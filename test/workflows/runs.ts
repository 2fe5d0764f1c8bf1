/** Starting and reading one run, as tests do it. */
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { RollbackRequest } from '../../activities/types.js';
import type { CompensationResult, RollbackResult } from '../../src/domain/result.js';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import { resultQuery } from '../../workflows/messages.js';
import type { RollbackActionPlan } from '../../workflows/rollback-action-plan.js';
import type { Harness } from './harness.js';
import { REQUEST } from './harness.js';

export type Handle = WorkflowHandle<typeof RollbackActionPlan>;

export function start(
  harness: Harness,
  planUuid: string,
  request: Partial<RollbackRequest> = {},
): Promise<Handle> {
  return harness.env.client.workflow.start<typeof RollbackActionPlan>('RollbackActionPlan', {
    workflowId: workflowIdOf(planUuid),
    taskQueue: harness.taskQueue,
    args: [{ action_plan_uuid: planUuid, request: { ...REQUEST, ...request } }],
  });
}

/** The failure that a run ended with; throws where it completed. */
export async function failureOf(handle: Handle): Promise<ApplicationFailure> {
  try {
    await handle.result();
  } catch (error) {
    if (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure) {
      return error.cause;
    }
    throw error;
  }
  throw new Error('the workflow completed');
}

/** The result of a run that ended Completed or RollbackIncomplete. */
export async function endOf(handle: Handle): Promise<RollbackResult> {
  try {
    return await handle.result();
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : null;
    if (cause instanceof ApplicationFailure && cause.type === 'RollbackIncomplete') {
      return cause.details?.[0] as RollbackResult;
    }
    throw error;
  }
}

class NotAccepted extends Error {}

export async function now(handle: Handle): Promise<RollbackResult> {
  const result = await handle.query(resultQuery);
  if (result === null) throw new NotAccepted('not accepted yet');
  return result;
}

export function byAction(result: RollbackResult, action: string): CompensationResult {
  const found = result.compensations.find((one) => one.action_uuid === action);
  if (found === undefined) throw new Error(`no compensation of ${action}`);
  return found;
}

/** Waits, within a bound, until something is so of a rollback that may not be accepted yet. */
export async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    try {
      if (await isSo()) return;
    } catch (error) {
      if (!(error instanceof NotAccepted)) throw error;
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  throw new Error(`not so within 10 s: ${what}`);
}
