/** What the API answers before Temporal was asked to do anything: the sentences in one place. */
import { ApiError } from '../api/errors.js';

export function noRollback(planUuid: string): ApiError {
  return new ApiError('NoRollback', `Action plan ${planUuid} has no rollback yet. POST one.`);
}

export function noWorker(taskQueue: string): ApiError {
  return new ApiError(
    'NoWorker',
    `No worker answers on the task queue ${taskQueue}. Start one (npm run worker), then ask again.`,
  );
}

/** One has polled a minute ago or less (readiness.ts), and was asked twice. */
export function silentWorker(taskQueue: string): ApiError {
  return new ApiError(
    'NoWorker',
    `The worker on the task queue ${taskQueue} does not answer in time: it has more to do than it can, it has just ended, or it is of an older version. Look at it, then ask again.`,
  );
}

export function optionsDiffer(differing: readonly string[]): ApiError {
  return new ApiError(
    'OptionsDiffer',
    `A rollback of this plan is running with other options (${differing.join(', ')}). Wait for its end, or cancel it.`,
  );
}

/** Seconds: those who were refused together must not come back together. */
const COME_BACK = { least: 1, most: 15 };

export function tooManyLooks(): ApiError {
  return new ApiError(
    'TemporalUnreachable',
    'More is asked at once than Temporal answers in time. Nothing was touched; ask again.',
    comeBack(),
  );
}

export function tooManyStarts(): ApiError {
  return new ApiError(
    'TooManyStarts',
    'More rollbacks and previews are being started than can be taken up now. Nothing was touched; ask again.',
    comeBack(),
  );
}

function comeBack(): number {
  return COME_BACK.least + Math.random() * (COME_BACK.most - COME_BACK.least);
}
