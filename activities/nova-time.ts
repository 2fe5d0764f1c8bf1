/** Arithmetic on the cloud's own times. Never reads this machine's clock: the two may be minutes apart. */
import type { ComputeMigration } from '../src/openstack/cloud.js';

/** How far before a server's last change its migration is looked for: conductors' clocks differ, listings are small. */
const MARGIN_S = 60;

/** A time that is surely not later than what happened at `time`; null stays null. */
export function wellBefore(time: string | null): string | null {
  return secondsBefore(time, MARGIN_S);
}

/** A time that is surely not earlier than what happened at `time`; null stays null. */
export function wellAfter(time: string | null): string | null {
  return secondsBefore(time, -MARGIN_S);
}

/** null where it is no time. */
export function secondsBefore(time: string | null, seconds: number): string | null {
  const at = Date.parse(time ?? '');
  return Number.isNaN(at) ? null : new Date(at - seconds * 1000).toISOString();
}

/** The later one; null where neither is a time. */
export function later(one: string | null, other: string | null): string | null {
  const span = secondsBetween(one, other);
  if (span === null) return isTime(one) ? one : isTime(other) ? other : null;
  return span > 0 ? other : one;
}

/** null where one of the two is no time. */
export function secondsBetween(from: string | null, to: string | null): number | null {
  if (from === null || to === null) return null;
  const seconds = (Date.parse(to) - Date.parse(from)) / 1000;
  return Number.isNaN(seconds) ? null : seconds;
}

/** Of at least one. */
export function earliest([first = '', ...others]: readonly string[]): string {
  return others.reduce((so, other) => (Date.parse(other) < Date.parse(so) ? other : so), first);
}

function isTime(time: string | null): boolean {
  return time !== null && !Number.isNaN(Date.parse(time));
}

/**
 * The latest of Nova's times that this worker has seen in a migration record. What is asked for now is recorded
 * later than that, so listings need not begin earlier.
 */
export class NovaClock {
  latest: string | null = null;

  /** Gives back what it was given. */
  saw(records: ComputeMigration[]): ComputeMigration[] {
    for (const { updatedAt, createdAt } of records) {
      const time = updatedAt ?? createdAt;
      // Mostly nothing new, and of the same form: thousands of them are told each second at times.
      if (this.latest !== null && time.length === this.latest.length && time <= this.latest)
        continue;
      this.latest = later(this.latest, time);
    }
    return records;
  }
}
