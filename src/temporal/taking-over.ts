/**
 * A rollback that has just gone on in a new run of its workflow may still be taking over what the run before knew: until then it
 * answers null. Only of rollbacks that were accepted, so it will know soon; but not before a worker has taken it up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../api/errors.js';

/** It takes some hundred milliseconds, for the largest plans; seconds where a worker has just died. */
const LOOKS = 20;
const PAUSE_MS = 100;

export interface Asked<T> {
  query: () => Promise<T | null>;
  /** Whether its latest run was accepted and has not ended. */
  goesOn: () => Promise<boolean>;
  /** What to throw where it goes on and does not answer. */
  silent: () => ApiError;
}

/** null: it has ended, and does not know. */
export async function untilKnown<T>(
  { query, goesOn, silent }: Asked<T>,
  pauseMs = PAUSE_MS,
): Promise<T | null> {
  for (let look = 1; look <= LOOKS; look += 1) {
    const answer = await query();
    if (answer !== null) return answer;
    if (look < LOOKS) await sleep(pauseMs);
  }
  if (await goesOn()) throw silent();
  // It may have taken over, and ended, since it was last asked.
  return await query();
}

/** Temporal has the rollback, and no worker has taken over its state. */
export function goesOnInNewRun(): ApiError {
  return new ApiError(
    'NoWorker',
    'The rollback is going on in a new run, which no worker has taken up in full yet. Ask again.',
  );
}

export function cancelDelivered(): ApiError {
  return new ApiError(
    'NoWorker',
    'The cancel was delivered, and takes effect as soon as a worker has taken up in full the new run in which the rollback is going on. Ask for the result again.',
  );
}
