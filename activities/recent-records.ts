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

  /** `wallMs`: this machine's wall clock; only ever used to believe less. */
  constructor(
    private readonly ageMaxSeconds = AGE_MAX_S,
    private readonly now: () => number = clockSeconds,
    private readonly wallMs: () => number = Date.now,
  ) {}

  /** All that changed since then; `at`: this process's clockSeconds() from before it was asked for. */
  saw(listed: readonly ComputeMigration[], changedSince: string, at: number): void {
    if (!this.joins(changedSince, at)) {
      // A long listing, answered after later ones: what is known now is worth more.
      if (at < this.listedAt) return;
      this.clear();
    }
    if (this.kept > KEPT_MAX) this.clear();
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

  /**
   * Whether nothing can have changed unseen between that listing and what is known: the later one begins before the earlier
   * one was asked for. Where one of Nova's clocks is minutes ahead, the listings that begin at its times show nothing of what
   * the others record. Nova's own times cannot tell that, so this machine's must agree. If it is behind by more than a minute,
   * nothing joins: records are read anew, no more.
   */
  private joins(changedSince: string, at: number): boolean {
    if (this.since === null) return true;
    if (Math.abs(at - this.listedAt) > PAUSE_MAX_S) return false;
    const laterBegins = at < this.listedAt ? this.since : changedSince;
    const ago = this.now() - Math.min(at, this.listedAt);
    const earlierAsked = new Date(this.wallMs() - ago * 1000).toISOString();
    return (secondsBetween(laterBegins, earlierAsked) ?? -1) >= 0;
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
