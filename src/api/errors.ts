/**
 * The one error that the REST API turns into an answer: a type of src/domain/failures.ts (which decides the HTTP
 * status) and a sentence for the caller. It must not know HTTP, Express or Temporal.
 */
import type { FailureType } from '../domain/failures.js';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly type: FailureType;
  /** Seconds for Retry-After; undefined: the API's own default where the status is 503. */
  readonly retryAfterSeconds: number | undefined;

  /** `message` reaches the caller word for word: it says what is wrong and what to do, and holds no secret. */
  constructor(type: FailureType, message: string, retryAfterSeconds?: number) {
    super(message);
    this.type = type;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
