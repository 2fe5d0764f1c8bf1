/**
 * One OpenStack service as the HTTP server sees it: where it is mounted, its routes, and what its answers have in
 * common (microversions, error bodies).
 */
import type { Answer, Route, ServiceRequest } from './messages.js';
import type { Fault } from '../types.js';

export interface Service {
  name: Fault['service'];
  /** Paths begin with this, e.g. "/compute". */
  prefix: string;
  /** The endpoint of the catalog below the prefix, e.g. "/v2.1". */
  endpointPath: string;
  routes: Route[];
  /** The minor version that the request asks for, or the answer (406) for one that is not supported. */
  negotiate(request: Pick<ServiceRequest, 'headers' | 'path'>): number | Answer;
  /** Headers of every answer that came through the service (not of 401). */
  headers(minor: number, path: string): Record<string, string | string[]>;
  /** Headers with the request id: also on 401 in Nova, never in Watcher. */
  requestIdHeaders(requestId: string): Record<string, string>;
  /** `requestId` for services that say it in the body too. */
  problem(status: number, message: string, requestId: string): Answer;
  notFound(requestId: string): Answer;
  methodNotAllowed(allow: string[], method: string): Answer;
  unauthorized(authUrl: string): Answer;
}

/** 401 of keystonemiddleware, which all services but Keystone itself have in front. */
export function middlewareUnauthorized(authUrl: string): Answer {
  return {
    status: 401,
    headers: {
      'Content-Type': 'application/json',
      'WWW-Authenticate': `Keystone uri="${authUrl}"`,
    },
    body: {
      error: {
        code: 401,
        title: 'Unauthorized',
        message: 'The request you have made requires authentication.',
      },
    },
  };
}

/** Parse "compute 2.90" or "2.90" or "latest": the minor of major `major`. */
export function parseVersion(
  value: string,
  major: number,
  maxMinor: number,
): { major: number; minor: number } | 'latest' | null {
  if (value === 'latest') return { major, minor: maxMinor };
  const match = /^(\d+)\.(\d+)$/.exec(value);
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : null;
}
