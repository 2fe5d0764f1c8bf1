/**
 * What a proxy must do to headers between two connections (RFC 9110, 7.6.1): those that belong to one connection go no
 * further, and the next server is told how the request came. It must not know paths or Watcher.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Request } from 'express';
import { ApiError } from './errors.js';
import { contextOf } from './request-context.js';

/** Name of this service in Via: how a request is known that comes round again. */
export const PSEUDONYM = 'watcher-rollback';

const OF_ONE_CONNECTION = [
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'http2-settings',
  'proxy-authenticate',
  'proxy-authorization',
];
/** What Connection may name, yet must stay: without it the end of the body would be read differently further on. */
const FRAMING = ['content-length', 'transfer-encoding', 'host'];

export function dropConnectionHeaders(headers: IncomingHttpHeaders): void {
  const named = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  for (const name of [...OF_ONE_CONNECTION, ...named]) {
    if (!FRAMING.includes(name)) delete headers[name];
  }
}

/**
 * Makes the request's headers those of the request to Watcher. Host stays as the caller sent it: Watcher makes its links
 * (`next`, `self`) of it, and they must lead here. Throws InvalidRequest where the body's framing is not understood.
 */
export function headersForWatcher(req: Request): void {
  const { headers, res } = req;
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') {
    throw new ApiError('InvalidRequest', 'Transfer-Encoding must be "chunked" or absent.');
  }
  dropConnectionHeaders(headers);
  // Node has said "100 Continue" already.
  delete headers.expect;
  forwarded(req);
  headers.via = withVia(headers.via, req.httpVersion);
  if (res !== undefined) {
    const { requestId, globalRequestId } = contextOf(res);
    headers['x-openstack-request-id'] = globalRequestId ?? requestId;
  }
}

/** As oslo.middleware's http_proxy_to_wsgi reads them. What only a trusted proxy may say is not taken from others. */
function forwarded(req: Request): void {
  const { headers, socket } = req;
  const peer = socket.remoteAddress ?? 'unknown';
  const trusts: unknown = req.app.get('trust proxy fn');
  const trusted = typeof trusts === 'function' && trusts(peer, 0) === true;
  if (!trusted) {
    for (const name of Object.keys(headers)) {
      if (name === 'forwarded' || name.startsWith('x-forwarded-')) delete headers[name];
    }
  }
  const before = headers['x-forwarded-for'];
  headers['x-forwarded-for'] = before === undefined ? peer : `${String(before)}, ${peer}`;
  headers['x-forwarded-proto'] = req.protocol;
  if (headers.host !== undefined) headers['x-forwarded-host'] ??= headers.host;
}

export function withVia(before: string | string[] | undefined, httpVersion: string): string {
  const own = `${httpVersion} ${PSEUDONYM}`;
  return before === undefined ? own : `${String(before)}, ${own}`;
}

/** Whether the request has passed this service before. */
export function cameThroughHere(via: string | undefined): boolean {
  return (via ?? '').split(',').some((hop) => hop.trim().split(/\s+/)[1] === PSEUDONYM);
}
