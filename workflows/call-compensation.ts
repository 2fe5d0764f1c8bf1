/** One compensation, one activity: the kind of work decides which, the summary says it in the Web UI. */
import type { CompensationInput, CompensationReport, Stuck } from '../activities/types.js';
import { cloudMark } from '../src/domain/cloud-id.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import { summaryOf } from '../src/domain/report.js';
import { attemptOptions, attempts } from './activity-proxies.js';
import type { RollbackRecord } from './rollback-record.js';

export interface Call extends Required<Pick<CompensationInput<unknown>, 'asked' | 'follow_only'>> {
  /** A migration of this compensation that was reported to make no progress. */
  reported: Stuck | null;
  timeLeftMs: number;
}

export function callCompensation(
  record: RollbackRecord,
  compensation: LaidOutCompensation,
  { timeLeftMs, reported, asked, follow_only }: Call,
): Promise<CompensationReport> {
  const { work } = compensation;
  if (work === null) throw new Error(`action ${compensation.action_uuid} has no work`);
  const activities = attempts(record.limits);
  const options = {
    ...attemptOptions(record.limits),
    startToCloseTimeout: timeLeftMs,
    summary: summaryOf(compensation),
  };
  // There are as many of these in the history as there are compensations: what goes without saying is left out.
  const common = {
    action_uuid: compensation.action_uuid,
    on_drift: record.options.on_drift,
    rollback_id: record.uuid,
    ...(asked && { asked }),
    ...(follow_only && { follow_only }),
    progress: {
      ...(record.options.abort_stuck === true && { abort: true }),
      ...(reported !== null && { reported }),
    },
    ...((compensation.attempts > 1 || reported !== null) && { again: true }),
    request_id: record.requestedBy.request_id,
    ...(record.cloud !== undefined && { of_cloud: cloudMark(record.cloud) }),
  };
  switch (work.kind) {
    case 'live_migrate':
      return activities.liveMigrateServer.executeWithOptions(options, [{ ...common, work }]);
    case 'cold_migrate':
      return activities.coldMigrateServer.executeWithOptions(options, [{ ...common, work }]);
    case 'revert_resize':
      return activities.revertResize.executeWithOptions(options, [{ ...common, work }]);
    case 'start_server':
      return activities.startServer.executeWithOptions(options, [{ ...common, work }]);
    case 'set_service_status':
      return activities.setComputeServiceStatus.executeWithOptions(options, [{ ...common, work }]);
    case 'set_node_power':
      return activities.setNodePowerState.executeWithOptions(options, [{ ...common, work }]);
    default:
      return work satisfies never;
  }
}
