/**
 * A rollback that has just gone on in a new run of its workflow may still be taking over what the run before knew: until then it
 * answers null. Only of rollbacks that were accepted, so it will know soon.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/** It takes some hundred milliseconds, for the largest plans. */
const LOOKS = 20;
const PAUSE_MS = 100;

export async function untilKnown<T>(query: () => Promise<T | null>): Promise<T | null> {
  for (let look = 1; ; look += 1) {
    const answer = await query();
    if (answer !== null || look === LOOKS) return answer;
    await sleep(PAUSE_MS);
  }
}
