/**
 * When a watch is to be looked at next. Pure; times are seconds of one clock. Whoever waits for little waits for a twelfth of
 * that longer at most, and a look that can hardly find anything is left out, because each costs Nova a listing.
 */
import type { LearnedDurations } from './learned-durations.js';

export interface Paced {
  joinedAt: number;
  /** When something last changed, or it joined. */
  quietSince: number;
  /** What is watched was asked for just then: how long such things take says something of it. */
  isNew: boolean;
}

/** The last look at anything. */
export interface LastPass {
  begun: number;
  ended: number;
}

export interface PaceSettings {
  poll_first: number;
  poll_max: number;
}

/** Of the time since something last changed: so much later, at most, is a change noticed. */
const LAG = 0.08;
/**
 * One listing tells of all that are watched. Beyond so many the pauses shrink as their number grows, down to a quarter: a change
 * is noticed sooner, and there are as many listings for each of them, or fewer.
 */
const FEW = 10;
const SHARE_MIN = 0.25;
/** First looks after asking, on a cloud where that has been worth it (a simulated one, or a driver that only pretends). */
const EARLY_S = [0.004, 0.012, 0.03, 0.1];
/** Of the quickest of the last changes: none is looked for earlier. */
const HOLD = 0.75;
/** But not held off for longer: what fails does so sooner. */
const HOLD_MAX_S = 2;

export function nextLook(
  watch: Paced,
  lastPass: LastPass,
  learned: LearnedDurations,
  { poll_first, poll_max: max }: PaceSettings,
  watching = 1,
): number {
  const { joinedAt, quietSince, isNew } = watch;
  const from = Math.max(lastPass.begun, joinedAt);
  const share = Math.max(FEW / Math.max(watching, FEW), SHARE_MIN);
  const first = poll_first * share;
  const pause = Math.min(Math.max(LAG * share * (from - quietSince), first), max);
  // A pass that took long is part of the pause, but never all of it.
  const regular = Math.max(from + pause, lastPass.ended + first);
  if (!isNew) return regular;
  if (learned.maybeWithin(first)) {
    const early = EARLY_S.map((age) => joinedAt + age).find((at) => at > lastPass.begun);
    return early === undefined ? regular : Math.min(early, regular);
  }
  const hold = Math.min(HOLD * (learned.quickest() ?? 0), HOLD_MAX_S, max);
  return Math.max(regular, joinedAt + hold);
}
