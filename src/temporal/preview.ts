/** A preview: a read-only workflow with an id of its own, waited for. */
import { WorkflowFailedError, WorkflowIdConflictPolicy } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { randomUUID } from 'node:crypto';
import type { RollbackRequest } from '../../activities/types.js';
import type { CompensationsPage, PageAsked } from '../../workflows/messages.js';
import type { PreviewRollback } from '../../workflows/preview-rollback.js';
import { ApiError } from '../api/errors.js';
import { isFailureType } from '../domain/failures.js';
import type { PreviewResult } from '../domain/preview.js';
import type { CompensationResult } from '../domain/result.js';
import { within } from '../within.js';
import { previewIdOf, previewSummaryOf } from './identifiers.js';
import type { Start } from './start.js';
import { isTimeout } from './translate-error.js';

export const PREVIEW_TYPE = 'PreviewRollback';
/** Past accept_by the workflow refuses by itself; the answer may still be on its way. */
const ANSWER_MARGIN_MS = 5_000;
const UNHURRIED_MS = 60_000;
/** Compensations that are asked for at a time; it gives as many as it likes. */
const PAGE = 2500;
/**
 * For all pages of one preview together: they are read one after the other, while the caller waits and others stand in line. The
 * largest has four, each a replay of a short history; the command (src/cli) waits 90 s, and the preview itself takes 65 at most.
 */
const PAGES_MS = 20_000;

/**
 * Large: without all compensations (`truncated`). Throws ApiError: what the workflow refused with; RequestExpired where nobody took it
 * up in time.
 */
export async function previewRollback(
  { client, taskQueue, planUuid, cloud }: Omit<Start, 'afterSuccess' | 'brief'>,
  request: RollbackRequest,
): Promise<PreviewResult> {
  const acceptBy =
    request.accept_by === null ? Date.now() + UNHURRIED_MS : Date.parse(request.accept_by);
  const limitMs = acceptBy + ANSWER_MARGIN_MS - Date.now();
  try {
    return await client.withDeadline(acceptBy + ANSWER_MARGIN_MS, () =>
      client.workflow.execute<typeof PreviewRollback>(PREVIEW_TYPE, {
        workflowId: previewIdOf(planUuid, randomUUID()),
        taskQueue,
        args: [
          {
            action_plan_uuid: planUuid,
            request,
            in_pages: true,
            ...(cloud !== undefined && { cloud }),
          },
        ],
        workflowIdConflictPolicy: WorkflowIdConflictPolicy.FAIL,
        // Nobody waits any longer, so nothing need be read any more.
        workflowExecutionTimeout: Math.max(limitMs, 1_000),
        staticSummary: previewSummaryOf(planUuid),
      }),
    );
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

/**
 * With all its compensations, where they are too many for one payload. `pageOf`: asks the workflow, which has ended. Throws
 * RequestExpired where they do not come in time.
 */
export async function whole(
  made: PreviewResult,
  pageOf: (asked: PageAsked) => Promise<CompensationsPage | null>,
): Promise<PreviewResult> {
  if (!made.truncated) return made;
  const until = performance.now() + PAGES_MS;
  const compensations: CompensationResult[] = [];
  for (;;) {
    const asked = pageOf({ offset: compensations.length, limit: PAGE });
    // One that is late is left to the deadline of its own call.
    const page = await within(asked, until - performance.now(), pagesLate);
    // Whoever answers knows them all: it would be a defect, and nobody may ask for ever.
    if (page === null || page.compensations.length === 0) {
      throw new Error(`the preview ${made.workflow.id} does not tell its compensations`);
    }
    compensations.push(...page.compensations);
    if (compensations.length >= page.total) return { ...made, truncated: false, compensations };
  }
}

function pagesLate(): ApiError {
  return new ApiError(
    'RequestExpired',
    'The preview was made, but its compensations did not come in time. Nothing was touched; check the worker (npm run worker), then ask again.',
  );
}
