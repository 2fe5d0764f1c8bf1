/** Checks what a request says: path, query and body. Every refusal is an ApiError in the style of Watcher's. */
import { z } from 'zod';
import { DRIFT_POLICIES, HOST_POLICIES } from '../domain/options.js';
import type { RollbackOptions } from '../domain/options.js';
import { ApiError } from './errors.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** In lower case: one plan must have one workflow id, however it is written. */
export function planUuid(text: unknown): string {
  if (typeof text === 'string' && UUID.test(text)) return text.toLowerCase();
  throw invalid(
    'action_plan_uuid',
    text,
    'Expected the UUID of an action plan, as Watcher lists it',
  );
}

export type Query = Readonly<Record<string, unknown>>;

/** Refuses what a path does not know, as Watcher does: a misspelt filter must not pass for none. */
export function checkQuery(query: Query, known: readonly string[]): void {
  for (const [name, value] of Object.entries(query)) {
    const allowed = known.length === 0 ? 'none is allowed here' : `allowed are ${known.join(', ')}`;
    if (!known.includes(name)) {
      throw new ApiError('InvalidRequest', `Unknown argument: "${shown(name)}"; ${allowed}.`);
    }
    if (typeof value !== 'string') throw invalid(name, value, 'Expected it once');
  }
}

/** Longest page of a collection, as Watcher's api.max_limit by default; a larger limit is cut to it. */
export const MAX_LIMIT = 1000;

export function limitOf(query: Query): number {
  const limit = wholeNumberOf(query, 'limit');
  if (limit === 0) throw invalid('limit', query.limit, 'Expected a whole number from 1');
  return Math.min(limit ?? MAX_LIMIT, MAX_LIMIT);
}

export function wholeNumberOf(query: Query, name: string): number | null {
  const text = query[name];
  if (text === undefined) return null;
  if (typeof text === 'string' && /^\d{1,9}$/.test(text)) return Number(text);
  throw invalid(name, text, 'Expected a whole number');
}

export function wordOf<T extends string>(
  query: Query,
  name: string,
  words: readonly T[],
): T | null {
  const text = query[name];
  if (text === undefined) return null;
  const word = words.find((candidate) => candidate === text);
  if (word === undefined) throw invalid(name, text, `Expected one of ${words.join(', ')}`);
  return word;
}

/** Opaque to the API; only its length and letters are looked at. */
export function markerOf(query: Query): string | null {
  const marker = query.marker;
  if (marker === undefined) return null;
  if (typeof marker === 'string' && /^[\x21-\x7e]{1,2000}$/.test(marker)) return marker;
  throw invalid('marker', marker, 'Expected the marker of a "next" link');
}

/** Reads the body of POST …/rollback; undefined (no body) is all defaults. */
export type ReadOptions = (body: unknown) => Partial<RollbackOptions>;

/** `maxAgeCeiling` in seconds. */
export function optionsReader(maxAgeCeiling: number): ReadOptions {
  const ages = `Expected a whole number of seconds from 1 to ${maxAgeCeiling}; an administrator raises that limit with ROLLBACK_MAX_AGE_CEILING`;
  const failures = 'Expected a whole number from 1 to 10000';
  const fields = {
    max_age: z.exactOptional(z.int(ages).min(1, ages).max(maxAgeCeiling, ages)),
    on_drift: z.exactOptional(z.enum(DRIFT_POLICIES, expectedOneOf(DRIFT_POLICIES))),
    hosts: z.exactOptional(z.enum(HOST_POLICIES, expectedOneOf(HOST_POLICIES))),
    allow_cold: z.exactOptional(z.boolean('Expected true or false')),
    max_failures: z.exactOptional(z.int(failures).min(1, failures).max(10_000, failures)),
  };
  const schema = z.strictObject(fields, 'Expected a JSON object');
  const names = Object.keys(fields).join(', ');
  return (body) => {
    const parsed = schema.safeParse(body === undefined ? {} : body);
    if (parsed.success) return parsed.data;
    const sentences = parsed.error.issues
      .slice(0, 5)
      .map((issue) => sentenceOf(issue, body, names));
    throw new ApiError('InvalidRequest', [...new Set(sentences)].join(' '));
  };
}

function expectedOneOf(words: readonly string[]): string {
  return `Expected one of ${words.map((word) => `"${word}"`).join(', ')}`;
}

function sentenceOf(issue: z.core.$ZodIssue, body: unknown, names: string): string {
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys.slice(0, 5).map((key) => `"${shown(key)}"`);
    return `Unknown attribute for argument rollback: ${unknown.join(', ')}; allowed are ${names}.`;
  }
  const field = issue.path[0];
  if (field === undefined) return `Request body is not an object. ${issue.message}.`;
  const value: unknown = Object.entries(Object(body)).find(([name]) => name === field)?.[1];
  return invalid(String(field), value, issue.message).message;
}

function invalid(field: string, value: unknown, expected: string): ApiError {
  const text = typeof value === 'string' ? `'${shown(value)}'` : shown(JSON.stringify(value) ?? '');
  return new ApiError(
    'InvalidRequest',
    `Invalid input for field/attribute ${shown(field)}. Value: ${text}. ${expected}.`,
  );
}

/** A caller's own text, short enough to be given back and without what could confuse a terminal. */
function shown(text: string): string {
  const printable = text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '?');
  return printable.length > 80 ? `${printable.slice(0, 80)}…` : printable;
}
