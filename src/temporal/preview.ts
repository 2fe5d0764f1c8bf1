/** A preview: a read-only workflow with an id of its own, waited for. */
import { type Client, WorkflowFailedError, WorkflowIdConflictPolicy } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import type { RollbackRequest } from '../../activities/types.js';
import { compensationsQuery } from '../../workflows/messages.js';
import type { PreviewRollback } from '../../workflows/preview-rollback.js';
import { ApiError } from '../api/errors.js';
import { isFailureType } from '../domain/failures.js';
import type { PreviewResult } from '../domain/preview.js';
import type { CompensationResult } from '../domain/result.js';
import { previewIdOf, previewSummaryOf } from './identifiers.js';
import type { Start } from './start.js';
import { isTimeout } from './translate-error.js';

export const PREVIEW_TYPE = 'PreviewRollback';
/** Past accept_by the workflow refuses by itself; the answer may still be on its way. */
const ANSWER_MARGIN_MS = 5_000;
const UNHURRIED_MS = 60_000;
/** Compensations that are asked for at a time: as many as the workflow gives. */
const PAGE = 1000;

/** Throws ApiError: what the workflow refused with; RequestExpired where nobody took it up in time. */
export async function previewRollback(
  { client, taskQueue, planUuid, cloud }: Omit<Start, 'afterSuccess' | 'brief'>,
  request: RollbackRequest,
): Promise<PreviewResult> {
  const acceptBy =
    request.accept_by === null ? Date.now() + UNHURRIED_MS : Date.parse(request.accept_by);
  const limitMs = acceptBy + ANSWER_MARGIN_MS - Date.now();
  try {
    return await client.withDeadline(acceptBy + ANSWER_MARGIN_MS, async () => {
      const result = await client.workflow.execute<typeof PreviewRollback>(PREVIEW_TYPE, {
        workflowId: previewIdOf(planUuid, randomUUID()),
        taskQueue,
        args: [{ action_plan_uuid: planUuid, request, ...(cloud !== undefined && { cloud }) }],
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
        // Nobody waits any longer, so nothing need be read any more.
        workflowExecutionTimeout: Math.max(limitMs, 1_000),
        staticSummary: previewSummaryOf(planUuid),
      });
      return result.truncated ? await whole(client, result) : result;
    });
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : null;
    if (cause instanceof ApplicationFailure && isFailureType(cause.type)) {
      throw new ApiError(cause.type, cause.message);
    }
    if (isTimeout(error) || error instanceof WorkflowFailedError) {
      throw new ApiError(
        'RequestExpired',
        'The preview was not made in time. Nothing was touched; check the worker (npm run worker), then ask again.',
      );
    }
    throw error;
  }
}

/** What is too large for one payload, as the workflow that has ended still tells it. */
async function whole(client: Client, result: PreviewResult): Promise<PreviewResult> {
  const { id, run_id } = result.workflow;
  const handle = client.workflow.getHandle(id, run_id);
  const compensations: CompensationResult[] = [];
  for (;;) {
    const asked = { offset: compensations.length, limit: PAGE };
    const page = await handle.query(compensationsQuery, asked);
    // Never so of a preview that has ended well; and nobody may ask for ever.
    if (page === null || page.compensations.length === 0) return result;
    compensations.push(...page.compensations);
    if (compensations.length >= page.total) return { ...result, truncated: false, compensations };
  }
}
