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
  /** Said by the command `watcher-rollback` itself; no answer of the API and no workflow has it. */
  command?: true;
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
  RollbacksStopped: {
    status: 409,
    retryable: false,
    meaning:
      'An administrator has stopped all rollbacks. The message says who and why; PUT /v1/rollbacks/stop lets them go on.',
  },
  OtherCloud: {
    status: 409,
    retryable: false,
    meaning:
      'The request is for one cloud or region, and the worker that took it, or the rollback of that plan, is of another. Give each cloud a task queue and a namespace of its own.',
  },
  TooManyStreams: {
    status: 429,
    retryable: true,
    meaning:
      'As many event streams are open as one API process serves (ROLLBACK_EVENT_STREAMS). Close some, or read GET …/rollback instead.',
  },
  // ---- the door
  Unauthorized: {
    status: 401,
    retryable: false,
    meaning: 'No token, or one that Keystone does not accept. Get a new token.',
  },
  LoginRefused: {
    status: 401,
    retryable: false,
    meaning:
      'Keystone did not accept the user, password, domain and project of a login. Check each of them.',
  },
  TooManyLogins: {
    status: 429,
    retryable: true,
    meaning:
      'Too many attempts to log in did not succeed. Wait as long as Retry-After says, or use a token from Keystone.',
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
  TooManyRequests: {
    status: 429,
    retryable: true,
    meaning:
      'The caller makes more requests within a minute than ROLLBACK_RATE_LIMIT allows. Nothing was touched; go on when Retry-After says.',
  },
  UriTooLong: {
    status: 414,
    retryable: false,
    meaning: 'The address is longer than 8,192 characters. Ask with POST and a body instead.',
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
    meaning:
      'No worker polls the task queue, or the one that does has more to do than it answers in time. Start one (npm run worker), or another.',
  },
  TooManyStarts: {
    status: 503,
    retryable: true,
    meaning:
      'More rollbacks or previews are being started than this API process can take up (ROLLBACK_STARTS at once, fewer where they get slow by it), and the turn of this one did not come in time. Nothing was touched; ask again.',
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
  // ---- Watcher behind this service (ROLLBACK_PROXY)
  WatcherAnswerLost: {
    status: 502,
    retryable: false,
    meaning:
      'A request was handed on to Watcher and its answer was lost or did not come in time (ROLLBACK_PROXY_TIMEOUT). It may have been done: look before asking again.',
  },
  ProxyLoop: {
    status: 508,
    retryable: false,
    meaning:
      "A request has come back to this service by way of ROLLBACK_WATCHER_URL. Set that to watcher-api's own address.",
  },
  // ---- the end of a workflow
  RollbackIncomplete: {
    status: null,
    retryable: false,
    meaning:
      'The rollback ended FAILED or PARTIAL; the result is in the details. Mend the causes and POST again.',
  },
  // ---- a notification: never touches the rollback
  NotificationFailed: {
    status: null,
    retryable: true,
    meaning:
      'The webhook could not be reached or answered 408, 425, 429 or 5xx. It is tried again.',
  },
  NotificationRefused: {
    status: null,
    retryable: false,
    meaning:
      'The webhook refused a notification (any other answer that is not 2xx; a redirect is not followed). Correct ROLLBACK_WEBHOOK_URL or the receiver.',
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
  MigrationAborted: {
    status: null,
    retryable: false,
    meaning:
      'The migration made no progress (ROLLBACK_PROGRESS_TIMEOUT) and was aborted, as the caller asked (abort_stuck). The server is where it was. Find out what held it up, then POST again.',
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
  // ---- the command
  WrongUsage: {
    status: null,
    retryable: false,
    command: true,
    meaning:
      'An argument or a setting is wrong; the message names it. "--help" shows what there is.',
  },
  CredentialsRefused: {
    status: null,
    retryable: false,
    command: true,
    meaning:
      'Keystone refuses the credentials of OS_* or clouds.yaml. Check user, password, project and domains.',
  },
  ServiceNotFound: {
    status: null,
    retryable: false,
    command: true,
    meaning:
      'The catalog names no rollback service. Set ROLLBACK_URL, or register infra-optim-rollback in Keystone.',
  },
  ServiceUnreachable: {
    status: null,
    retryable: true,
    command: true,
    meaning:
      'The rollback service gives no answer, or not one of its own. Check ROLLBACK_URL and that it runs.',
  },
  WaitTimeout: {
    status: null,
    retryable: true,
    command: true,
    meaning: 'The rollback has not ended within --timeout. It goes on: watch it again.',
  },
  Interrupted: {
    status: null,
    retryable: true,
    command: true,
    meaning: 'The waiting was interrupted. The rollback goes on: watch it again, or cancel it.',
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
