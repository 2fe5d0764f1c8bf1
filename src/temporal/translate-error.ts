/** The only place where an error of Temporal's client becomes an ApiError. */
import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  ServiceError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import {
  ApplicationFailure,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/common';
import { ApiError } from '../api/errors.js';
import { isFailureType } from '../domain/failures.js';

/** gRPC status codes that are looked at (google.rpc.Code). */
const CANCELLED = 1;
const DEADLINE_EXCEEDED = 4;
const NOT_FOUND = 5;
const FAILED_PRECONDITION = 9;
const UNKNOWN = 2;
const ABORTED = 10;
const INTERNAL = 13;
const UNAVAILABLE = 14;

/** What the workflow's handler said, as the caller is to hear it; null where it was not the handler who spoke. */
export function refusalOf(error: unknown): ApiError | null {
  if (!(error instanceof WorkflowUpdateFailedError)) return null;
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure) || !isFailureType(cause.type)) return null;
  return new ApiError(cause.type, cause.message);
}

/** The workflow ended, or another one did what was to be done, between two calls: look again. */
export function isGoneMeanwhile(error: unknown): boolean {
  if (error instanceof WorkflowExecutionAlreadyStartedError) return true;
  // What the client makes of NOT_FOUND where it was asked about a workflow.
  if (error instanceof WorkflowNotFoundError) return true;
  if (error instanceof WorkflowUpdateFailedError) {
    const { cause } = error;
    return cause instanceof ApplicationFailure && cause.type === 'AcceptedUpdateCompletedWorkflow';
  }
  return grpcCode(error) === NOT_FOUND;
}

export function isTimeout(error: unknown): boolean {
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) return true;
  const code = grpcCode(error);
  return code === DEADLINE_EXCEEDED || code === CANCELLED;
}

/** A worker is there but cannot take the query up: none polls, or its code does not know the query. */
export function isUnanswered(error: unknown): boolean {
  return (
    isTimeout(error) ||
    error instanceof QueryNotRegisteredError ||
    grpcCode(error) === FAILED_PRECONDITION
  );
}

/** What Temporal's server or the way to it did; a defect of this program stays what it is. */
export function asUnreachable(error: unknown): unknown {
  if (error instanceof ApiError || !isTemporals(error)) return error;
  const detail = error instanceof Error ? (rootMessage(error) ?? error.message) : String(error);
  return new ApiError(
    'TemporalUnreachable',
    `Temporal cannot be reached (${detail}). Check TEMPORAL_ADDRESS and the server, then ask again.`,
  );
}

/** The connection broke or the server is not there: whether it has done what it was asked for is not known. */
export function isAway(error: unknown): boolean {
  const code = grpcCode(error);
  return code === UNAVAILABLE || code === UNKNOWN || code === INTERNAL || code === ABORTED;
}

function isTemporals(error: unknown): boolean {
  return (
    grpcCode(error) !== null ||
    error instanceof ServiceError ||
    error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ||
    error instanceof WorkflowUpdateFailedError ||
    error instanceof QueryNotRegisteredError
  );
}

export function grpcCode(error: unknown): number | null {
  if (isGrpcServiceError(error)) return error.code;
  if (error instanceof ServiceError && isGrpcServiceError(error.cause)) return error.cause.code;
  return null;
}

function rootMessage(error: Error): string | null {
  const cause = error.cause;
  return isGrpcServiceError(cause) ? cause.details : null;
}
