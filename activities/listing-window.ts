/**
 * From when on a pass of the watch lists what has changed. No calls; times are Nova's, but for those of the passes themselves.
 *
 * All that changed since the oldest watch began is thousands of records on a busy cloud, nearly all of them told before. So of
 * passes that follow one another closely most list the last moment alone, and the first after two seconds lists all of it: what a
 * conductor with a slow clock has recorded is found by that one at the latest.
 */
import { earliest, later, secondsBefore } from './nova-time.js';

/** Of what Nova has told last: conductors' clocks that differ by less are no matter. */
const MOMENT_S = 5;
/** Seconds between the begins of two listings of everything. */
const WHOLE_EVERY_S = 2;

export interface Watched {
  /** null: no record matters. */
  since: string | null;
  joinedAt: number;
  /** What it waits for was asked for just now, and so is recorded later than what Nova has told. */
  isNew: boolean;
}

export class ListingWindow {
  private wholeAt = -Infinity;

  /** `latest`: of Nova's times, the last that it has told; null: none yet. null: nothing is to be listed. */
  next(
    watched: readonly Watched[],
    latest: string | null,
    now: number,
  ): { since: string; isWhole: boolean } | null {
    const begins = watched.flatMap(({ since }) => since ?? []);
    if (begins.length === 0) return null;
    const since = earliest(begins);
    const moment = secondsBefore(latest, MOMENT_S);
    // What it waits for may be long over.
    const isUnseen = watched.some(
      (one) => one.since !== null && !one.isNew && one.joinedAt >= this.wholeAt,
    );
    if (moment === null || isUnseen || now - this.wholeAt >= WHOLE_EVERY_S) {
      return { since, isWhole: true };
    }
    return { since: later(since, moment) ?? since, isWhole: false };
  }

  /** Everything was listed, by a listing that was begun then. */
  listedWhole(at: number): void {
    this.wholeAt = at;
  }
}
