/**
 * What the REST API asks of the machinery behind it, as types only. src/temporal implements it; tests fake it.
 * Every method may throw ApiError (errors.ts) with a failure type that has an HTTP status, above all
 * TemporalUnreachable and NoWorker. `links` in what comes back are filled in by the API, which knows its address.
 */
import type { RollbackRequest } from '../../activities/types.js';
import type { RollbackOptions } from '../domain/options.js';
import type { PreviewResult } from '../domain/preview.js';
import type { Link, RollbackResult } from '../domain/result.js';
import type { Counts, RollbackState } from '../domain/states.js';
import type { StopSwitch } from '../domain/stop-switch.js';
import type { CompensationsPage } from '../../workflows/messages.js';

/** What can be done to a rollback that runs; `retry` and `skip` are about one action's compensation. */
export const CONTROL_VERBS = ['pause', 'resume', 'cancel', 'retry', 'skip'] as const;
export type ControlVerb = (typeof CONTROL_VERBS)[number];

export interface ControlCall {
  /** Who asks, for the history; null where nobody is known. */
  by: string | null;
  /** Needed by retry and skip, and only by them. */
  action_uuid?: string;
}

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
   * With `brief` the answer may be without compensations and history (isBrief).
   * Throws ApiError: every refusal of the FAILURES list, OptionsDiffer, RequestExpired.
   */
  request(
    planUuid: string,
    request: RollbackRequest,
    completeOptions: RollbackOptions,
    brief?: boolean,
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
  /**
   * Control a running rollback; the result right after. Throws ApiError: NoRollback, NotControllable.
   */
  control(planUuid: string, verb: ControlVerb, call: ControlCall): Promise<RollbackResult>;
  /**
   * What `request` would do, by a read-only workflow with an id of its own. Throws ApiError: every refusal that
   * `request` may answer with, but for those about a running rollback.
   */
  preview(planUuid: string, request: RollbackRequest): Promise<PreviewResult>;
  stopSwitch(): Promise<StopSwitch>;
  /** `stopped: false` lets go on what was stopped; `reason` is then ignored. */
  setStopSwitch(change: {
    stopped: boolean;
    reason: string | null;
    by: string | null;
  }): Promise<StopSwitch>;
  ready(): Promise<Readiness>;
}
