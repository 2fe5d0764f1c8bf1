/**
 * The only place where an OpenStack error becomes an ApplicationFailure: which type, retried or not, and after how
 * long. Messages carry the service's own sentence, never a token and never a whole body (src/openstack/errors.ts
 * sees to that).
 */
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ApplicationFailureOptions } from '@temporalio/common';
import { FAILURES } from '../src/domain/failures.js';
import type { FailureType } from '../src/domain/failures.js';
import {
  isForbidden,
  isOpenStackError,
  isOpenStackHttpError,
  isTransient,
  isUnauthorized,
} from '../src/openstack/errors.js';
import type { OpenStackHttpError } from '../src/openstack/errors.js';
import type { AttemptDetails } from './types.js';

/** Longest Retry-After that is honoured, seconds: a service must not be able to park a rollback for a day. */
const RETRY_AFTER_MAX_S = 300;

/** A failure of this type, retryable where the list of failures says so. */
export function failure(
  type: FailureType,
  message: string,
  options: { cause?: Error; retryAfterSeconds?: number | null; retryable?: boolean } = {},
): ApplicationFailure {
  const wait = options.retryAfterSeconds ?? null;
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: !(options.retryable ?? FAILURES[type].retryable),
    ...(options.cause === undefined ? {} : { cause: options.cause }),
    ...(wait === null ? {} : { nextRetryDelay: Math.min(wait, RETRY_AFTER_MAX_S) * 1000 }),
  });
}

/**
 * What an activity throws for this error. A cancelled activity always throws the cancellation, whatever the call
 * that it interrupted made of it. `halfWay`: the change was asked for, and is to be followed to its end. An error that
 * nobody foresaw stays retryable: the retry policy bounds it.
 */
export function toFailure(error: unknown, signal: AbortSignal, halfWay = false): Error {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error;
  if (signal.aborted) return cancellation(signal);
  if (isOpenStackError(error)) return openStackFailure(error, halfWay);
  if (error instanceof Error) return error;
  return new Error(`Unexpected: ${String(error)}`);
}

/** The same failure, saying what the attempt had done: the workflow decides by it whether there is another. */
export function withDetails(error: Error, details: AttemptDetails): Error {
  if (error instanceof CancelledFailure) return error;
  if (error instanceof ApplicationFailure) return again(error, { details: [details] });
  const { name: type, message } = error;
  return ApplicationFailure.create({ type, message, details: [details], cause: error });
}

/** The same failure, saying first what could not be done. */
export function saying(what: string, error: Error): Error {
  if (!(error instanceof ApplicationFailure)) return error;
  return again(error, { message: `${what}: ${error.message}` });
}

function again(
  { type, message, nonRetryable, cause, nextRetryDelay }: ApplicationFailure,
  more: Pick<ApplicationFailureOptions, 'message' | 'details'>,
): ApplicationFailure {
  return ApplicationFailure.create({
    message,
    nonRetryable: nonRetryable ?? false,
    ...(type === undefined || type === null ? {} : { type }),
    ...(cause === undefined ? {} : { cause }),
    ...(nextRetryDelay === undefined || nextRetryDelay === null ? {} : { nextRetryDelay }),
    ...more,
  });
}

/** The cancellation of the activity, as Temporal's SDK wants it thrown. */
export function cancellation(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new CancelledFailure('The activity was cancelled');
}

function openStackFailure(error: Error, halfWay: boolean): ApplicationFailure {
  if (isTransient(error)) {
    const retryAfterSeconds = isOpenStackHttpError(error) ? error.retryAfterSeconds : null;
    return failure('OpenStackUnreachable', error.message, { retryAfterSeconds });
  }
  if (isUnauthorized(error)) {
    // A service that refuses good tokens for a while (its cache or Keystone is away) must not leave a server half way.
    return failure('OpenStackUnauthorized', error.message, { retryable: halfWay });
  }
  // Nova answers 403 both for a missing role and for a quota that is used up.
  if (isForbidden(error) && !/quota/iu.test(error.message)) {
    return failure('OpenStackUnauthorized', error.message);
  }
  return failure('OpenStackRefused', error.message);
}

/** The service's own sentence where there is one, for reasons that operators read. */
export function sentence(error: OpenStackHttpError): string {
  return error.serviceMessage ?? error.message;
}
