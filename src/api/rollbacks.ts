/**
 * What the REST API asks of the machinery behind it, as types only. src/temporal implements it; tests fake it.
 * Every method may throw ApiError (errors.ts) with a failure type that has an HTTP status, above all
 * TemporalUnreachable and NoWorker. `links` in what comes back are filled in by the API, which knows its address.
 */
import type { RollbackRequest } from '../../activities/types.js';
import type { RollbackOptions } from '../domain/options.js';
import type { Link, RollbackResult } from '../domain/result.js';
import type { Counts, RollbackState } from '../domain/states.js';
import type { CompensationsPage } from '../../workflows/messages.js';

/** One row of GET /v1/rollbacks. Times are ISO 8601 in UTC. */
export interface RollbackSummary {
  action_plan_uuid: string;
  uuid: string;
  state: RollbackState;
  created_at: string;
  updated_at: string;
  counts: Counts;
  links: Link[];
}

export interface RollbackList {
  /** Newest first. */
  rollbacks: RollbackSummary[];
  /** The marker of the next page; null at the end. */
  next: string | null;
}

export interface Readiness {
  temporal: boolean;
  worker: boolean;
  /** What is wrong, in one sentence; null where nothing is. */
  message: string | null;
}

export interface Rollbacks {
  /**
   * Start a rollback of the plan, join the one that runs, or return the one that succeeded; answers at acceptance.
   * `completeOptions` are the request's options with every default filled in, to compare with a running one's.
   * Throws ApiError: every refusal of the FAILURES list, OptionsDiffer, RequestExpired.
   */
  request(
    planUuid: string,
    request: RollbackRequest,
    completeOptions: RollbackOptions,
  ): Promise<RollbackResult>;
  /** Wait until the rollback ends, the time is over or the signal aborts; the result so far. */
  waitForEnd(planUuid: string, timeoutMs: number, signal: AbortSignal): Promise<RollbackResult>;
  /** null: no accepted rollback of this plan. */
  get(planUuid: string): Promise<RollbackResult | null>;
  /** A page of all compensations, in the plan's order; null: no accepted rollback of this plan. */
  compensations(
    planUuid: string,
    page: { offset: number; limit: number },
  ): Promise<CompensationsPage | null>;
  /** `marker` is a `next` of an earlier page, unchecked: ApiError InvalidRequest where it is none. */
  list(page: {
    limit: number;
    marker: string | null;
    state?: RollbackState;
  }): Promise<RollbackList>;
  ready(): Promise<Readiness>;
}
