/**
 * Where many requests come at once, they are begun a few at a time, and between those everything else has its turn: answers
 * that have come from Temporal, event streams, and above all health checks, which are answered before this. It must not know
 * what is asked.
 */
import type { RequestHandler } from 'express';

/** Each takes a millisecond or two until it waits for somebody else. */
const AT_ONCE = 4;

export function inTurns(): RequestHandler {
  let line: (() => void)[] = [];
  const begin = (): void => {
    const now = line.slice(0, AT_ONCE);
    line = line.slice(AT_ONCE);
    if (line.length > 0) setImmediate(begin);
    for (const next of now) next();
  };
  return (_req, _res, next) => {
    line.push(next);
    if (line.length === 1) setImmediate(begin);
  };
}
