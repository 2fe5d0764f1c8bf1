/**
 * Every setting of the service's own, as data: the reader (src/config.ts), `--help` and README's table are made
 * from it. OS_* (src/openstack) and TEMPORAL_* (@temporalio/envconfig) are read elsewhere.
 */
import {
  filePath,
  hostName,
  httpUrl,
  networks,
  oneOf,
  plainName,
  port,
  roleNames,
  seconds,
  trueOrFalse,
  wholeNumber,
  wholeSeconds,
} from './kinds.js';
import type { Kind } from './kinds.js';

export interface Setting<T> {
  /** Name of the environment variable. */
  readonly name: string;
  /** One sentence, for documents and help. Units are in `kind.allowed`. */
  readonly meaning: string;
  /** As it would be written in the environment; null: unset means "none" (the meaning says what then). */
  readonly default: string | null;
  readonly kind: Kind<T>;
}

/** Has a default, so always a value. */
export interface SettingWithDefault<T> extends Setting<T> {
  readonly default: string;
}

function setting<T>(
  name: string,
  byDefault: string,
  kind: Kind<T>,
  meaning: string,
): SettingWithDefault<T> {
  return { name, default: byDefault, kind, meaning };
}

function optional<T>(name: string, kind: Kind<T>, meaning: string): Setting<T> & { default: null } {
  return { name, default: null, kind, meaning };
}

const DAY = 86_400;
/** Watcher's own default policy (watcher/common/policies/base.py). */
const ADMIN = 'admin,administrator';

