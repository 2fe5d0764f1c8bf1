/**
 * Times as the services write them, and as the rest of the program reads them. Pure.
 * Nova leaves the zone out of most of its times ("2026-11-24T02:19:04.000000", always UTC); Watcher and Ironic
 * write "+00:00"; Keystone "Z".
 */
import { z } from 'zod';

/**
 * The same records are listed again and again, with the same times: reading each anew was a twelfth of a busy worker's time. A
 * listing has two of each of some hundreds of records; a time that nobody could read is not kept.
 */
const KNOWN_MAX = 20_000;
const known = new Map<string, string>();

/** Any of those to "2026-11-24T02:19:04.000Z" (always that length, so that they compare as strings); null if none. */
export function utcTime(text: string): string | null {
  const before = known.get(text);
  if (before !== undefined) return before;
  const time = readTime(text);
  if (time === null) return null;
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(text, time);
  return time;
}

function readTime(text: string): string | null {
  const zoned = /(Z|[+-]\d{2}:?\d{2})$/u.test(text) ? text : `${text}Z`;
  // Microseconds are cut to milliseconds: more digits than Date.parse is bound to understand.
  const time = Date.parse(zoned.replace(/(\.\d{3})\d+/u, '$1'));
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

export const timeSchema = z.string().transform((text, context) => {
  const time = utcTime(text);
  if (time !== null) return time;
  context.addIssue({ code: 'custom', message: 'not an ISO 8601 time' });
  return z.NEVER;
});

/** A time that may be null or left out. */
export const optionalTimeSchema = timeSchema.nullish().transform((time) => time ?? null);
