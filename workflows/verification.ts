/**
 * The last read: everything that is said to be as before is looked at once more, unless it was only just. What is not (any
 * more) was changed by somebody since, and the result says so (ADR 0018).
 */
import { ActivityFailure, patched } from '@temporalio/workflow';
import type { VerifyInput } from '../activities/types.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import { patientReads } from './activity-proxies.js';
import { causeOf, ofCloud } from './acceptance.js';
import { wasCut } from './cut-short.js';
import { now, type RollbackRecord } from './rollback-record.js';

/** After a cancel, or once the time of the rollback is used up: somebody waits for the end. */
const HURRIED_S = 60;
/** What was looked at since then is not looked at again. */
const FRESH_MS = 1_000;
/** Keeps one activity's input far below Temporal's 2 MB. */
const CHUNK = 1000;

export async function verify(record: RollbackRecord, hurried: boolean): Promise<void> {
  const all = restored(record.all());
  const wanted = olderThan(FRESH_MS, all, record);
  const justSeen = all.length - wanted.length;
  const { compensation_timeout: longestS } = record.limits;
  const endMs = Date.now() + (hurried ? Math.min(HURRIED_S, longestS) : longestS) * 1000;
  for (let from = 0; from < wanted.length; from += CHUNK) {
    const input: VerifyInput = {
      action_plan_uuid: record.planUuid,
      request_id: record.requestedBy.request_id,
      ...ofCloud(record.cloud),
      compensations: wanted.slice(from, from + CHUNK).map(question),
      since: movedSince(wanted.slice(from, from + CHUNK)),
    };
    try {
      const activities = patientReads(record.limits, Math.max(endMs - Date.now(), 1));
      const { differing } = await activities.verifyRollback(input);
      for (const found of differing) {
        const compensation = record.get(found.action_uuid);
        if (compensation === undefined) continue;
        const since = compensation.finished_at ?? record.createdAt;
        record.update(compensation, {
          state: 'KEPT',
          now: found.now,
          reason: `was as before at ${since}, changed by somebody since: ${found.reason}`,
          finished_at: now(),
        });
        record.note('kept', compensation.reason ?? '', compensation.action_uuid);
      }
    } catch (error) {
      if (!(error instanceof ActivityFailure) && !wasCut(error)) throw error;
      // Each compensation has seen its own effect; that the second look failed is said, not hidden.
      const cut = wasCut(error) || !(error instanceof ActivityFailure);
      const why = cut ? 'cancelled' : causeOf(error).message;
      record.note('unverified', `The last read did not succeed: ${why}`);
      return;
    }
  }
  const seen = [
    ...(wanted.length > 0 || justSeen === 0 ? [`${wanted.length} looked at once more`] : []),
    ...(justSeen > 0 ? [`${justSeen} seen within the last second`] : []),
  ];
  record.note('verified', `Compensations that are as before: ${seen.join(', ')}.`);
}

/**
 * Those that were begun before that. When the cloud was looked at is not known to the workflow: a report may have waited for
 * it. But it was after the begin, by the workflow's own clock, so what was begun within the time was seen within it.
 */
function olderThan(
  ms: number,
  all: LaidOutCompensation[],
  { isUnmixed, laidOutSinceMs }: RollbackRecord,
): LaidOutCompensation[] {
  // Older versions look at all.
  if (all.length === 0 || !(isUnmixed || patched('just-seen'))) return all;
  const since = Date.now() - ms;
  return all.filter(({ work, started_at: startedAt }) => {
    const begunMs = work === null || startedAt === null ? laidOutSinceMs : Date.parse(startedAt);
    return begunMs === null || begunMs < since;
  });
}

/** What is as before by its own account: restored by work, or never away from it and not covered by another's work. */
function restored(all: readonly LaidOutCompensation[]): LaidOutCompensation[] {
  const workedOn = new Set(
    all.filter((one) => one.work !== null).map((one) => `${one.resource_type} ${one.resource_id}`),
  );
  return all.filter((one) => {
    if (one.before === null || one.resource_id === null) return false;
    if (one.work !== null) return one.state === 'SUCCEEDED' || one.state === 'SKIPPED';
    return one.state === 'SKIPPED' && !workedOn.has(`${one.resource_type} ${one.resource_id}`);
  });
}

/** The layout has read all records of migrations up to then; what moved back did so later. */
function movedSince(compensations: readonly LaidOutCompensation[]): string | null {
  const times = compensations.flatMap(({ work }) =>
    work !== null && 'since' in work && typeof work.since === 'string' ? [work.since] : [],
  );
  return times.length === 0 ? null : times.reduce((a, b) => (b < a ? b : a));
}

function question(one: LaidOutCompensation): VerifyInput['compensations'][number] {
  return {
    action_uuid: one.action_uuid,
    resource_type: one.resource_type,
    resource_id: one.resource_id,
    before: one.before,
    state: one.state,
  };
}
