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
import { ApiError } from '../api/errors.js';
import type { RollbackRequest } from '../../activities/types.js';
import type { RollbackResult } from '../domain/result.js';
import { requestUpdate, WORKFLOW_TYPE } from '../../workflows/messages.js';
import type { RollbackActionPlan } from '../../workflows/rollback-action-plan.js';
import { staticSummaryOf, workflowIdOf } from './identifiers.js';
import { isTimeout, refusalOf } from './translate-error.js';

/** How long after accept_by the answer may still be on its way: past it the workflow has refused by itself. */
const ANSWER_MARGIN_MS = 5_000;
/** Where the request sets no limit. */
const UNHURRIED_MS = 60_000;

export interface Start {
  client: Client;
  taskQueue: string;
  planUuid: string;
  /** The caller has seen that the last run SUCCEEDED, and wants another all the same. */
  afterSuccess: boolean;
}

/** Throws WorkflowExecutionAlreadyStartedError where a run has SUCCEEDED since the caller looked. */
export async function startRollback(
  { client, taskQueue, planUuid, afterSuccess }: Start,
  request: RollbackRequest,
): Promise<RollbackResult> {
  const acceptBy =
    request.accept_by === null ? Date.now() + UNHURRIED_MS : Date.parse(request.accept_by);
  const startWorkflowOperation = new WithStartWorkflowOperation<typeof RollbackActionPlan>(
    WORKFLOW_TYPE,
    {
      workflowId: workflowIdOf(planUuid),
      taskQueue,
      args: [{ action_plan_uuid: planUuid, request }],
      workflowIdConflictPolicy: WorkflowIdConflictPolicy.USE_EXISTING,
      workflowIdReusePolicy: afterSuccess
        ? WorkflowIdReusePolicy.ALLOW_DUPLICATE
        : WorkflowIdReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY,
      staticSummary: staticSummaryOf(planUuid),
    },
  );
  try {
    return await client.withDeadline(acceptBy + ANSWER_MARGIN_MS, () =>
      client.workflow.executeUpdateWithStart(requestUpdate, {
        updateId: randomUUID(),
        args: [request],
        startWorkflowOperation,
      }),
    );
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal !== null) throw refusal;
    if (isTimeout(error)) {
      throw new ApiError(
        'RequestExpired',
        'No worker accepted the rollback in time; it was dropped and nothing was touched. Check the worker (npm run worker), then ask again.',
      );
    }
    throw error;
  }
}
