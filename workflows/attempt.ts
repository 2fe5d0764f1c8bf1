/** One compensation tried: the activity, and the other kind of migration where the server turned out to need that. */
import type { CompensationReport } from '../activities/types.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import type { Attempts } from './attempts.js';
import type { RollbackRecord } from './rollback-record.js';

/** A server may turn from live to cold and back while its compensation waits; more often is no accident. */
const WAYS_MAX = 3;

export async function attempt(
  record: RollbackRecord,
  attempts: Attempts,
  compensation: LaidOutCompensation,
): Promise<CompensationReport> {
  for (let way = 1; ; way += 1) {
    const report = await attempts.run(compensation);
    record.update(compensation, {
      evidence: { ...compensation.evidence, ...report.evidence },
      now: report.now ?? compensation.now,
    });
    const { work } = compensation;
    if (report.outcome !== 'OTHER_WAY' || report.kind === undefined || way === WAYS_MAX) {
      return report;
    }
    if (work === null || (work.kind !== 'live_migrate' && work.kind !== 'cold_migrate')) {
      return report;
    }
    record.update(compensation, { kind: report.kind, work: { ...work, kind: report.kind } });
    record.note('other-way', report.reason ?? report.kind, compensation.action_uuid);
  }
}
