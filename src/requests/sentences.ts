/** How a malformed request is refused: the same sentences wherever it is looked at. Pure. */
import type { z } from 'zod';

/** More than these would be a list, not a sentence. */
const SENTENCES_MAX = 5;

interface Asked {
  body: unknown;
  /** What the fields are attributes of, e.g. "rollback". */
  what: string;
  allowed: readonly string[];
}

/** What is wrong with a body, and what is expected instead. */
export function refusalOf(error: z.ZodError, asked: Asked): string {
  const sentences = error.issues.slice(0, SENTENCES_MAX).map((issue) => sentenceOf(issue, asked));
  return [...new Set(sentences)].join(' ');
}

function sentenceOf(issue: z.core.$ZodIssue, { body, what, allowed }: Asked): string {
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys.slice(0, 5).map((key) => `"${shown(key)}"`);
    const names =
      allowed.length === 0 ? 'none is allowed here' : `allowed are ${allowed.join(', ')}`;
    return `Unknown attribute for argument ${what}: ${unknown.join(', ')}; ${names}.`;
  }
  const field = issue.path[0];
  if (field === undefined) return `Request body is not an object. ${issue.message}.`;
  const value: unknown = Object.entries(Object(body)).find(([name]) => name === field)?.[1];
  return invalidInput(String(field), value, issue.message);
}

/** Watcher's own words (wsme.exc.InvalidInput), and what would be right. */
export function invalidInput(field: string, value: unknown, expected: string): string {
  const text = typeof value === 'string' ? `'${shown(value)}'` : shown(JSON.stringify(value) ?? '');
  return `Invalid input for field/attribute ${shown(field)}. Value: ${text}. ${expected}.`;
}

/** A caller's own text, short enough to be given back and without what could confuse a terminal. */
export function shown(text: string): string {
  const printable = text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '?');
  return printable.length > 80 ? `${printable.slice(0, 80)}…` : printable;
}
