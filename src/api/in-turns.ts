/** Requests in turns, so that a thousand at once do not keep the probes waiting, which are answered at once. */
import type { RequestHandler } from 'express';
import { Turns } from '../turns.js';

/** Paths of `except` are as the client writes them, without a query. */
export function inTurns(except: readonly string[]): RequestHandler {
  const turns = new Turns();
  const atOnce = new Set(except);
  return (req, _res, next) => {
    if (atOnce.has(req.path)) next();
    else turns.take(next);
  };
}
