/**
 * The stop switch as activities look at it: whether rollbacks are stopped, read at most once a second per worker. It must not
 * know where the switch is kept, or what becomes of an activity that meets it.
 */
import type { StopSwitch } from '../src/domain/stop-switch.js';
import { failure } from './failures.js';

/** Throws where it cannot be known: then nothing begins either, and the activity is tried again. */
export type ReadStopSwitch = () => Promise<StopSwitch>;

/** Thrown before something new would be asked for; the activity reports STOPPED. */
export class Stopped extends Error {
  constructor(readonly stop: StopSwitch) {
    super('All rollbacks are stopped');
  }
}

export const NEVER_STOPPED: ReadStopSwitch = () =>
  Promise.resolve({ stopped: false, reason: null, by: null, since: null });

/** A thousand migrations whose turn comes at once ask Temporal once. */
const FRESH_MS = 1_000;

/** Fails: TemporalUnreachable, where the switch cannot be read. */
export function readable(read: ReadStopSwitch): ReadStopSwitch {
  return async () => {
    try {
      return await read();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw failure('TemporalUnreachable', `Whether rollbacks are stopped is not known: ${reason}`);
    }
  };
}

export function onceASecond(read: ReadStopSwitch): ReadStopSwitch {
  let last: { at: number; answer: Promise<StopSwitch> } | null = null;
  return () => {
    if (last !== null && performance.now() - last.at < FRESH_MS) return last.answer;
    const answer = read();
    const mine = { at: performance.now(), answer };
    last = mine;
    // What could not be read is no answer for anybody who asks later.
    answer.catch(() => {
      if (last === mine) last = null;
    });
    return answer;
  };
}
