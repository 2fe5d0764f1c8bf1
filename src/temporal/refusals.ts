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

export function tooManyStarts(): ApiError {
  return new ApiError(
    'TooManyStarts',
    'More rollbacks and previews are being started than can be taken up now. Nothing was touched; ask again.',
  );
}
