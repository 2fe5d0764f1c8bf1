/**
 * What a migration that did not happen means: refused at once, or accepted and then come to nothing. Reads why;
 * changes nothing.
 */
import type { ComputeServer } from '../src/openstack/cloud.js';
import type { FailureType } from '../src/domain/failures.js';
import type { MoveServerWork } from '../src/domain/layout-types.js';
import { failure } from './failures.js';
import type { Kit } from './kit.js';
import { cannotGoLive, failureReason, isNoRoom } from './migration-reason.js';
import { hostObstacle } from './move-decision.js';
import { readComputeService } from './reading.js';
import { named } from './reports.js';
import type { CompensationReport } from './types.js';
import type { Run } from './waiting.js';

export type MoveFailure =
  | { type: FailureType; message: string }
  | Pick<CompensationReport, 'outcome' | 'reason' | 'needs' | 'kind'>;

/** Nova's names of the two in os-instance-actions (nova/compute/instance_actions.py). */
const ACTIONS = { live: ['live-migration'], cold: ['migrate'] };

/** 400, or 409 for good: nothing has been touched. */
export function refusedMove(
  work: MoveServerWork,
  way: 'live' | 'cold',
  said: string,
  server: ComputeServer | null,
): MoveFailure {
  if (/compute host .* (could not be found|not found)/iu.test(said)) {
    return { outcome: 'NOT_REVERSIBLE', reason: `The host ${work.to} is gone: ${said}` };
  }
  if (way === 'live' && mayGoCold(work, server)) {
    return { outcome: 'OTHER_WAY', reason: said, kind: 'cold_migrate' };
  }
  return { type: 'MigrationFailed', message: said };
}

/** The record ended as error, failed or cancelled. */
export async function failedMove(
  kit: Kit,
  run: Run,
  ended: {
    work: MoveServerWork;
    way: 'live' | 'cold';
    status: string;
    requestId: string | null;
    server: ComputeServer | null;
    /** Seconds without progress after which it was aborted; null: it was not. */
    abortedAfter: number | null;
  },
): Promise<MoveFailure> {
  const { work, way, server } = ended;
  if (server === null) return { type: 'ServerGone', message: `${work.serverName} was deleted.` };
  if (ended.abortedAfter !== null && server.status !== 'ERROR') {
    return abortedMove(work, ended.abortedAfter);
  }
  // An abort leaves no reason in the instance action (recorded: nova-instance-action-after-abort): none is waited for.
  if (ended.status === 'cancelled' && server.status !== 'ERROR') {
    const message = `${work.serverName} to ${work.to}: cancelled by somebody`;
    return { type: 'MigrationFailed', message };
  }
  const found = await failureReason(kit, run, work.serverId, ended.requestId, ACTIONS[way]);
  const reason = found ?? `Nova gives no reason (migration record: ${ended.status})`;
  if (server.status === 'ERROR') {
    return { type: 'ServerInError', message: `${named(server)} went to ERROR: ${reason}` };
  }
  if (found !== null && isNoRoom(found)) return noRoom(kit, run, work, found);
  if (way === 'live' && found !== null && cannotGoLive(found) && mayGoCold(work, server)) {
    return { outcome: 'OTHER_WAY', reason: found, kind: 'cold_migrate' };
  }
  return { type: 'MigrationFailed', message: `${work.serverName} to ${work.to}: ${reason}` };
}

export function abortedMove(
  { serverName, to }: MoveServerWork,
  silentFor: number,
): { type: FailureType; message: string } {
  return {
    type: 'MigrationAborted',
    message: `${serverName} to ${to}: the migration made no progress for ${silentFor} s and was aborted, as asked (abort_stuck)`,
  };
}

/**
 * The scheduler gives one sentence for a host that is full, disabled or down (recorded: nova-migrations-after-*):
 * the service itself tells which.
 */
async function noRoom(
  kit: Kit,
  run: Run,
  work: MoveServerWork,
  reason: string,
): Promise<MoveFailure> {
  const destination = await readComputeService(kit, run, work.to);
  if (destination === null) {
    return {
      outcome: 'NOT_REVERSIBLE',
      reason: `The host ${work.to} has no nova-compute any more`,
    };
  }
  const obstacle = hostObstacle(destination);
  if (obstacle === null) return { outcome: 'NO_ROOM', reason: `${work.to}: ${reason}` };
  return { outcome: 'BLOCKED', reason: obstacle.reason, needs: work.to };
}

/** Accepted, and no record of it appeared. */
export function unrecorded(kit: Kit, { serverName }: MoveServerWork, requestId?: string): Error {
  return failure(
    'OpenStackUnreachable',
    `Nova accepted the migration of ${serverName} (${requestId ?? 'no request id'}) but made no record of it within ${kit.timing.record_appears} s`,
  );
}

/** Only a server that runs: one that is PAUSED cannot be migrated cold (nova/compute/api.py, resize). */
function mayGoCold(work: MoveServerWork, server: ComputeServer | null): boolean {
  return work.allowCold && server?.status === 'ACTIVE';
}
