/**
 * What to do next with a server that is to be moved back, from one reading of it: the preconditions of design §5,
 * without a call. Pure, so that every case is a line in a test.
 */
import type { ComputeMigration, ComputeServer, ComputeService } from '../src/openstack/cloud.js';
import type { FailureType } from '../src/domain/failures.js';
import type { MoveServerWork } from '../src/domain/layout-types.js';
import type { RollbackOptions } from '../src/domain/options.js';
import { GONE_BEFORE, named, report, serverNow } from './reports.js';
import type { CompensationReport } from './types.js';

export interface MoveView {
  /** null: Nova knows it no more. */
  server: ComputeServer | null;
  /** All its migration records, newest first. */
  records: ComputeMigration[];
  /** nova-compute of the host to move to; null where there is none. */
  destination: ComputeService | null;
  /** nova-compute of the host that the layout saw it on; null or absent where there is none. */
  source?: ComputeService | null;
  /** A host was read some time before this: good for nothing but to ask Nova (recent-services.ts). */
  hostsFromBefore?: boolean;
  /** null where it cannot be told. */
  ownUserId: string | null;
}

export interface MoveCase {
  /** Which activity asks; the work's own kind is what the layout thought. */
  way: 'live' | 'cold';
  work: MoveServerWork;
  onDrift: RollbackOptions['on_drift'];
  /** Whether this attempt has asked for or joined anything yet. */
  acted: boolean;
  /** A record that stays open while its server rests: seen for long enough to be taken for forgotten by Nova. */
  ignoreOpenRecord: boolean;
}

export type MoveDecision =
  | { do: 'report'; report: CompensationReport }
  | { do: 'fail'; type: FailureType; message: string }
  /** Somebody's migration, or another task, or a record that is about to close. */
  | { do: 'wait'; for: 'migration' | 'task' | 'record'; what: string }
  | { do: 'wait-for-host' }
  | { do: 'follow'; record: ComputeMigration }
  | { do: 'confirm'; record: ComputeMigration }
  | { do: 'ask' };

/** Statuses after which Nova does not touch a record any more, save for `finished` (confirm or revert). */
const SETTLED = new Set([
  'completed',
  'finished',
  'confirmed',
  'reverted',
  'error',
  'failed',
  'cancelled',
  'done',
]);
const FAILED = new Set(['error', 'failed', 'cancelled']);

export function isOpen(record: ComputeMigration): boolean {
  return !SETTLED.has(record.status);
}
export function isFailed(record: ComputeMigration): boolean {
  return FAILED.has(record.status);
}
/** Waiting for its turn or for the scheduler: its time limit does not run yet. */
export function isQueued(record: ComputeMigration): boolean {
  return ['accepted', 'queued', 'pre-migrating'].includes(record.status);
}

/**
 * A record that this service asked for: younger than all that the layout knew, and made by our own user. Its
 * destination is empty until the scheduler has chosen (nova/conductor/tasks/live_migrate.py, _execute): Nova is
 * asked with `force` unset and forgets the named host for the record in the meantime.
 */
export function isOurs(
  record: ComputeMigration,
  work: MoveServerWork,
  ownUserId: string | null,
): boolean {
  if (record.id <= work.sinceMigrationId) return false;
  if (record.type !== 'live-migration' && record.type !== 'migration') return false;
  return isOf(record, ownUserId);
}

/** Whether this user may have asked for it: Nova tells from microversion 2.80 on. */
export function isOf(record: ComputeMigration, userId: string | null): boolean {
  return userId === null || record.userId === null || record.userId === userId;
}

export function decideMove(view: MoveView, move: MoveCase): MoveDecision {
  const { server } = view;
  if (server === null) {
    if (!move.acted) return end('NOT_REVERSIBLE', GONE_BEFORE, null);
    return { do: 'fail', type: 'ServerGone', message: `${move.work.serverName} was deleted.` };
  }
  return (
    whileChanging(view, server, move) ??
    whereItIs(view, server, move) ??
    howToGo(view, server, move)
  );
}

function end(
  outcome: CompensationReport['outcome'],
  reason: string | null,
  server: ComputeServer | null,
  more: Partial<CompensationReport> = {},
): MoveDecision {
  const now = server === null ? null : serverNow(server);
  return { do: 'report', report: { ...report(outcome, reason, now), ...more } };
}

/** In ERROR, or something is under way: join what leads to `to`, wait for the rest. */
function whileChanging(
  view: MoveView,
  server: ComputeServer,
  move: MoveCase,
): MoveDecision | undefined {
  const { work } = move;
  const [newest] = view.records;
  if (server.status === 'ERROR') {
    const ours = newest !== undefined && isOurs(newest, work, view.ownUserId);
    const why = server.fault === null ? '' : `: ${server.fault}`;
    if (!move.acted && !ours) return end('KEPT', `The server is in ERROR${why}`, server);
    return { do: 'fail', type: 'ServerInError', message: `${named(server)} is in ERROR${why}` };
  }
  const resting = server.taskState === null;
  if (newest !== undefined && isOpen(newest) && !(resting && move.ignoreOpenRecord)) {
    if (leadsBack(newest, work, view.ownUserId)) return { do: 'follow', record: newest };
    const what = `its ${newest.type} to ${newest.destCompute ?? 'a host not chosen yet'} is ${newest.status}`;
    return { do: 'wait', for: resting ? 'record' : 'migration', what };
  }
  if (resting) return undefined;
  return { do: 'wait', for: 'task', what: `its task_state is ${server.taskState ?? ''}` };
}