// prettier-ignore
export const SETTINGS = {
  host: setting('ROLLBACK_HOST', '127.0.0.1', hostName(), 'Address that the API listens on.'),
  port: setting('ROLLBACK_PORT', '9323', port(), 'Port that the API listens on; 0: any free one.'),
  tlsCertFile: optional('ROLLBACK_TLS_CERT_FILE', filePath(), 'PEM file with the certificate of the API, and those between it and its authority behind it: the API then speaks https only. Without it plain http.'),
  tlsKeyFile: optional('ROLLBACK_TLS_KEY_FILE', filePath(), 'PEM file with its key, without a passphrase.'),
  auth: setting('ROLLBACK_AUTH', 'keystone', oneOf('keystone', 'none'), 'How callers are known: by a Keystone token, or not at all (only on a loopback address).'),
  rolesRead: setting('ROLLBACK_ROLES_READ', ADMIN, roleNames(), 'Roles that may read rollbacks, lists and event streams.'),
  rolesPreview: setting('ROLLBACK_ROLES_PREVIEW', ADMIN, roleNames(), 'Roles that may ask what a rollback would do.'),
  rolesStart: setting('ROLLBACK_ROLES_START', ADMIN, roleNames(), 'Roles that may roll a plan back.'),
  rolesControl: setting('ROLLBACK_ROLES_CONTROL', ADMIN, roleNames(), 'Roles that may pause, resume and cancel a rollback, and retry or skip one of its compensations.'),
  rolesAdmin: setting('ROLLBACK_ROLES_ADMIN', ADMIN, roleNames(), 'Roles that may stop all rollbacks and let them go on.'),
  serviceRoles: setting('ROLLBACK_SERVICE_ROLES', 'service', roleNames(), 'Roles that make an X-Service-Token good: with one, an expired X-Auth-Token is accepted as long as Keystone allows it.'),
  rateLimit: setting('ROLLBACK_RATE_LIMIT', '3000', wholeNumber(0, 1_000_000), 'Requests per minute and caller (the user, else the address) that one API process serves; 0: no limit. Probes and what goes on to Watcher do not count.'),
  eventStreams: setting('ROLLBACK_EVENT_STREAMS', '200', wholeNumber(1, 4000), 'Event streams that one API process serves at once.'),
  url: optional('ROLLBACK_URL', httpUrl(), "Address of the service, for the command watcher-rollback. Without it: the one that Keystone's catalog names."),
  acceptTimeout: setting('ROLLBACK_ACCEPT_TIMEOUT', '30', seconds(3, 60), 'A request that no worker has accepted by then is dropped and answered with 503.'),
  starts: setting('ROLLBACK_STARTS', '32', wholeNumber(1, 1000), 'Starts that one API process has under way at once at most, and as many previews: fewer where they get slow by it. More wait in line for half of ROLLBACK_ACCEPT_TIMEOUT.'),
  maxAge: setting('ROLLBACK_MAX_AGE', '3600', wholeSeconds(1, 3650 * DAY), 'Greatest age of a plan, from the end of its execution, where the request names none.'),
  maxAgeCeiling: setting('ROLLBACK_MAX_AGE_CEILING', '604800', wholeSeconds(1, 3650 * DAY), 'Greatest max_age that a request may ask for.'),
  maxActions: setting('ROLLBACK_MAX_ACTIONS', '10000', wholeNumber(1, 10_000), 'Plans with more actions are refused.'),
  taskQueue: setting('ROLLBACK_TASK_QUEUE', 'watcher-rollback', plainName(), 'Temporal task queue that the API and its workers share.'),
  concurrency: setting('ROLLBACK_CONCURRENCY', '32', wholeNumber(1, 500), 'Compensations at once, per rollback.'),
  migrationsPerHost: setting('ROLLBACK_MIGRATIONS_PER_HOST', '4', wholeNumber(1, 500), 'Migrations at once per host, counted on both ends, per rollback.'),
  workerMigrationsPerHost: setting('ROLLBACK_WORKER_MIGRATIONS_PER_HOST', '4', wholeNumber(1, 500), 'The same per worker, over all its rollbacks, shared fairly.'),
  compensationTimeout: setting('ROLLBACK_COMPENSATION_TIMEOUT', '7200', seconds(1, 30 * DAY), 'Time for one attempt of a compensation, all waiting included.'),
  rollbackTimeout: setting('ROLLBACK_TIMEOUT', '86400', seconds(1, 365 * DAY), 'Time for a whole rollback, without the time that it is paused or held; then nothing new is started.'),
  migrationTimeout: setting('ROLLBACK_MIGRATION_TIMEOUT', '3600', seconds(1, 30 * DAY), 'Time for one migration, from when Nova starts it.'),
  busyTimeout: setting('ROLLBACK_BUSY_TIMEOUT', '300', seconds(0, DAY), 'How long to wait for a server that has another task in progress.'),
  progressTimeout: setting('ROLLBACK_PROGRESS_TIMEOUT', '300', seconds(0.1, 30 * DAY), 'A migration that has begun and of which Nova tells no progress for so long is reported, and aborted where the caller asked for that (abort_stuck).'),
  hostUpTimeout: setting('ROLLBACK_HOST_UP_TIMEOUT', '600', seconds(1, DAY), 'How long to wait for nova-compute of a host that was powered on.'),
  powerTimeout: setting('ROLLBACK_POWER_TIMEOUT', '300', seconds(1, DAY), "Time for a node's power change."),
  hardPowerOff: setting('ROLLBACK_HARD_POWER_OFF', 'false', trueOrFalse(), 'Permit a hard power off where the soft one did not end in time.'),
  readTimeout: setting('ROLLBACK_READ_TIMEOUT', '60', seconds(0.1, 3600), 'Time for one request to OpenStack that reads (or gets a token), waiting for a connection included.'),
  changeTimeout: setting('ROLLBACK_CHANGE_TIMEOUT', '120', seconds(0.1, 3600), 'The same for one that changes something. Not what it sets going: that has its own limits.'),
  heartbeatTimeout: setting('ROLLBACK_HEARTBEAT_TIMEOUT', '10', seconds(1, 600), 'A worker that is silent for so long is taken for dead and its work is given to another.'),
  retryInitial: setting('ROLLBACK_RETRY_INITIAL', '1', seconds(0.01, 3600), 'First pause after a transient failure; it doubles each time.'),
  retryMax: setting('ROLLBACK_RETRY_MAX', '30', seconds(0.01, DAY), 'Longest pause after a transient failure.'),
  retryAttempts: setting('ROLLBACK_RETRY_ATTEMPTS', '20', wholeNumber(1, 10_000), 'Attempts of one compensation while its failures are transient.'),
  roomDelay: setting('ROLLBACK_ROOM_DELAY', '10', seconds(0.01, 3600), 'Pause before a server is tried again for which its host had no room.'),
  roomPasses: setting('ROLLBACK_ROOM_PASSES', '5', wholeNumber(1, 20), 'How often a server is tried for which its host has no room.'),
  pollFirst: setting('ROLLBACK_POLL_FIRST', '0.2', seconds(0.01, 600), 'First pause between two looks at a change under way; where changes end sooner than that, or many are looked at together, the worker looks sooner.'),
  pollMax: setting('ROLLBACK_POLL_MAX', '5', seconds(0.01, 600), 'Longest pause between two looks at a change under way.'),
  continueAsNewAfter: setting('ROLLBACK_CONTINUE_AS_NEW_AFTER', '8000', wholeNumber(20, 40_000), 'Events of workflow history after which a rollback goes on in a new run.'),
  watcherUrl: optional('ROLLBACK_WATCHER_URL', httpUrl(), "watcher-api's own address. Without it: the catalog's infra-optim endpoint. Needed where this service stands in the catalog."),
  proxy: setting('ROLLBACK_PROXY', 'false', trueOrFalse(), "Hand every other request on to ROLLBACK_WATCHER_URL, so that this service can be the catalog's infra-optim endpoint."),
  proxyTimeout: setting('ROLLBACK_PROXY_TIMEOUT', '60', seconds(0.01, 3600), 'Longest silence of Watcher for a request that is handed on.'),
  webhookUrl: optional('ROLLBACK_WEBHOOK_URL', httpUrl(), 'Address that notifications are POSTed to. Without it there are none.'),
  webhookSecretFile: optional('ROLLBACK_WEBHOOK_SECRET_FILE', filePath(), 'File with the secret that signs them, at least 16 bytes.'),
  webhookAllow: optional('ROLLBACK_WEBHOOK_ALLOW', networks(), 'Where alone notifications may go, whatever the name of the webhook leads to. Without it: anywhere but to link-local and metadata addresses.'),
  webhookWait: setting('ROLLBACK_WEBHOOK_WAIT', '10', seconds(0.1, 300), 'How long the end of a rollback waits for notifications under way.'),
  temporalWebUrl: optional('ROLLBACK_TEMPORAL_WEB_URL', httpUrl(), "Address of Temporal's Web UI, for the link in results. Without it results have none, except beside the embedded server."),
  payloadKeysFile: optional('ROLLBACK_PAYLOAD_KEYS_FILE', filePath(), 'File with keys that encrypt what Temporal keeps: lines of an id and 32 bytes in base64, the first encrypts. Without it payloads are readable there.'),
  codecPort: optional('ROLLBACK_CODEC_PORT', port(), "Loopback port on which Temporal's Web UI has payloads decrypted (its codec endpoint). Without it there is none."),
  temporalDb: optional('ROLLBACK_TEMPORAL_DB', filePath(), 'Database file of the embedded Temporal server. Without it: a file in the cache folder of the user.'),
  workerMetricsHost: setting('ROLLBACK_WORKER_METRICS_HOST', '127.0.0.1', hostName(), 'Address of /metrics of a worker that runs alone.'),
  workerMetricsPort: setting('ROLLBACK_WORKER_METRICS_PORT', '9324', port(), 'Port of /metrics of a worker that runs alone; 0: any free one.'),
  shutdownGrace: setting('ROLLBACK_SHUTDOWN_GRACE', '20', seconds(0, 3600), 'Time that requests and activities in flight are given after SIGTERM.'),
  logLevel: setting('ROLLBACK_LOG_LEVEL', 'info', oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), 'Least severity that is logged.'),
  logFormat: setting('ROLLBACK_LOG_FORMAT', 'json', oneOf('json', 'pretty'), 'One JSON object per line, or lines for people.'),
} satisfies Record<string, Setting<unknown>>;

/** The table without its types, in the order of the documents. */
export const SETTING_LIST: readonly Setting<unknown>[] = Object.values(SETTINGS);
