/** Times as people write them: "600", "90m", "12h", "2d". Pure. */

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
/** Timers cannot be longer than 24.8 days. */
const MAX_SECONDS = 20 * 86_400;

/** Seconds, whole and at least 1; null where the text is no such time. */
export function readDuration(text: string): number | null {
  const match = /^(\d{1,9})([smhd]?)$/.exec(text.trim());
  if (match === null) return null;
  const seconds = Number(match[1]) * (UNITS[match[2] || 's'] ?? 0);
  return seconds >= 1 && seconds <= MAX_SECONDS ? seconds : null;
}