/** Whether an open record brings the server to where it is wanted. A resize there is somebody else's affair. */
function leadsBack(record: ComputeMigration, work: MoveServerWork, own: string | null): boolean {
  if (record.status === 'reverting') return false;
  if (record.destCompute === null) return isOurs(record, work, own);
  return record.destCompute === work.to && record.type !== 'resize';
}

/** It rests: done, waiting for a confirmation, locked, or moved by somebody. */
function whereItIs(
  view: MoveView,
  server: ComputeServer,
  move: MoveCase,
): MoveDecision | undefined {
  const { work } = move;
  if (server.status === 'VERIFY_RESIZE') {
    const record = view.records.find((one) => one.status === 'finished');
    if (
      record !== undefined &&
      server.host === work.to &&
      record.destCompute === work.to &&
      record.type === 'migration' &&
      isOurs(record, work, view.ownUserId) &&
      // Where Nova does not tell who made the record (before 2.80), only what an attempt of ours asked for is confirmed.
      (move.acted || (record.userId !== null && record.userId === view.ownUserId))
    ) {
      return { do: 'confirm', record };
    }
    // The record is closed a moment before the server leaves VERIFY_RESIZE, with no task_state to show for it
    // (nova/compute/manager.py, _confirm_resize and _finish_revert_resize).
    const closing = ['confirmed', 'reverted'].includes(view.records[0]?.status ?? '');
    if (closing && !move.ignoreOpenRecord) {
      return { do: 'wait', for: 'record', what: 'it is about to leave VERIFY_RESIZE' };
    }
    return end(
      'KEPT',
      `A resize or migration of the server, not made by this rollback, waits for confirmation (VERIFY_RESIZE on ${server.host ?? 'no host'})`,
      server,
    );
  }
  if (server.host === work.to) {
    const moved = view.records.find(
      (record) =>
        record.destCompute === work.to &&
        !isFailed(record) &&
        record.status !== 'reverted' &&
        isOurs(record, work, view.ownUserId),
    );
    if (moved === undefined && !move.acted) {
      return end('SKIPPED', `Already on ${work.to}`, server);
    }
    const evidence = moved === undefined ? {} : { migration_uuid: moved.uuid };
    return end('SUCCEEDED', null, server, { evidence });
  }
  if (server.locked) return end('KEPT', 'The server is locked', server);
  if (server.host !== work.from && move.onDrift !== 'restore') {
    return end(
      'KEPT',
      `The server is on ${server.host ?? 'no host'} now, moved by somebody since (it was on ${work.from})`,
      server,
    );
  }
  return undefined;
}

/** Live or cold, and whether the destination can take it. */
function howToGo(view: MoveView, server: ComputeServer, move: MoveCase): MoveDecision {
  const { work } = move;
  const live = move.way === 'live';
  const { status } = server;
  // Nova migrates live in vm_state active and paused, cold in active and stopped (nova/compute/api.py,
  // live_migrate and resize: check_instance_state).
  if (status === 'SHUTOFF') {
    if (live) return otherWay('cold_migrate', 'The server is SHUTOFF', server);
  } else if (status === 'ACTIVE' || status === 'PAUSED') {
    const coldForbidden = status === 'PAUSED' || !work.allowCold;
    if (!live && coldForbidden) return otherWay('live_migrate', `The server is ${status}`, server);
  } else {
    return end('KEPT', `A server that is ${status} cannot be migrated`, server);
  }
  const destination = view.destination;
  if (destination === null) {
    return end('NOT_REVERSIBLE', `The host ${work.to} has no nova-compute any more`, server);
  }
  const obstacle = hostObstacle(destination);
  // A source that is down never takes the migration up: its record would stay open for ever.
  if (view.source?.state === 'down' && view.source.host === server.host) {
    const down = `nova-compute on ${view.source.host}, where the server is, is down`;
    return end('BLOCKED', down, server, { needs: view.source.host });
  }
  if (obstacle === null) return { do: 'ask' };
  if (obstacle.mayPass) return { do: 'wait-for-host' };
  return end('BLOCKED', obstacle.reason, server, { needs: work.to });
}

function otherWay(
  kind: 'live_migrate' | 'cold_migrate',
  reason: string,
  server: ComputeServer,
): MoveDecision {
  return end('OTHER_WAY', reason, server, { kind });
}

/** A host stands in the way: that one is down, or takes no server. */
export function isForHosts(decision: MoveDecision): boolean {
  if (decision.do === 'report') return decision.report.outcome === 'BLOCKED';
  return decision.do === 'wait-for-host';
}

export interface HostObstacle {
  reason: string;
  /** Time alone may change it: the service is down, and may be coming up. */
  mayPass: boolean;
}

/** Why a host takes no server; null: it does take one. */
export function hostObstacle(service: ComputeService): HostObstacle | null {
  const what = `nova-compute on ${service.host}`;
  if (service.status === 'disabled') {
    const why = service.disabledReason === null ? '' : `: ${service.disabledReason}`;
    return { reason: `${what} is disabled${why}`, mayPass: false };
  }
  if (service.forcedDown) return { reason: `${what} is forced down`, mayPass: false };
  return service.state === 'down' ? { reason: `${what} is down`, mayPass: true } : null;
}
