/**
 * Hands every request that is not this service's own on to Watcher, as it is, and its answer back, so that this service
 * can stand in the catalog as the whole infra-optim endpoint. Who may do what there is Watcher's to decide: the caller's
 * token goes along, this service's own never does. Bodies are streamed, never read, and no request is sent twice.
 */
import { Agent as HttpAgent } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP } from 'node:net';
import type { Request, RequestHandler, Response } from 'express';
import { createProxyServer } from 'httpxy';
import { ApiError } from './errors.js';
import {
  cameThroughHere,
  dropConnectionHeaders,
  headersForWatcher,
  withVia,
} from './proxy-headers.js';
import { isOwnPath, pathForWatcher } from './proxy-path.js';
import { contextOf } from './request-context.js';

export interface ProxyTarget {
  /** Watcher's own address, without a trailing slash: never the catalog's, where this service may stand. */
  url: string;
  /** Longest silence of Watcher, seconds. */
  timeout: number;
  /** PEM text of the authorities to trust; null: the system's. */
  ca: string | null;
  /** Do not check certificates. */
  insecure: boolean;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Requests at Watcher at the same time. More would only queue there, without a time limit of ours. */
const AT_ONCE_MAX = 256;

/** A request that has been here before would go round for ever. */
export function refuseLoops(): RequestHandler {
  return (req, _res, next) => {
    if (!cameThroughHere(req.get('via'))) {
      next();
      return;
    }
    throw new ApiError(
      'ProxyLoop',
      "This request has passed this service already: ROLLBACK_WATCHER_URL must be watcher-api's own address.",
    );
  };
}

export function proxyToWatcher(target: ProxyTarget, closing: AbortSignal): RequestHandler {
  const url = new URL(target.url);
  const server = createProxyServer();
  const connected = new WeakSet<IncomingMessage>();
  let inFlight = 0;
  server.on('proxyReq', (proxyReq, req) => {
    boundTime(proxyReq, { tls: url.protocol === 'https:', silenceMs: target.timeout * 1000 }, () =>
      connected.add(req),
    );
  });
  server.on('proxyRes', (answer, req, res) => {
    const last = closing.aborted || wantsClose.has(req);
    dropConnectionHeaders(answer.headers);
    answer.headers.connection = last ? 'close' : 'keep-alive';
    answer.headers.via = withVia(answer.headers.via, answer.httpVersion);
    // Whether an answer of Watcher may be kept is Watcher's to say.
    res.removeHeader('Cache-Control');
  });
  const destination = destinationOf(url, target);
  const wantsClose = new WeakSet<IncomingMessage>();

  return async (req, res, next) => {
    if (isOwnPath(pathOf(req))) {
      next();
      return;
    }
    contextOf(res).route = 'proxy';
    if (inFlight >= AT_ONCE_MAX) {
      throw unreachable(`${AT_ONCE_MAX} requests are waiting for it already`);
    }
    const path = pathForWatcher(req.originalUrl);
    if (/(^|,)\s*close\s*($|,)/i.test(req.get('connection') ?? '')) wantsClose.add(req);
    headersForWatcher(req);
    req.url = `${url.pathname.replace(/(?<!\/)\/+$/, '')}${path}`;
    inFlight += 1;
    try {
      await server.web(req, res, destination());
    } catch (error) {
      lost(error, req, res, connected.has(req));
    } finally {
      inFlight -= 1;
    }
  };
}

/**
 * What the library is told, anew for each request, for it writes into it. A connection of its own for each request: one
 * that Watcher is just closing would lose a request, which must not be sent again.
 */
function destinationOf(url: URL, { ca, insecure }: ProxyTarget) {
  const tls = url.protocol === 'https:';
  const agent = tls ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false });
  const hostname = url.hostname.replace(/^\[|\]$/g, '');
  // Not by the Host header, which is the caller's.
  const servername = isIP(hostname) === 0 ? hostname : '';
  return () => ({
    target: { protocol: url.protocol, hostname, port: Number(url.port) || (tls ? 443 : 80) },
    agent,
    secure: !insecure,
    ssl: { ...(tls && { servername }), ...(ca !== null && { ca }) },
  });
}

function boundTime(
  proxyReq: ClientRequest,
  { tls, silenceMs }: { tls: boolean; silenceMs: number },
  onConnected: () => void,
): void {
  const late = new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`);
  const timer = setTimeout(() => proxyReq.destroy(late), CONNECT_TIMEOUT_MS);
  proxyReq.once('close', () => clearTimeout(timer));
  proxyReq.socket?.once(tls ? 'secureConnect' : 'connect', () => {
    clearTimeout(timer);
    onConnected();
  });
  proxyReq.setTimeout(silenceMs, () => {
    proxyReq.destroy(new Error(`nothing came for ${silenceMs / 1000} s`));
  });
}

function pathOf(req: Request): string {
  return req.originalUrl.replace(/^https?:\/\/[^/?#]*/i, '').split('?', 1)[0] ?? '';
}

/** Refused before Watcher can have seen it: ask again. Lost after that: it may have been done. */
function lost(error: unknown, req: Request, res: Response, connected: boolean): void {
  const reason = error instanceof Error ? error.message : String(error);
  contextOf(res).log.warn({ reason }, 'Watcher did not answer');
  req.unpipe();
  req.resume();
  // The caller is gone, or the answer has begun: there is nobody to tell, or no way to.
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  if (!connected) throw unreachable(reason);
  throw new ApiError(
    'WatcherAnswerLost',
    `Watcher's answer was lost (${reason}). What was asked may have been done: look before you ask again.`,
  );
}

function unreachable(reason: string): ApiError {
  return new ApiError('OpenStackUnreachable', `Watcher cannot be reached: ${reason}.`);
}
