/**
 * One HTTP exchange over kept-alive connections: bounded in time and size, never retried, never redirected.
 * It must not know tokens' meaning, catalogs or services' shapes; it only sees to it that no secret of a request
 * gets into an error.
 */
import { Agent } from 'undici';
import {
  OpenStackBadAnswerError,
  OpenStackHttpError,
  OpenStackUnreachableError,
  type OpenStackService,
} from './errors.js';
import { withoutTokens } from '../token-text.js';
import { serviceMessage } from './service-message.js';
import { reasonOf } from './thrown.js';
import { type Call, OutOfTime, wholeAnswer, type WholeAnswer } from './whole-answer.js';

export interface HttpTimeouts {
  connectMs: number;
  /** Between two pieces of the body. */
  bodyMs: number;
  /** The whole exchange, waiting for a free connection included: a GET, or a token. */
  readMs: number;
  /** The same of a request that changes something: given up too soon, its answer is lost and has to be found out. */
  changeMs: number;
}

export const DEFAULT_TIMEOUTS: HttpTimeouts = {
  connectMs: 5_000,
  bodyMs: 30_000,
  readMs: 60_000,
  changeMs: 120_000,
};

export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
/** Errors are only read for their sentence. */
const MAX_ERROR_BYTES = 64 * 1024;
export const CONNECTIONS_PER_ORIGIN = 16;
/** Below gunicorn's default of 2 s, so that a request does not meet a connection that the service is just closing. */
const KEEP_ALIVE_MS = 1_500;

export interface HttpOptions {
  /** PEM text of further certificate authorities to trust; null for the system's own. */
  ca: string | null;
  /** Do not check certificates. */
  insecure: boolean;
  timeouts?: Partial<HttpTimeouts>;
  maxAnswerBytes?: number;
}

export interface HttpRequest {
  service: OpenStackService;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: URL;
  headers: Record<string, string>;
  json?: unknown;
  /** Statuses that are not an error. */
  accept: readonly number[];
  signal?: AbortSignal | undefined;
  /** Texts that must not appear in an error, should a service echo them. */
  secrets: readonly string[];
}

export interface HttpAnswer {
  status: number;
  header(name: string): string | null;
  body: string;
}

export interface HttpClient {
  /** Throws OpenStackHttpError, OpenStackUnreachableError, OpenStackBadAnswerError, or the signal's own reason. */
  exchange(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export function createHttpClient(options: HttpOptions): HttpClient {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const maxAnswerBytes = options.maxAnswerBytes ?? MAX_ANSWER_BYTES;
  const agent = connections(options, timeouts);
  return {
    exchange: (request) => exchange(agent, request, limitOf(request, timeouts), maxAnswerBytes),
    // Not close(): that would wait for exchanges whose callers are gone.
    close: () => agent.destroy(),
  };
}

/** Kept alive, and bounded for each address. */
export function connections(options: HttpOptions, timeouts: HttpTimeouts): Agent {
  return new Agent({
    connections: CONNECTIONS_PER_ORIGIN,
    pipelining: 1,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    // The whole exchange has its limit, which is shorter for some requests than for others.
    headersTimeout: 0,
    bodyTimeout: timeouts.bodyMs,
    connect: {
      timeout: timeouts.connectMs,
      rejectUnauthorized: !options.insecure,
      ...(options.ca === null ? {} : { ca: options.ca }),
    },
  });
}

/** Keystone is only ever asked for tokens: its POST changes nothing that anybody would miss. */
function limitOf({ method, service }: HttpRequest, { readMs, changeMs }: HttpTimeouts): number {
  return method === 'GET' || service === 'identity' ? readMs : changeMs;
}

async function exchange(
  agent: Agent,
  request: HttpRequest,
  totalMs: number,
  maxAnswerBytes: number,
): Promise<HttpAnswer> {
  const { signal, accept } = request;
  const maxBytes = (status: number): number =>
    accept.includes(status) ? maxAnswerBytes : MAX_ERROR_BYTES;
  let answer: WholeAnswer;
  try {
    answer = await wholeAnswer(agent, callFor(request), { signal, totalMs, maxBytes });
  } catch (error) {
    signal?.throwIfAborted();
    const reason = error instanceof OutOfTime ? error.message : reasonOf(error);
    throw new OpenStackUnreachableError(callOf(request), withoutSecrets(reason, request.secrets));
  }
  return judged(request, answer, maxAnswerBytes);
}

function callFor({ url, method, headers, json }: HttpRequest): Call {
  const ofBody = json === undefined ? {} : { 'content-type': 'application/json' };
  return {
    url,
    method,
    headers: { accept: 'application/json', ...ofBody, ...headers },
    body: json === undefined ? null : JSON.stringify(json),
  };
}

function judged(request: HttpRequest, answer: WholeAnswer, maxAnswerBytes: number): HttpAnswer {
  const { status, body } = answer;
  const header = (name: string): string | null => headerOf(answer, name);
  if (request.accept.includes(status)) {
    if (body !== null) return { status, header, body };
    const why = `it is larger than ${maxAnswerBytes} bytes`;
    throw new OpenStackBadAnswerError(callOf(request), why);
  }
  const sentence = serviceMessage(body ?? '');
  throw new OpenStackHttpError({
    service: request.service,
    method: request.method,
    path: request.url.pathname + request.url.search,
    status,
    serviceMessage: sentence === null ? null : withoutSecrets(sentence, request.secrets),
    requestId: header('x-openstack-request-id') ?? header('openstack-request-id'),
    retryAfterSeconds: retryAfterSeconds(header('retry-after')),
  });
}

function headerOf({ headers }: WholeAnswer, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

/** Of "120" or an HTTP date, from now; null for anything else. */
function retryAfterSeconds(value: string | null): number | null {
  if (value === null) return null;
  if (/^\d{1,6}$/u.test(value)) return Number(value);
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : Math.max(0, Math.ceil((time - Date.now()) / 1000));
}

export function callOf(request: { service: OpenStackService; method: string; url: URL }): {
  service: OpenStackService;
  method: string;
  url: string;
} {
  return {
    service: request.service,
    method: request.method,
    url: request.url.origin + request.url.pathname,
  };
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  const own = secrets.filter((secret) => secret !== '');
  return withoutTokens(own.reduce((result, one) => result.replaceAll(one, '(secret)'), text));
}
