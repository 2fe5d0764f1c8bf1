/**
 * The contract between workflow and activities: plain JSON in, plain JSON out. The workflow imports this as
 * types only; fakes in tests are checked against it.
 *
 * Every activity is at-least-once. Those that change something read the state first; are done if it is as
 * wanted; join a change already under way; otherwise ask for it; follow it to its end; read again.
 */
import type { CloudId, CloudMark } from '../src/domain/cloud-id.js';
import type {
  LaidOutCompensation,
  Layout,
  MoveServerWork,
  RevertResizeWork,
  SetNodePowerWork,
  SetServiceStatusWork,
  StartServerWork,
} from '../src/domain/layout-types.js';
import type { PreviewLayout } from '../src/domain/preview.js';
import type { CompensationResult, Evidence, ResourceState } from '../src/domain/result.js';
import type { Counts, RollbackState } from '../src/domain/states.js';
import type { RequestedBy, RollbackOptions } from '../src/domain/options.js';

/** Bounds that the worker's settings give to one rollback. Times in seconds; may be fractions in tests. */
export interface RunLimits {
  /** ROLLBACK_MAX_AGE: used where the request names none. */
  default_max_age: number;
  max_age_ceiling: number;
  max_actions: number;
  /** Compensations at once. */
  concurrency: number;
  /** Migrations at once per host, counted on both ends. */
  migrations_per_host: number;
  /** One attempt of a compensation activity, all included. */
  compensation_timeout: number;
  /** A worker that does not heartbeat for that long is taken for dead. */
  heartbeat_timeout: number;
  /** Pauses between attempts after a transient failure: first, longest; and how many attempts. */
  retry_initial: number;
  retry_max: number;
  retry_attempts: number;
  /** No room: pause before another pass, and how many passes. */
  room_delay: number;
  room_passes: number;
  /** History events after which the workflow continues as new, once nothing is in flight. */
  continue_as_new_after: number;
  /**
   * The whole rollback, without the time that it is paused or held by the stop switch; then nothing new is started.
   * Absent: no limit (a rollback that an older version has accepted).
   */
  rollback_timeout?: number;
  /** How long the end waits for notifications under way; absent: none are sent. */
  notification_wait?: number;
  /** How soon a rollback that holds looks whether the stop switch is still there; absent: a minute. Then ever later. */
  hold_ask_again?: number;
}

/** What a caller asked, as it travels into the workflow. */
export interface RollbackRequest {
  options: Partial<RollbackOptions>;
  requested_by: RequestedBy;
  /** When the caller asked; null for a start that did not come through the API. */
  requested_at: string | null;
  /** Not accepted by then: RequestExpired. null: no limit. */
  accept_by: string | null;
  /** The accepted earlier run that this one takes up again: exempt from max_age up to the ceiling. */
  previous_run_id: string | null;
}

export interface ReadActionPlanInput {
  action_plan_uuid: string;
  /** Unchecked for a workflow started directly through Temporal: the activity validates it. */
  request: RollbackRequest;
}

/** The layout is wanted as well, if the plan may be rolled back. */
export interface LayOutToo {
  /** The request's, or when the workflow started. */
  requested_at: string;
  /** What was asked for is for this cloud: a worker of another one need not read any more. */
  cloud?: CloudId;
  /** Actions; the layout of a plan that has more is asked for by itself. Absent: whatever its size. */
  up_to?: number;
}

/** Of a plan that is refused by its state or age, and of a worker of an older version, without the layout. */
export interface PlanReading {
  plan: {
    uuid: string;
    state: string;
    strategy_name: string | null;
    /** End of execution: latest updated_at of an action that ran, else the plan's updated_at, else created_at. */
    ended_at: string;
    /** Number of actions by Watcher's action state. */
    action_states: Record<string, number>;
  };
  /** Complete and checked. */
  options: RollbackOptions;
  limits: RunLimits;
  /** The worker's own: all that follows is for this one. */
  cloud?: CloudId;
  /** As layOutRollback would have answered with `in_parts`. */
  layout?: Layout;
}

