/** What a worker has learned of how long the changes take that it asks for: the last few ends. No clock, no calls. */

/** So many ends are remembered. */
const KEPT = 32;
/** Fewer say little of what to expect; while they are awaited, everything is looked at as if it could be over at any moment. */
const ENOUGH = 4;
/** Looks of a worker that has seen nothing end yet: not for each of a hundred that it asks for at once. */
const TRIED = 3;
const SEEN_LATE = 1.5;

export class LearnedDurations {
  private readonly last: number[] = [];
  private looks = 0;

  /** Seconds from asking until the end was seen. */
  ended(seconds: number): void {
    this.last.push(seconds);
    if (this.last.length > KEPT) this.last.shift();
  }

  /** Somebody has looked. */
  looked(): void {
    this.looks += 1;
  }

  /**
   * Whether one that was just asked for may be over within so many seconds. Before the first end that is tried a few times. One
   * that was seen to be over a little later may have been over then: without looking it would never be known.
   */
  maybeWithin(seconds: number): boolean {
    if (this.last.length === 0) return this.looks < TRIED;
    return Math.min(...this.last) < seconds * SEEN_LATE;
  }

  /** The quickest of the last ones, seconds; null: not enough is known. */
  quickest(): number | null {
    return this.last.length < ENOUGH ? null : Math.min(...this.last);
  }
}
