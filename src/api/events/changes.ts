/** What an event stream says between two looks at the same rollback. Pure. */
import type { CompensationResult, HistoryEntry, RollbackResult } from '../../domain/result.js';

export type Change =
  /** The whole result, where single changes would not tell the story. */
  | { event: 'result' }
  | { event: 'compensation'; data: CompensationResult }
  | { event: 'history'; data: HistoryEntry };

/** More at once than this, and the whole result is shorter. */
const CHANGES_MAX = 500;

export function changesBetween(before: RollbackResult, after: RollbackResult): Change[] {
  // Another run of the rollback, or a state that neither a compensation nor the history carries.
  if (before.uuid !== after.uuid || before.state !== after.state) return [{ event: 'result' }];
  const known = new Map(before.compensations.map((one) => [one.action_uuid, JSON.stringify(one)]));
  const compensations: Change[] = after.compensations
    .filter((one) => known.get(one.action_uuid) !== JSON.stringify(one))
    .map((data) => ({ event: 'compensation', data }));
  const history = newEntries(before.history, after.history);
  if (history === null || compensations.length + history.length > CHANGES_MAX) {
    return [{ event: 'result' }];
  }
  return [...compensations, ...history.map((data): Change => ({ event: 'history', data }))];
}

/** null: the last known entry is no longer there, so some may have been missed. */
function newEntries(
  before: readonly HistoryEntry[],
  after: readonly HistoryEntry[],
): readonly HistoryEntry[] | null {
  const last = before.at(-1);
  if (last === undefined) return after;
  const text = JSON.stringify(last);
  const at = after.findLastIndex((entry) => JSON.stringify(entry) === text);
  return at === -1 ? null : after.slice(at + 1);
}
