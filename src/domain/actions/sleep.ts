/** `sleep`: waits (watcher/applier/actions/sleep.py). Nothing to undo. */
import type { Change } from './change.js';

export function readSleep(): Change {
  return { kind: 'nothing', reason: 'A sleep changes nothing.' };
}