/** The caller's request id, handed on to OpenStack; absent: a workflow that an older version of the code started. */
export interface Traced {
  request_id?: string | null;
  /** The cloud of the rollback: a worker of another one refuses. Absent as above. */
  cloud?: CloudId;
}

export interface LayOutInput extends Traced {
  action_plan_uuid: string;
  options: RollbackOptions;
  /** The workflow takes a large layout in parts. Absent: one of an older version. */
  in_parts?: boolean;
}

/**
 * How a compensation activity ended without being a failure.
 * - SUCCEEDED: restored and seen to be. SKIPPED: was already as wanted when it began.
 * - KEPT, NOT_REVERSIBLE: as in the domain, found out only now.
 * - BLOCKED: something it needs is not so (`needs` names the host); the workflow makes it NOT_ATTEMPTED.
 * - NO_ROOM: Nova found no room on the destination; the workflow may try again later.
 * - STOPPED: the stop switch is on, so nothing was begun; the workflow waits until it is off.
 * - OTHER_WAY: the server's status now calls for the other kind of migration; nothing was touched.
 * - NO_PROGRESS: no end, but something to say: Nova tells no progress of the migration that is followed (`stuck`). The
 *   workflow says it and calls the activity again. Only where the input has `progress`.
 * - NOT_ASKED: `follow_only`, and nothing was under way; the workflow makes it NOT_ATTEMPTED.
 */
export interface CompensationReport {
  outcome:
    | 'SUCCEEDED'
    | 'SKIPPED'
    | 'KEPT'
    | 'NOT_REVERSIBLE'
    | 'BLOCKED'
    | 'NO_ROOM'
    | 'OTHER_WAY'
    | 'NOT_ASKED'
    | 'NO_PROGRESS'
    | 'STOPPED';
  reason: string | null;
  now: ResourceState | null;
  evidence: Evidence;

  /** BLOCKED: the host whose state stands in the way. */
  needs?: string;
  /** OTHER_WAY: the kind to run instead. */
  kind?: 'live_migrate' | 'cold_migrate';
  /** NO_PROGRESS. */
  stuck?: Stuck;
  /** NO_PROGRESS: as `asked` of the next call. */
  asked?: boolean;
}

/** A migration of which Nova told no progress for as long as the worker's limit (progress_timeout). */
export interface Stuck {
  migration_uuid: string;
  /** What Nova told of it then: anything else says that it has gone on since. */
  mark: string;
  /** Seconds without progress. */
  silent_for: number;
  /** It is a live migration that this rollback asked for. */
  own: boolean;
  /** Nova refused to abort it. */
  abort_refused?: boolean;
  /** Seconds since Nova began with it, as far as this rollback has followed it: its time limit goes on from there. */
  ran_for: number;
}

/** First of the details of every failure of a compensation activity, and what its heartbeats carry. */
export interface AttemptDetails {
  /** Whether this attempt or an earlier one asked the cloud for the change. */
  asked: boolean;
  /** readActionPlan: the worker's own, so that the workflow knows in which one there is no such plan. */
  cloud?: CloudId;
}

/**
 * Common to all compensation activities. One call is one attempt: the workflow decides whether there is another.
 * A cancelled activity that has asked for nothing ends as cancelled at once; one that has asked goes on to its end.
 */
/** The plan is not among it: the workflow's id names it. */
export interface CompensationInput<W> extends Traced {
  /** In place of `cloud`: there are as many of these as there are compensations. */
  of_cloud?: CloudMark;
  action_uuid: string;
  work: W;
  /** What to do where the resource is neither as before nor as the layout saw it. */
  on_drift: RollbackOptions['on_drift'];
  /** Whether an earlier attempt has, or may have, asked the cloud for the change. Absent: it has not. */
  asked?: boolean;
  /** The rollback was cancelled: finish what is under way, but ask for nothing new. Absent: it was not. */
  follow_only?: boolean;
  /**
   * Whether to report a migration that makes no progress. Absent: a workflow of an older version of the code, which knows
   * no such report. `abort`: the caller asked to have a stuck live migration of this rollback's own aborted; that is done
   * only once it is reported.
   */
  progress?: { abort?: boolean; reported?: Stuck | null };
  /**
   * This compensation has called an activity before: what that left behind may be younger than what the worker knows. Absent: it
   * has not; or, where `progress` is absent too, it is not known (a workflow of version 0.1.0).
   */
  again?: boolean;
  /** This rollback's own bound, enforced by the workflow; the worker shares its own bound fairly by this id. */
  rollback_id: string;
}

