/**
 * What a call to OpenStack can end in, and guards to tell them apart. It must not know which service speaks which
 * dialect (service-message.ts does), and no error here carries a token, a password or a whole body.
 */

export type OpenStackService = 'identity' | 'compute' | 'baremetal' | 'infra-optim' | 'placement';

export interface OpenStackHttpErrorFields {
  service: OpenStackService;
  method: string;
  /** Path and query of the request, below the origin. */
  path: string;
  status: number;
  /** The service's own sentence; null where the body had none. */
  serviceMessage: string | null;
  /** "req-<uuid>", for the service's log; null where it was not sent. */
  requestId: string | null;
  /** Seconds of the Retry-After header; null where it was not sent. */
  retryAfterSeconds: number | null;
}

/** The service answered, with a status that the call does not accept. */
export class OpenStackHttpError extends Error implements OpenStackHttpErrorFields {
  override readonly name = 'OpenStackHttpError';
  readonly service: OpenStackService;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly serviceMessage: string | null;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(fields: OpenStackHttpErrorFields) {
    const sentence = fields.serviceMessage === null ? '' : `: ${fields.serviceMessage}`;
    const trace = fields.requestId === null ? '' : ` (${fields.requestId})`;
    super(
      `${fields.service} answered ${fields.status} to ${fields.method} ${fields.path}${sentence}${trace}`,
    );
    this.service = fields.service;
    this.method = fields.method;
    this.path = fields.path;
    this.status = fields.status;
    this.serviceMessage = fields.serviceMessage;
    this.requestId = fields.requestId;
    this.retryAfterSeconds = fields.retryAfterSeconds;
  }
}

interface CallFields {
  service: OpenStackService;
  method: string;
  /** Origin and path. */
  url: string;
}

/** No whole answer: refused, reset, time-out, unknown host, bad certificate, not HTTP. It may have taken effect. */
export class OpenStackUnreachableError extends Error {
  override readonly name = 'OpenStackUnreachableError';
  readonly service: OpenStackService;
  readonly method: string;
  readonly url: string;

  constructor(fields: CallFields, reason: string) {
    super(`${fields.service} gave no answer to ${fields.method} ${fields.url}: ${reason}`);
    this.service = fields.service;
    this.method = fields.method;
    this.url = fields.url;
  }
}

/** An answer that does not parse, is too large, or has too many pages. */
export class OpenStackBadAnswerError extends Error {
  override readonly name = 'OpenStackBadAnswerError';
  readonly service: OpenStackService;
  readonly method: string;
  readonly url: string;

  constructor(fields: CallFields, reason: string) {
    super(
      `${fields.service} gave an answer to ${fields.method} ${fields.url} that cannot be used: ${reason}`,
    );
    this.service = fields.service;
    this.method = fields.method;
    this.url = fields.url;
  }
}

/** This cloud cannot serve the call at all: no such endpoint in the catalog, or a microversion that is too old. */
export class OpenStackUnsupportedError extends Error {
  override readonly name = 'OpenStackUnsupportedError';
  readonly service: OpenStackService;

  constructor(service: OpenStackService, sentence: string) {
    super(sentence);
    this.service = service;
  }
}

export type OpenStackError =
  | OpenStackHttpError
  | OpenStackUnreachableError
  | OpenStackBadAnswerError
  | OpenStackUnsupportedError;

export function isOpenStackError(error: unknown): error is OpenStackError {
  return (
    error instanceof OpenStackHttpError ||
    error instanceof OpenStackUnreachableError ||
    error instanceof OpenStackBadAnswerError ||
    error instanceof OpenStackUnsupportedError
  );
}

export function isOpenStackHttpError(error: unknown): error is OpenStackHttpError {
  return error instanceof OpenStackHttpError;
}

export function isUnreachable(error: unknown): error is OpenStackUnreachableError {
  return error instanceof OpenStackUnreachableError;
}

export function isBadAnswer(error: unknown): error is OpenStackBadAnswerError {
  return error instanceof OpenStackBadAnswerError;
}

export function isUnsupported(error: unknown): error is OpenStackUnsupportedError {
  return error instanceof OpenStackUnsupportedError;
}

function hasStatus(error: unknown, status: number): error is OpenStackHttpError {
  return error instanceof OpenStackHttpError && error.status === status;
}

/** 400: the service refuses the request as it is; asking again unchanged is of no use. */
export function isBadRequest(error: unknown): error is OpenStackHttpError {
  return hasStatus(error, 400);
}

/** 401 after one fresh authentication, or the credentials themselves refused. */
export function isUnauthorized(error: unknown): error is OpenStackHttpError {
  return hasStatus(error, 401);
}

/** 403: a role is missing (or, from Nova, a quota is exceeded). */
export function isForbidden(error: unknown): error is OpenStackHttpError {
  return hasStatus(error, 403);
}

export function isNotFound(error: unknown): error is OpenStackHttpError {
  return hasStatus(error, 404);
}

/** 409: busy (a task is in progress, a node is reserved), locked, or in a status in which this cannot be done. */
export function isConflict(error: unknown): error is OpenStackHttpError {
  return hasStatus(error, 409);
}

const TRANSIENT_STATUSES = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Asking again later, unchanged, can succeed. 409 is not among them: whether it passes depends on the call.
 * A bad answer is: it is mostly a proxy's page in the place of the service's answer.
 */
export function isTransient(error: unknown): error is OpenStackError {
  if (error instanceof OpenStackHttpError) return TRANSIENT_STATUSES.has(error.status);
  return error instanceof OpenStackUnreachableError || error instanceof OpenStackBadAnswerError;
}
