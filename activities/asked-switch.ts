/**
 * The stop switch as activities look at it: before they begin, and before each change; anew where a rollback is accepted. It must
 * not know where the switch is kept, or what becomes of an activity that meets it.
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

/** A thousand migrations whose turn comes at once ask Temporal once; and what has just been looked at when it began is good. */
const FRESH_MS = 200;

/** Both fail: TemporalUnreachable, where the switch cannot be read. */
export interface SwitchLooks {
  anew: ReadStopSwitch;
  /** Of no more than a fifth of a second ago. */
  recent: ReadStopSwitch;
}

export function switchLooks(read: ReadStopSwitch): SwitchLooks {
  let last: { at: number; answer: Promise<StopSwitch> } | null = null;
  const anew = (): Promise<StopSwitch> => {
    const mine = { at: performance.now(), answer: readOrFail(read) };
    last = mine;
    // What could not be read is no answer for anybody who asks later.
    mine.answer.catch(() => {
      if (last === mine) last = null;
    });
    return mine.answer;
  };
  const recent = (): Promise<StopSwitch> =>
    last !== null && performance.now() - last.at < FRESH_MS ? last.answer : anew();
  return { anew, recent };
}

async function readOrFail(read: ReadStopSwitch): Promise<StopSwitch> {
  try {
    return await read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw failure('TemporalUnreachable', `Whether rollbacks are stopped is not known: ${reason}`);
  }
}
