/**
 * The one place where an error becomes an answer: status from src/domain/failures.ts, body in Watcher's shape,
 * 401 in Keystone's. What is no ApiError is a defect or a service that is away; neither shows its inside.
 */
import type { ErrorRequestHandler, Response } from 'express';
import { FAILURES } from '../domain/failures.js';
import type { FailureType } from '../domain/failures.js';
import { isOpenStackError } from '../openstack/errors.js';
import { faultBody, sendJson } from './answers.js';
import { ApiError } from './errors.js';
import { contextOf } from './request-context.js';

/** Retry-After where nobody knows better, seconds. */
const RETRY_AFTER_SECONDS = 5;

export function errorHandler(authUrl: string): ErrorRequestHandler {
  // Express tells an error handler by its four parameters.
  return (error: unknown, _req, res, _next) => {
    const context = contextOf(res);
    const { log } = context;
    if (res.headersSent || res.destroyed) {
      if (!res.destroyed) log.error({ err: error }, 'error after the answer was begun');
      res.destroy();
      return;
    }
    const refusal = toApiError(error, res);
    context.failure = refusal.type;
    const status = FAILURES[refusal.type].status ?? 500;
    if (status >= 500) log.warn({ failure: refusal.type, reason: refusal.message }, 'refused');
    // The body has Watcher's shape, which has no place for it.
    res.setHeader('X-Rollback-Failure', refusal.type);
    if (status === 503 || status === 429) {
      res.setHeader('Retry-After', Math.ceil(refusal.retryAfterSeconds ?? RETRY_AFTER_SECONDS));
    }
    if (status === 401) {
      sendUnauthorized(res, authUrl, refusal);
      return;
    }
    sendJson(res, status, faultBody(status, refusal.message));
  };
}

function toApiError(error: unknown, res: Response): ApiError {
  if (error instanceof ApiError && FAILURES[error.type].status !== null) return error;
  if (isOpenStackError(error)) return new ApiError('OpenStackUnreachable', `${error.message}.`);
  // Express's own refusals of a malformed path carry a 4xx status.
  if (error instanceof Error && statusOf(error) === 400) {
    return new ApiError('InvalidRequest', 'The path is not a valid one: check its percent signs.');
  }
  const { log, requestId } = contextOf(res);
  log.error({ err: error }, 'defect');
  return new ApiError(
    'InternalError',
    `Something went wrong inside the rollback service. Its log has more under ${requestId}.`,
  );
}

function statusOf(error: Error): unknown {
  return 'status' in error ? error.status : undefined;
}

/** Source: keystonemiddleware/auth_token (the header and the body that it answers with). */
function sendUnauthorized(res: Response, authUrl: string, refusal: ApiError): void {
  res.setHeader('WWW-Authenticate', `Keystone uri="${authUrl}"`);
  const message =
    refusal.type === 'LoginRefused'
      ? refusal.message
      : 'The request you have made requires authentication.';
  sendJson(res, 401, { error: { code: 401, title: 'Unauthorized', message } });
}

/** A refusal for the log and the metrics. */
export function failureTypeOf(error: unknown): FailureType {
  if (error instanceof ApiError) return error.type;
  return isOpenStackError(error) ? 'OpenStackUnreachable' : 'InternalError';
}
