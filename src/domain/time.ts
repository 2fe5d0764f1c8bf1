/** Times of the domain: ISO 8601 strings compared as numbers. Pure; never asks a clock. */

/** Milliseconds since the epoch; null where the string is absent or no time. */
export function timeOf(iso: string | null | undefined): number | null {
  if (iso === null || iso === undefined) return null;
  const ms = Date.parse(iso);
  return Number.isNaN(ms) ? null : ms;
}

/** When something last changed: `updatedAt`, else `createdAt`; 0 where neither is a time. */
export function endOf(it: { updatedAt: string | null; createdAt: string }): number {
  return timeOf(it.updatedAt) ?? timeOf(it.createdAt) ?? 0;
}

/** "45 s", "2 min 5 s", "3 h 20 min", "8 d 4 h": the two greatest units of a number of seconds. */
export function sayDuration(seconds: number): string {
  const units: [number, string][] = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [size, name] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${name}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.length > 0 ? parts.join(' ') : '0 s';
}
