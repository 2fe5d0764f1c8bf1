/**
 * GET …/rollback/events: the rollback as it goes, as server-sent events (HTML Living Standard, 9.2). `result`: the whole
 * result, first, after a gap, and where the rollback's state changes; `compensation`: one that changed; `history`: one
 * new entry; `end`: the whole result, and the stream closes. Numbers grow; Last-Event-ID goes on where a stream broke
 * off, and with the number of an `end` it is answered 204: there is nothing more to come.
 */
import type { Request, Response, Router } from 'express';
import type { RollbackResult } from '../../domain/result.js';
import type { ApiDeps } from '../deps.js';
import { END_ID, isRunning, type StreamEvent } from '../events/feed.js';
import { EventHub } from '../events/hub.js';
import { readQuery } from '../input.js';
import { baseUrl, rollbackLinks } from '../links.js';
import { demand } from '../policy.js';
import { contextOf } from '../request-context.js';
import { noQuerySchema } from '../schemas/requests.js';
import { noRollback, PLAN_NAME, PLAN_PATH, planOf } from './of-plan.js';
import { resource } from './resource.js';

/** Proxies take a silent connection for a dead one after 30 to 60 s. */
const HEARTBEAT_MS = 15_000;
/** What a slow client may leave unread before it is dropped; a result is 256 kB at most. */
const UNREAD_BYTES_MAX = 1024 * 1024;
/** How long a browser waits before it comes back, milliseconds. */
const COME_BACK_MS = 2000;

export function eventRoutes(router: Router, deps: ApiDeps, closing: AbortSignal): void {
  const heartbeatMs = deps.eventTiming?.heartbeatMs ?? HEARTBEAT_MS;
  const hub = new EventHub({
    read: (plan) => deps.rollbacks.get(plan),
    streamsMax: deps.config.eventStreams,
    ...(deps.eventTiming && { timing: deps.eventTiming }),
  });
  closing.addEventListener('abort', () => hub.close(), { once: true });

  async function get(req: Request, res: Response): Promise<void> {
    demand(res, deps.config.roles, 'read');
    const plan = planOf(req, res);
    readQuery(req.query, noQuerySchema);
    const lastEventId = idOf(req.get('last-event-id'));
    const current = await deps.rollbacks.get(plan);
    if (current === null) throw noRollback(plan);
    if (res.destroyed) return;
    if (lastEventId === END_ID && !isRunning(current)) {
      res.status(204).end();
      return;
    }
    if (req.method === 'HEAD') {
      res.setHeader('Content-Type', 'text/event-stream');
      res.end();
      return;
    }
    stream(req, res, current, lastEventId);
  }

  function stream(
    req: Request,
    res: Response,
    current: RollbackResult,
    lastEventId: number | null,
  ): void {
    const giveBack = hub.claim();
    const base = baseUrl(req);
    res.setHeader('Content-Type', 'text/event-stream');
    // nginx would gather events up before it hands them on.
    res.setHeader('X-Accel-Buffering', 'no');
    res.write(`retry: ${COME_BACK_MS}\n\n`);
    const send = (events: readonly StreamEvent[], result: RollbackResult): void => {
      res.write(bytesOf(events, result, base));
      if (res.writableLength > UNREAD_BYTES_MAX) res.destroy();
    };
    const stuck = stuckSinceLastTime(res);
    const heart = setInterval(() => {
      if (stuck()) res.destroy();
      else void beat(res);
    }, heartbeatMs);
    heart.unref();
    let leave: (() => void) | null = null;
    res.once('close', () => {
      clearInterval(heart);
      leave?.();
      giveBack();
    });
    if (isRunning(current) && !closing.aborted) {
      leave = hub.subscribe(current, { send, end: () => res.end() }, lastEventId);
      return;
    }
    if (lastEventId === null)
      send([{ id: Date.now() * 1000, event: 'result', data: null }], current);
    if (!isRunning(current)) send([{ id: END_ID, event: 'end', data: null }], current);
    res.end();
  }

  resource(router, `${PLAN_PATH}/events`, `${PLAN_NAME}/events`, { get });
}

/** Whether nothing at all of what is unread was taken between two heartbeats: the reader has stopped, or is gone. */
export function stuckSinceLastTime(res: Pick<Response, 'writableLength'>): () => boolean {
  let before = 0;
  return () => {
    const unread = res.writableLength;
    const stuck = before > 0 && unread >= before;
    before = unread;
    return stuck;
  };
}

/** Keeps the connection, and ends it where the token is no longer good: who comes back is told so. */
async function beat(res: Response): Promise<void> {
  res.write(': heartbeat\n\n');
  try {
    if ((await contextOf(res).isStillAllowed?.('read')) === false) res.end();
  } catch {
    // Keystone is away: the stream began with a good token, and the next beat asks again.
  }
}

function idOf(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,16}$/.test(header) ? Number(header) : null;
}

/** The same bytes for all streams of a feed: thousands of copies of a large result would be more than there is memory. */
const written = new WeakMap<readonly StreamEvent[], { base: string; bytes: Buffer }>();

function bytesOf(events: readonly StreamEvent[], result: RollbackResult, base: string): Buffer {
  const known = written.get(events);
  if (known?.base === base) return known.bytes;
  const links = rollbackLinks(base, result.action_plan_uuid);
  const texts = events.map(({ id, event, data }) => {
    // JSON has no line ends of its own, so one data line is enough.
    const text = data ?? JSON.stringify({ ...result, links });
    return `id: ${id}\nevent: ${event}\ndata: ${text}\n\n`;
  });
  const bytes = Buffer.from(texts.join(''));
  written.set(events, { base, bytes });
  return bytes;
}
