/**
 * Every failure type of the service, in one list: used by activities and the workflow (as the `type` of an
 * ApplicationFailure), by the API (HTTP status) and by docs/errors.md. A test keeps the three in step.
 * Pure; imports nothing.
 */

export interface FailureInfo {
  /** HTTP status that a caller sees; null where the failure never reaches a caller as a status. */
  status: number | null;
  /** Whether asking again later, unchanged, can succeed. Temporal retries an activity only then. */
  retryable: boolean;
  /** What it means and what to do, for docs/errors.md and operators. */
  meaning: string;
}

export const FAILURES = {
  // ---- refusals: the rollback was not accepted and nothing was touched
  InvalidRequest: {
    status: 400,
    retryable: false,
    meaning: 'The request is malformed; the message names the field and what it must be.',
  },
  ActionPlanNotFound: {
    status: 404,
    retryable: false,
    meaning: 'Watcher knows no action plan of this UUID (or it was deleted). Check the UUID.',
  },
  PlanNotFinished: {
    status: 400,
    retryable: false,
    meaning:
      'The plan is not SUCCEEDED, FAILED or CANCELLED. Wait for its end, or cancel it first.',
  },
  PlanNeverStarted: {
    status: 400,
    retryable: false,
    meaning: 'No action of the plan ever started, so there is nothing to roll back.',
  },
  PlanTooOld: {
    status: 400,
    retryable: false,
    meaning:
      'The plan ended longer ago than max_age. Ask with a larger max_age, or have an administrator raise ROLLBACK_MAX_AGE_CEILING.',
  },
  PlanTooLarge: {
    status: 400,
    retryable: false,
    meaning: 'The plan has more actions than one rollback takes (ROLLBACK_MAX_ACTIONS).',
  },
  OtherPlanOngoing: {
    status: 400,
    retryable: false,
    meaning: 'Another plan is running on the same resources. Wait for its end, or cancel it.',
  },
  DriftFound: {
    status: 400,
    retryable: false,
    meaning:
      'on_drift is "fail" and something was changed since the plan. Ask with "keep" or "restore".',
  },
  RequestExpired: {
    status: 503,
    retryable: true,
    meaning:
      'The request was taken up too late (no worker, or Temporal was away) and was dropped. Nothing was touched; ask again.',
  },
  OptionsDiffer: {
    status: 409,
    retryable: false,
    meaning: 'A rollback of this plan is running with other options. Wait for it, or cancel it.',
  },
  NotControllable: {
    status: 409,
    retryable: false,
    meaning: 'The compensation or rollback is not in a state in which this can be done.',
  },
  // ---- the door
  Unauthorized: {
    status: 401,
    retryable: false,
    meaning: 'No token, or one that Keystone does not accept. Get a new token.',
  },
  Forbidden: {
    status: 403,
    retryable: false,
    meaning: 'The token is good but lacks the role that this operation needs.',
  },
  NoRollback: {
    status: 404,
    retryable: false,
    meaning: 'This plan has no rollback yet. POST one.',
  },
  NotFound: { status: 404, retryable: false, meaning: 'No such path. See the REST table.' },
  MethodNotAllowed: {
    status: 405,
    retryable: false,
    meaning: 'The path exists, the method does not. The Allow header says which do.',
  },
  NotAcceptable: {
    status: 406,
    retryable: false,
    meaning: 'Unsupported microversion. The message names the supported range.',
  },
  UnsupportedMediaType: {
    status: 415,
    retryable: false,
    meaning: 'The body is not JSON. Send it as Content-Type: application/json, not compressed.',
  },
  // ---- out of reach: 503 with Retry-After
  TemporalUnreachable: {
    status: 503,
    retryable: true,
    meaning: 'Temporal cannot be reached. Check TEMPORAL_ADDRESS and the server.',
  },
  NoWorker: {
    status: 503,
    retryable: true,
    meaning: 'No worker polls the task queue. Start one (npm run worker).',
  },
  OpenStackUnreachable: {
    status: 503,
    retryable: true,
    meaning: 'An OpenStack service cannot be reached or answers 5xx. Check it, then ask again.',
  },
  InternalError: {
    status: 500,
    retryable: false,
    meaning: 'A defect of this service. Report it with the request id.',
  },
  // ---- the end of a workflow
  RollbackIncomplete: {
    status: null,
    retryable: false,
    meaning:
      'The rollback ended FAILED or PARTIAL; the result is in the details. Mend the causes and POST again.',
  },
  // ---- one compensation: they end as FAILED with the message as reason
  OpenStackRefused: {
    status: 503,
    retryable: false,
    meaning: 'OpenStack refused the request for good (4xx); the message is its own sentence.',
  },
  OpenStackUnauthorized: {
    status: 503,
    retryable: false,
    meaning:
      "The service's own credentials are refused or lack a role. Correct OS_* / clouds.yaml and restart.",
  },
  MigrationFailed: {
    status: null,
    retryable: false,
    meaning: "The migration ended in error; the message is Nova's own reason.",
  },
  NoRoom: {
    status: null,
    retryable: false,
    meaning: 'The destination had no room in every pass. Free room there and POST again.',
  },
  ServerBusy: {
    status: null,
    retryable: false,
    meaning: 'The server had another task in progress until the time limit.',
  },
  ServerInError: {
    status: null,
    retryable: false,
    meaning: 'The server went to ERROR. Mend it in Nova and POST again.',
  },
  ServerGone: {
    status: null,
    retryable: false,
    meaning: 'The server was deleted while its compensation ran.',
  },
  CompensationTimeout: {
    status: null,
    retryable: false,
    meaning: 'The compensation did not reach its end within its time limit.',
  },
  PowerFailed: {
    status: null,
    retryable: false,
    meaning: 'Ironic could not reach the power state; the message is its last_error.',
  },
} as const satisfies Record<string, FailureInfo>;

export type FailureType = keyof typeof FAILURES;

export function isFailureType(type: string | null | undefined): type is FailureType {
  return type !== null && type !== undefined && Object.hasOwn(FAILURES, type);
}

/** The types that an activity's retry policy must not retry. */
export const NON_RETRYABLE_TYPES: FailureType[] = Object.keys(FAILURES)
  .filter(isFailureType)
  .filter((type) => !FAILURES[type].retryable);
