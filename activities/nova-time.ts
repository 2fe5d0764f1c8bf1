/** Arithmetic on the cloud's own times. Never reads this machine's clock: the two may be minutes apart. */

/** How far before a server's last change its migration is looked for: conductors' clocks differ, listings are small. */
const MARGIN_MS = 60_000;

/** A time that is surely not later than what happened at `time`; null stays null. */
export function wellBefore(time: string | null): string | null {
  if (time === null) return null;
  const at = Date.parse(time);
  return Number.isNaN(at) ? null : new Date(at - MARGIN_MS).toISOString();
}
