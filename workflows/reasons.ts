/** Sentences of the runner. */
import type { CompensationReport } from '../activities/types.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import type { RollbackRecord } from './rollback-record.js';

/** What stands in the way, and the compensation that was to move it out of the way and did not. */
export function blockedReason(
  record: RollbackRecord,
  compensation: LaidOutCompensation,
  report: CompensationReport,
): string {
  const reason = report.reason ?? 'something it needs is not so';
  const blocker = compensation.parents
    .map((uuid) => record.get(uuid))
    .find((parent) => parent !== undefined && !['SUCCEEDED', 'SKIPPED'].includes(parent.state));
  if (blocker === undefined) return reason;
  return `${reason}; it waited for the ${blocker.action_type} action ${blocker.action_uuid}, which ended ${blocker.state}`;
}

export function byWhom(by: string | null): string {
  return by === null ? '' : ` by ${by}`;
}
