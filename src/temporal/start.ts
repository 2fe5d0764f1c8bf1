/**
 * Start a rollback: update-with-start, answered at acceptance. Whoever comes second, at the same moment or later, meets the
 * same workflow.
 */
import {
  type Client,
  WithStartWorkflowOperation,
  WorkflowIdConflictPolicy,
  WorkflowIdReusePolicy,
} from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../api/errors.js';
import type { RollbackRequest } from '../../activities/types.js';
import type { CloudId } from '../domain/cloud-id.js';
import type { RollbackResult } from '../domain/result.js';
import { requestUpdate, WORKFLOW_TYPE } from '../../workflows/messages.js';
import type { RollbackActionPlan } from '../../workflows/rollback-action-plan.js';
import { staticSummaryOf } from './identifiers.js';
import { workflowIdOf } from '../domain/workflow-id.js';
import { isAway, isTimeout, refusalOf } from './translate-error.js';

/**
 * How long after accept_by the answer may still be on its way: a workflow task that stalled is begun anew after ten seconds,
 * and then sees that it is too late. Past this the workflow has accepted or refused for good.
 */
const ANSWER_MARGIN_MS = 12_000;
/** Where the request sets no limit. */
const UNHURRIED_MS = 60_000;
const PAUSE_MS = 500;

export interface Start {
  client: Client;
  taskQueue: string;
  planUuid: string;
  /** undefined: that of the worker which takes it. */
  cloud?: CloudId | undefined;
  /** The caller has seen that the last run SUCCEEDED, and wants another all the same. */
  afterSuccess: boolean;
  /** The caller waits for the end: acceptance may be answered in brief (isBrief). */
  brief?: boolean;
}

/**
 * Throws WorkflowExecutionAlreadyStartedError where a run has SUCCEEDED since the caller looked. Where Temporal goes away while
 * it is asked, nobody knows whether it has taken the start: the same update is asked for again (it is done once) until the
 * request has expired, so that an answer of "out of reach" is true for good.
 */
export async function startRollback(
  start: Start,
  request: RollbackRequest,
): Promise<RollbackResult> {
  const acceptBy =
    request.accept_by === null ? Date.now() + UNHURRIED_MS : Date.parse(request.accept_by);
  const updateId = randomUUID();
  for (;;) {
    try {
      return await start.client.withDeadline(acceptBy + ANSWER_MARGIN_MS, () =>
        start.client.workflow.executeUpdateWithStart(requestUpdate, {
          updateId,
          args: [{ ...request, ...ofCloud(start), ...(start.brief === true && { brief: true }) }],
          startWorkflowOperation: startOperation(start, request),
        }),
      );
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== null) throw refusal;
      if (isTimeout(error)) throw expired();
      if (!isAway(error) || Date.now() > acceptBy) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

function startOperation(
  start: Start,
  request: RollbackRequest,
): WithStartWorkflowOperation<typeof RollbackActionPlan> {
  const { taskQueue, planUuid, afterSuccess } = start;
  return new WithStartWorkflowOperation<typeof RollbackActionPlan>(WORKFLOW_TYPE, {
    workflowId: workflowIdOf(planUuid),
    taskQueue,
    args: [{ action_plan_uuid: planUuid, request, ...ofCloud(start), quickly: true }],
    workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
    workflowIdReusePolicy: afterSuccess
      ? WorkflowIdReusePolicy.ALLOW_DUPLICATE
      : WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
    staticSummary: staticSummaryOf(planUuid),
  });
}

function ofCloud({ cloud }: Start): { cloud?: CloudId } {
  return cloud === undefined ? {} : { cloud };
}

function expired(): ApiError {
  return new ApiError(
    'RequestExpired',
    'No worker accepted the rollback in time; it was dropped and nothing was touched. Check the worker (npm run worker), then ask again.',
  );
}
