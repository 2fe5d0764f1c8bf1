/** Requests and answers as the services of the simulated cloud see them. Knows nothing of sockets. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../state.js';

export interface ServiceRequest {
  method: string;
  /** Below the service's prefix, with the endpoint's own path, e.g. "/v2.1/servers/detail". */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Parsed JSON, or undefined where there is none. */
  body: unknown;
  params: Record<string, string>;
  caller: Caller & { roles: string[] };
  /** Minor of the microversion; 0 where the service has none. */
  minor: number;
  /** The endpoint's own address, for links, without a trailing slash. */
  endpoint: string;
  /** The endpoint without its version, for bookmarks. */
  root: string;
}

export interface Answer {
  status: number;
  headers?: Record<string, string | string[]>;
  /** Sent as JSON; a string is sent as it is. */
  body?: unknown;
}

export type Handler = (request: ServiceRequest) => Answer;

export interface Route {
  method: string;
  /** "/servers/{id}/action". */
  template: string;
  handle: Handler;
  /** Answered without a token. */
  open?: boolean;
  /** There is nothing at this path; it is listed only for the Allow header of other methods. */
  absent?: boolean;
}

/** A GET that answers 200 with what `read` returns. */
export function reading(template: string, read: (request: ServiceRequest) => unknown): Route {
  return { method: 'GET', template, handle: (request) => ({ status: 200, body: read(request) }) };
}

/** Thrown by handlers; each service gives it its own body. */
export class HttpProblem extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * How many records a body lists: that of a listing has the collection, perhaps a way to its next page, and nothing else. null: it
 * is none. (One record may have lists of its own.)
 */
export function rowsOf(body: unknown): number | null {
  if (!isRecord(body)) return null;
  const [collection, ...others] = Object.entries(body).filter(
    ([name]) => name !== 'next' && !name.endsWith('_links'),
  );
  if (collection === undefined || others.length > 0) return null;
  const [, records] = collection;
  return Array.isArray(records) ? records.length : null;
}
