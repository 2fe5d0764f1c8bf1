/** What Watcher's action states say about the cloud. Source: watcher/applier/workflow_engine, watcher/applier/sync.py. Pure. */

/** The applier saw the action's end, and it was good. */
export function hasSucceeded(state: string): boolean {
  return state === 'SUCCEEDED';
}

/** The applier never began it, so it changed nothing. */
export function changedNothing(state: string): boolean {
  return state === 'PENDING' || state === 'SKIPPED';
}

/**
 * Anything else proves nothing by itself: FAILED (Watcher gave up waiting while Nova may have gone on), ONGOING and
 * CANCELLING (left behind by an applier that died), CANCELLED (set at restart on actions that ran and on
 * actions that never did). Something in the cloud has to prove that such an action took effect.
 */
export function needsProof(state: string): boolean {
  return !hasSucceeded(state) && !changedNothing(state);
}
