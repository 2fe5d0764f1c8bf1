/** What becomes of a compensation by the report of its activity. Decides nothing about other compensations. */
import type { CompensationReport } from '../activities/types.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import { summaryOf } from '../src/domain/report.js';
import type { FinalOutcome } from '../src/domain/states.js';
import { blockedReason } from './reasons.js';
import { now, type RollbackRecord } from './rollback-record.js';

/** The compensation is over. */
export function end(
  record: RollbackRecord,
  compensation: LaidOutCompensation,
  state: FinalOutcome,
  reason: string | null,
): void {
  record.update(compensation, { state, reason, finished_at: now() });
  const message = reason === null ? summaryOf(compensation) : reason;
  record.note(state.toLowerCase().replaceAll('_', '-'), message, compensation.action_uuid);
}

/** The same by a report that leaves nothing to be decided; false for any other. */
export function endBy(
  record: RollbackRecord,
  compensation: LaidOutCompensation,
  { outcome, reason, ...report }: CompensationReport,
): boolean {
  switch (outcome) {
    case 'SUCCEEDED':
    case 'SKIPPED':
      if (compensation.residue === null) {
        end(record, compensation, outcome, reason);
      } else {
        const done = reason ?? `${summaryOf(compensation)}: done`;
        end(record, compensation, 'NOT_REVERSIBLE', `${compensation.residue}; ${done}`);
      }
      return true;
    case 'KEPT':
    case 'NOT_REVERSIBLE':
      end(record, compensation, outcome, reason);
      return true;
    case 'BLOCKED': {
      const why = blockedReason(record, compensation, { outcome, reason, ...report });
      end(record, compensation, 'NOT_ATTEMPTED', why);
      return true;
    }
    default:
      return false;
  }
}
