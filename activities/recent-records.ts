/**
 * What the listings of changed migrations have told this worker, which reads one all the time while anything is under way: so the
 * first look of a move needs none of its own. No OpenStack calls.
 */
import type { ComputeMigration } from '../src/openstack/cloud.js';
import { earliest, later, secondsBefore, secondsBetween, wellBefore } from './nova-time.js';
import { clockSeconds } from './waiting.js';

/** Older than this is not used. */
const AGE_MAX_S = 1;
/** A listing that comes after a longer pause is not joined to what is known by then, which nobody uses any more. */
const PAUSE_MAX_S = 30;
/**
 * More than so many, and the oldest are forgotten, down to `KEPT_THEN`: as many as the largest plan has of its own (10,000), and gets
 * on the way back. A move of a layout from before those that are left asks for its own records, or for all since its layout where
 * it begins together with others.
 */
export const KEPT_MAX = 30_000;
export const KEPT_THEN = 20_000;

export interface ListedSince {
  /** Nova's time: the listing shows what changed since then. */
  changedSince: string;
  /** This process's clockSeconds() from before it was asked for. */
  at: number;
  /** It begins where somebody wants to know from, whatever is known; false: five seconds before the latest that Nova has told. */
  isWhole: boolean;
}

/**
 * As with recent-servers.ts: good for nothing but to ask Nova for a migration. What happened in the last moment is not known
 * here, and need not be: a server that is read at rest has no task, and Nova refuses where one begins in between. The same goes
 * for what a conductor whose clock is behind by seconds has recorded since the last whole listing (listing-window.ts).
 *
 * Four listings are told here. Whole ones can begin what is known:
 * - the layout's (cloud-listings.ts), from a minute before the oldest of its plans was made: it reaches back furthest;
 * - that of moves that begin together (shared-reads.ts), from a minute before what their layouts knew: all that they ask for;
 * - every few of the watch (watch.ts), from a minute before what the oldest watch waits for.
 * The watch's others are short. They only carry on what is known: alone they say nothing of what the next move asks for.
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

  /** Records that are kept. */
  get size(): number {
    return this.kept;
  }

  /** What carries nothing on must not undo what is known, which stays and grows old; but a whole one begins anew. */
  saw(listed: readonly ComputeMigration[], { changedSince, at, isWhole }: ListedSince): void {
    if (!this.joins(changedSince, at)) {
      // A long listing, answered after later ones: what is known now is worth more.
      if (!isWhole || at < this.listedAt) return;
      this.clear();
    }
    this.since = this.since === null ? changedSince : earliest([this.since, changedSince]);
    this.listedAt = Math.max(this.listedAt, at);
    for (const record of listed) this.keep(record);
    if (this.kept > KEPT_MAX) this.forgetOldest();
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
   * the others record. Nova's own times cannot tell that, so this machine's must agree. If it is behind Nova by more than the five
   * seconds that short listings begin early, those do not join; if by more than a minute, none does: records are read anew, no
   * more.
   */
  private joins(changedSince: string, at: number): boolean {
    if (this.since === null) return false;
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

  /** What is known begins after the last of them then: Nova tells whole seconds, and others of the same one may be left. */
  private forgetOldest(): void {
    const latestFirst = [...this.byServer.values()]
      .flatMap((own) => [...own.values()])
      .map((record) => {
        const time = record.updatedAt ?? record.createdAt;
        return { record, time, ms: Date.parse(time) };
      })
      .toSorted((a, b) => b.ms - a.ms);
    const latestGone = latestFirst[KEPT_THEN];
    if (latestGone === undefined) return;
    const { since, listedAt } = this;
    this.clear();
    for (const { record } of latestFirst.slice(0, KEPT_THEN)) this.keep(record);
    this.since = later(since, secondsBefore(latestGone.time, -1));
    this.listedAt = listedAt;
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
