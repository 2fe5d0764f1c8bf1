/**
 * The activities as the workflow calls them: option sets with the reason for every number. Which failures are not worth another
 * attempt the activities say themselves (activities/failures.ts); a list of them would be kept with every call.
 */
import {
  ActivityCancellationType,
  type ActivityInterfaceFor,
  type ActivityOptions,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { RollbackActivities, RunLimits, TurnActivities } from '../activities/types.js';

const SECOND_MS = 1000;

/**
 * Reading before acceptance. The caller waits for the answer, so three attempts within a few seconds and then a plain 503
 * are better than patience. `timeoutMs` ends with the request's accept_by.
 */
export function acceptanceReads(timeoutMs: number): ActivityInterfaceFor<RollbackActivities> {
  return proxyActivities<RollbackActivities>({
    startToCloseTimeout: timeoutMs,
    scheduleToCloseTimeout: timeoutMs,
    // Nobody waits for a read that is of no use any more.
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: {
      initialInterval: SECOND_MS,
      maximumAttempts: 3,
    },
  });
}

/** Longer than most clouds take; it is time in which this task of the workflow hears of nothing else. */
const QUICK_MS = 2 * SECOND_MS;

/**
 * The same within the workflow task that begins the rollback, once and for a moment only: two turns through Temporal less, which
 * is half of what a small rollback costs (ADR 0020).
 */
export function quickReads(timeoutMs: number): ActivityInterfaceFor<RollbackActivities> {
  return proxyLocalActivities<RollbackActivities>({
    startToCloseTimeout: Math.min(timeoutMs, QUICK_MS),
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    retry: { maximumAttempts: 1 },
  });
}

/** The thread is let go between two steps of one workflow task. Where a worker ends meanwhile, another does it again. */
export const { nextTurn } = proxyLocalActivities<TurnActivities>({ startToCloseTimeout: QUICK_MS });

/** The last read: as patient as the worker's settings say, within `allMs`. */
export function patientReads(
  limits: RunLimits,
  allMs: number,
): ActivityInterfaceFor<RollbackActivities> {
  return proxyActivities<RollbackActivities>({
    startToCloseTimeout: limits.compensation_timeout * SECOND_MS,
    heartbeatTimeout: limits.heartbeat_timeout * SECOND_MS,
    cancellationType: ActivityCancellationType.TRY_CANCEL,
    scheduleToCloseTimeout: allMs,
    retry: {
      initialInterval: limits.retry_initial * SECOND_MS,
      maximumInterval: limits.retry_max * SECOND_MS,
      maximumAttempts: limits.retry_attempts,
    },
  });
}

/** One attempt of a compensation: whether there is another is the workflow's decision (attempts.ts). */
export function attemptOptions(limits: RunLimits): ActivityOptions {
  return {
    // Waiting in queues of Nova and of the worker included.
    startToCloseTimeout: limits.compensation_timeout * SECOND_MS,
    // A dead worker is noticed within this, and another attempt joins the migration that goes on.
    heartbeatTimeout: limits.heartbeat_timeout * SECOND_MS,
    // What has asked for something must be let finish: only the activity knows whether it has.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: { maximumAttempts: 1 },
  };
}

export function attempts(limits: RunLimits): ActivityInterfaceFor<RollbackActivities> {
  return proxyActivities<RollbackActivities>(attemptOptions(limits));
}
