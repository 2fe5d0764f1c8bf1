/**
 * How many a gate lets in at once. Where starts become slow by each other (a busy worker, a cloud that answers no more at once),
 * fewer are quicker for all: of a hundred plans that came together, a worker that took up 32 at a time read most of them twice,
 * because none was read in the moment that its first workflow task has for it (ADR 0020). Pure, but for the clock.
 */

export interface GateWidth {
  readonly most: number;
  /** What was let in has ended. `isFull`: others were waiting for its place. */
  ended(end: Ended): void;
}

export interface Ended {
  tookMs: number;
  succeeded: boolean;
  isFull: boolean;
}

export class FixedWidth implements GateWidth {
  constructor(readonly most: number) {}

  ended(): void {
    // Always the same.
  }
}

/** Never fewer, and as many to begin with. */
const LEAST = 4;
/** More than so many times the quickest is slow: plans differ, and so does a cloud from one moment to the next. */
const SLOW = 2;
/** Quicker is not slow, whatever the quickest took. */
const NOT_SLOW_MS = 500;
/** Then the quickest is out of date: the cloud may have become another. */
const QUICKEST_KEPT_MS = 60_000;
/** After a pause of that length nothing is known. */
const FORGOTTEN_MS = 60_000;
const NARROWER = 0.7;

/**
 * As a sender finds out what a line carries (RFC 5681): one more for each that was quick, until the first slow one; then a third
 * less, and one more for as many quick ones as there are at once.
 */
export class FittingWidth implements GateWidth {
  private readonly least: number;
  private width: number;
  /** The quickest success, and when it was. */
  private quickest: { ms: number; at: number } | null = null;
  private narrowedAt: number | null = null;
  private lastAt = -Infinity;

  constructor(
    private readonly atMost: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.least = Math.min(LEAST, atMost);
    this.width = this.least;
  }

  get most(): number {
    return Math.floor(this.width);
  }

  ended({ tookMs, succeeded, isFull }: Ended): void {
    const now = this.now();
    if (now - tookMs - this.lastAt > FORGOTTEN_MS) this.beginAnew();
    this.lastAt = now;
    if (succeeded) this.remember(tookMs, now);
    if (this.isSlow(tookMs)) this.narrow(now - tookMs, now);
    else if (isFull) this.widen();
  }

  private beginAnew(): void {
    this.width = this.least;
    this.quickest = null;
    this.narrowedAt = null;
  }

  /**
   * Out of date it is taken anew, but only where as few as may be are let in at once: those who are slow by each other are not to
   * say what is quick.
   */
  private remember(ms: number, now: number): void {
    const { quickest } = this;
    const isOld = quickest !== null && now - quickest.at > QUICKEST_KEPT_MS;
    const isAnew = isOld && this.most <= this.least;
    if (quickest === null || ms <= quickest.ms || isAnew) this.quickest = { ms, at: now };
  }

  private isSlow(ms: number): boolean {
    return this.quickest !== null && ms > Math.max(SLOW * this.quickest.ms, NOT_SLOW_MS);
  }

  /** Once for all that were under way together. */
  private narrow(begunAt: number, now: number): void {
    if (this.narrowedAt !== null && begunAt < this.narrowedAt) return;
    this.narrowedAt = now;
    this.width = Math.max(this.width * NARROWER, this.least);
  }

  private widen(): void {
    const more = this.narrowedAt === null ? 1 : 1 / this.width;
    this.width = Math.min(this.width + more, this.atMost);
  }
}
