/**
 * What the listings of changed migrations have told this worker, which reads one all the time while anything is under way: so the
 * first look of a move needs none of its own. No OpenStack calls.
 */
import type { ComputeMigration } from '../src/openstack/cloud.js';
import { earliest, secondsBetween, wellBefore } from './nova-time.js';
import { clockSeconds } from './waiting.js';

/** Older than this is not used. */
const AGE_MAX_S = 1;
/** Listings begin well before what Nova has told by then (nova-time.ts): after such a pause nothing is missing between two. */
const PAUSE_MAX_S = 30;
/** More than so many, and it begins anew. */
const KEPT_MAX = 5000;

/**
 * As with recent-servers.ts: good for nothing but to ask Nova for a migration. What happened in the last moment is not known
 * here, and need not be: a server that is read at rest has no task, and Nova refuses where one begins in between.
 */
export class RecentRecords {
  private readonly byServer = new Map<string, Map<number, ComputeMigration>>();
  private kept = 0;
  /** Every record that changed since then (Nova's time) is known; null: nothing is. */
  private since: string | null = null;
  private listedAt = -Infinity;

  constructor(
    private readonly ageMaxSeconds = AGE_MAX_S,
    private readonly now: () => number = clockSeconds,
  ) {}

  /** All that changed since then; `at`: this process's clockSeconds() from before it was asked for. */
  saw(listed: readonly ComputeMigration[], changedSince: string, at: number): void {
    if (at - this.listedAt > PAUSE_MAX_S || this.kept > KEPT_MAX) this.clear();
    this.since = this.since === null ? changedSince : earliest([this.since, changedSince]);
    this.listedAt = Math.max(this.listedAt, at);
    for (const record of listed) this.keep(record);
  }

  /**
   * The server's records that changed since shortly before then, newest first. null: that is not known, or was known too long
   * ago.
   */
  of(serverId: string, since: string): ComputeMigration[] | null {
    const wanted = wellBefore(since);
    if (this.since === null || this.now() - this.listedAt > this.ageMaxSeconds) return null;
    if ((secondsBetween(this.since, wanted) ?? -1) < 0) return null;
    return [...(this.byServer.get(serverId)?.values() ?? [])].toSorted((a, b) => b.id - a.id);
  }

  private keep(record: ComputeMigration): void {
    let own = this.byServer.get(record.serverId);
    if (own === undefined) this.byServer.set(record.serverId, (own = new Map()));
    const known = own.get(record.id);
    if (known === undefined) this.kept += 1;
    // Two listings may be answered in the other order than they were asked for.
    if (known !== undefined && isLater(known, record)) return;
    own.set(record.id, record);
  }

  private clear(): void {
    this.byServer.clear();
    this.kept = 0;
    this.since = null;
    this.listedAt = -Infinity;
  }
}

function isLater(one: ComputeMigration, other: ComputeMigration): boolean {
  if (one.updatedAt === other.updatedAt) return false;
  return (secondsBetween(other.updatedAt, one.updatedAt) ?? 0) > 0;
}