export interface VerifyInput extends Traced {
  action_plan_uuid: string;
  /** Compensations that are SUCCEEDED or SKIPPED and have a resource: is `now` still `before`? */
  compensations: Pick<
    LaidOutCompensation,
    'action_uuid' | 'resource_type' | 'resource_id' | 'before' | 'state'
  >[];
  /** Nova's time from before this rollback moved the first of these servers. Absent: not known. */
  since?: string | null;
}

export interface VerifyReport {
  /** Only those that are not (any more) as before. */
  differing: { action_uuid: string; now: ResourceState | null; reason: string }[];
  verified_at: string;
}

/** What a notification is about; `attention`: a person is needed. */
export type NotificationPhase = 'start' | 'end' | 'attention';

export interface NotifyInput {
  phase: NotificationPhase;
  /** The same in every attempt, so that a receiver knows a repetition. */
  message_id: string;
  /** When it happened. */
  time: string;
  rollback: {
    action_plan_uuid: string;
    uuid: string;
    workflow_id: string;
    state: RollbackState;
    created_at: string;
    updated_at: string;
    counts: Counts;
    requested_by: RequestedBy;
    /** `attention`: a sentence that says why. */
    reason: string | null;
    /** Those that need a person, up to a bound; `truncated` says that there are more. */
    compensations: Pick<
      CompensationResult,
      'action_uuid' | 'action_type' | 'resource_id' | 'resource_name' | 'state' | 'reason'
    >[];
    truncated: boolean;
  };
}

export interface RollbackActivities {
  /**
   * Read the plan and check the request. Fails: InvalidRequest, ActionPlanNotFound, PlanTooLarge; with `layOut` also as
   * layOutRollback does. An input of its own, because workers of version 0.1.0 refuse what they do not know in the first.
   * Absent: a workflow of an older version, or a preview.
   */
  readActionPlan(input: ReadActionPlanInput, layOut?: LayOutToo): Promise<PlanReading>;
  /**
   * Read actions, newer plans and live state; decide every compensation. Fails: OtherPlanOngoing, DriftFound,
   * PlanNeverStarted (all CANCELLED without a trace), InvalidRequest (`actions` of another plan).
   */
  layOutRollback(input: LayOutInput): Promise<Layout>;
  /**
   * The same decisions for a preview, and what they meet: hosts and their room, audits, newer plans. Reads only.
   * Fails: as layOutRollback.
   */
  previewRollback(input: LayOutInput): Promise<PreviewLayout>;
  liveMigrateServer(input: CompensationInput<MoveServerWork>): Promise<CompensationReport>;
  coldMigrateServer(input: CompensationInput<MoveServerWork>): Promise<CompensationReport>;
  revertResize(input: CompensationInput<RevertResizeWork>): Promise<CompensationReport>;
  startServer(input: CompensationInput<StartServerWork>): Promise<CompensationReport>;
  setComputeServiceStatus(
    input: CompensationInput<SetServiceStatusWork>,
  ): Promise<CompensationReport>;
  setNodePowerState(input: CompensationInput<SetNodePowerWork>): Promise<CompensationReport>;
  /** One last read of everything that is said to be as before. */
  verifyRollback(input: VerifyInput): Promise<VerifyReport>;
  /** Deliver one notification to the webhook. At-least-once. Fails: NotificationFailed, NotificationRefused. */
  notify(input: NotifyInput): Promise<void>;
}

/**
 * Of every worker. A workflow that calls it as a local activity lets the thread go that it runs on, and what waits for that
 * thread has its turn: queries and tasks of other workflows. A timer would do the same, up to a second later.
 */
export interface TurnActivities {
  /** Does nothing. */
  nextTurn(): Promise<void>;
}
