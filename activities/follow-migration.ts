/**
 * Follow one migration of one server until its record and the server agree that it is over. Reads only, through the
 * worker's shared watch; what the end means is the caller's to say.
 *
 * When Nova writes what:
 * - Live, done: the destination sets host and clears task_state, then the source sets the record `completed`
 *   (nova/compute/manager.py, post_live_migration_at_destination called from _post_live_migration).
 * - Live, refused by the scheduler or a check: the server's task_state is cleared, then the record is set `error`
 *   (nova/conductor/manager.py, _live_migrate). Undone half-way: the same, then `failed` or `cancelled`
 *   (nova/compute/manager.py, _rollback_live_migration). Failed in the driver: `error` first, then the server.
 * - Cold: `finished`, then VERIFY_RESIZE (_finish_resize); `confirmed` or `reverted`, then the server's rest.
 * So neither alone proves an end: both are awaited, and only for a limited time, because a conductor or a compute
 * that died leaves a record open for ever.
 */
import type { ComputeMigration, ComputeServer } from '../src/openstack/cloud.js';
import { failure } from './failures.js';
import type { Kit } from './kit.js';
import { isOf, isOpen, isQueued } from './move-decision.js';
import type { Progress, Silence } from './progress.js';
import { clockSeconds, stopwatch } from './waiting.js';
import type { Run } from './waiting.js';
import type { Verdict, WatchView } from './watch.js';

export interface Followed {
  serverId: string;
  serverName: string;
  /** Which record: the first that is younger than this id, and not known to be of another user than this one. */
  after: number;
  ownUserId: string | null;
  /** What was asked for, where it is known. */
  type?: 'live-migration' | 'migration';
  /** Nova's own time, not later than the record's first change. */
  since: string | null;
  /** The record as it is known already, if it is. */
  record: ComputeMigration | null;
  /** What is followed was asked for just now. */
  isNew?: boolean;
}

/** `stale`: the record has stayed open although the server rests, for longer than Nova ever takes. */
export interface FollowEnd {
  /** null: no record appeared in time. */
  record: ComputeMigration | null;
  stale: boolean;
  /** It is open, and makes no progress. */
  silence?: Silence;
  /** Read after the record was seen in its last status; undefined: not read. */
  server?: ComputeServer | null | undefined;
}

/** Fails: CompensationTimeout; the migration itself is left alone. */
export async function followMigration(
  kit: Kit,
  run: Run,
  what: Followed,
  progress: Progress | null,
): Promise<FollowEnd> {
  const judge = migrationJudge(kit, what, progress);
  let isNew = what.isNew === true;
  for (;;) {
    const { serverId, since } = what;
    const end = await kit.watch.follow({ serverId, since, signal: run.signal, judge, isNew });
    if (!('look' in end)) return end;
    isNew = false;
    const silence = (await progress?.look(kit, run, end.look)) ?? null;
    if (silence !== null) return { record: end.look, stale: false, silence };
  }
}

/** An open record that has told nothing new for long is to be looked at closer, and followed on. */
type Judged = FollowEnd | { look: ComputeMigration };

/** Keeps its own clocks: how long without a record, running, unchanged, ended but not agreed. */
function migrationJudge(
  kit: Kit,
  what: Followed,
  progress: Progress | null,
): (view: WatchView) => Verdict<Judged> {
  const elapsed = stopwatch();
  const { timing, settings } = kit;
  let record = what.record;
  let changedAt = clockSeconds();
  let startedAt: number | null = null;
  let restsSince: number | null = null;

  return (view) => {
    const now = clockSeconds();
    const seen = pick(view.records, what);
    if (seen !== null && seen.status !== record?.status) changedAt = now;
    record = seen ?? record;
    if (record === null) {
      return elapsed() > timing.record_appears ? { done: { record, stale: false } } : 'wait';
    }
    if (!isOpen(record)) {
      if (agreed(view.server) || now - changedAt > timing.record_settles) {
        return { done: { record, stale: false, server: view.server } };
      }
      return 'read-server';
    }
    if (!isQueued(record)) startedAt ??= now;
    const isSilent = progress?.saw(record) ?? false;
    const ranFor = progress?.ranFor() ?? (startedAt === null ? null : now - startedAt);
    if (ranFor !== null && ranFor > settings.migration_timeout) {
      throw failure(
        'CompensationTimeout',
        `Migration ${record.uuid} of ${what.serverName} is still ${record.status} after ${settings.migration_timeout} s; it was left to go on.`,
      );
    }
    if (isSilent) return { done: { look: record } };
    if (now - changedAt <= timing.record_settles) return 'wait';
    // Unchanged for long: only now is the server asked whether it knows of the migration at all.
    if (view.server === undefined) return 'read-server';
    if (!agreed(view.server)) {
      restsSince = null;
      return 'wait';
    }
    restsSince ??= now;
    const stale = view.server === null || now - restsSince > timing.record_settles;
    return stale ? { done: { record, stale: true } } : 'wait';
  };
}

type Sought = Pick<Followed, 'after' | 'ownUserId' | 'type'>;

/** The first record that is younger than those before. `records`: newest first. */
export function firstAfter(records: ComputeMigration[], what: Sought): ComputeMigration | null {
  return records.findLast((one) => isSought(one, what)) ?? null;
}

/** The last one of them. */
export function lastAfter(records: ComputeMigration[], what: Sought): ComputeMigration | null {
  return records.find((one) => isSought(one, what)) ?? null;
}

function isSought(record: ComputeMigration, { after, ownUserId, type }: Sought): boolean {
  if (type !== undefined && record.type !== type) return false;
  return record.id > after && isOf(record, ownUserId);
}

/** The record that is followed: known by its id, else the first that is younger than those before. */
function pick(records: ComputeMigration[], what: Followed): ComputeMigration | null {
  const known = what.record;
  if (known !== null) return records.find((one) => one.id === known.id) ?? null;
  return firstAfter(records, what);
}

/** The server is gone, in ERROR, or rests: nothing more will come of the migration. */
function agreed(server: ComputeServer | null | undefined): boolean {
  if (server === undefined) return false;
  return server === null || server.status === 'ERROR' || server.taskState === null;
}
