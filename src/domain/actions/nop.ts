/** `nop`: writes a message to Watcher's log (watcher/applier/actions/nop.py). Nothing to undo. */
import type { Change } from './change.js';

export function readNop(): Change {
  return { kind: 'nothing', reason: 'A nop changes nothing.' };
}
