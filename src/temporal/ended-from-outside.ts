/** What is left to say of a rollback that somebody terminated, or that Temporal timed out. Pure. */
import type { RollbackResult } from '../domain/result.js';

/** Its last known state, with nothing claimed to be under way. `status` is Temporal's word (TERMINATED, TIMED_OUT). */
export function endedFromOutside(last: RollbackResult, status: string): RollbackResult {
  const why = `the workflow was ended from outside (${status}); what was under way may have gone on in the cloud`;
  const someSucceeded = (last.counts.SUCCEEDED ?? 0) > 0;
  const { PENDING = 0, ONGOING = 0, ...final } = last.counts;
  const left = PENDING + ONGOING;
  const counts =
    left === 0 ? final : { ...final, NOT_ATTEMPTED: (final.NOT_ATTEMPTED ?? 0) + left };
  return {
    ...last,
    state: someSucceeded ? 'PARTIAL' : 'FAILED',
    restored: false,
    failure: { type: 'RollbackIncomplete', message: why },
    counts,
    compensations: last.compensations.map((one) =>
      one.state === 'PENDING' || one.state === 'ONGOING'
        ? { ...one, state: 'NOT_ATTEMPTED', reason: why }
        : one,
    ),
  };
}
