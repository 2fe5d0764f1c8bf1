/**
 * The OpenStack services as the rest of the program sees them: typed calls, nothing of HTTP.
 * Types are camelCase views of what Nova, Ironic, Watcher and Keystone answer. Times are ISO 8601 in UTC with a
 * trailing "Z" (Nova leaves the zone out; the clients put it in).
 *
 * Every call may throw the errors of errors.ts: OpenStackHttpError (the service answered with a status that the
 * call does not accept), OpenStackUnreachableError (no answer: refused, reset, time-out, not HTTP),
 * OpenStackBadAnswerError (an answer that does not parse), OpenStackUnsupportedError (this cloud has no such service,
 * or one that is too old). A cancelled call throws its signal's reason.
 * Every call takes an AbortSignal in its last parameter, so that a cancelled activity does not wait.
 */

export interface CallOptions {
  signal?: AbortSignal;
  /** Passed on as X-OpenStack-Request-ID (a "req-<uuid>": Nova's global request id). */
  globalRequestId?: string;
}

export interface WatcherActionPlan {
  uuid: string;
  state: string;
  strategyName: string | null;
  auditUuid: string | null;
  createdAt: string;
  updatedAt: string | null;
}
export interface WatcherAction {
  uuid: string;
  planUuid: string;
  type: string;
  state: string;
  parameters: Record<string, unknown>;
  parents: string[];
  createdAt: string;
  updatedAt: string | null;
}

/** An audit, as far as previews tell of it. */
export interface WatcherAudit {
  uuid: string;
  name: string;
  /** ONESHOT, CONTINUOUS or EVENT. */
  type: string;
  state: string;
  goalName: string | null;
  strategyName: string | null;
  /** Seconds, or a cron expression; null for an audit that runs once. */
  interval: string | null;
}

export interface InfraOptim {
  /** All audits that are not deleted. */
  listAudits(options?: CallOptions): Promise<WatcherAudit[]>;
  getActionPlan(uuid: string, options?: CallOptions): Promise<WatcherActionPlan>;
  /** All actions of a plan, in Watcher's order, page by page (never following `next` as a URL). */
  listActions(planUuid: string, options?: CallOptions): Promise<WatcherAction[]>;
  /** All plans, newest first; stops at the first page whose plans are all finished before `changedSince`. */
  listActionPlans(
    filter: { changedSince?: string },
    options?: CallOptions,
  ): Promise<WatcherActionPlan[]>;
}

export interface ComputeService {
  id: string;
  host: string;
  binary: string;
  status: 'enabled' | 'disabled';
  state: 'up' | 'down';
  disabledReason: string | null;
  forcedDown: boolean;
  updatedAt: string | null;
}
export interface Hypervisor {
  id: string;
  hostname: string;
  serviceHost: string;
  serviceId: string;
  state: 'up' | 'down';
  status: 'enabled' | 'disabled';
}
export interface ComputeServer {
  id: string;
  name: string;
  status: string;
  taskState: string | null;
  vmState: string | null;
  host: string | null;
  hypervisorHostname: string | null;
  locked: boolean;
  flavor: string | null;
  /** fault.message of a server in ERROR. */
  fault: string | null;
  updatedAt: string | null;
}
export interface ComputeMigration {
  id: number;
  uuid: string;
  serverId: string;
  type: string;
  status: string;
  sourceCompute: string | null;
  destCompute: string | null;
  userId: string | null;
  createdAt: string;
  updatedAt: string | null;
}
/** What Nova tells of a live migration in progress; null: the driver does not count it. */
export interface MigrationBytes {
  memoryTotal: number | null;
  memoryProcessed: number | null;
  memoryRemaining: number | null;
  diskTotal: number | null;
  diskProcessed: number | null;
  diskRemaining: number | null;
}
export interface MigrationInProgress {
  id: number;
  bytes: MigrationBytes;
}
export interface ComputeInstanceAction {
  serverId: string;
  action: string;
  requestId: string;
  userId: string | null;
  startedAt: string;
  updatedAt: string | null;
  message: string | null;
}
export interface ComputeInstanceActionDetail extends ComputeInstanceAction {
  /** `details` (2.84) of the failed events, else their names: Nova's own reason. Never tracebacks. */
  events: { event: string; result: string | null; details: string | null }[];
}
/** Nova's answer to an accepted (202) action: the request id finds the instance action. */
export interface Accepted {
  requestId: string | null;
}

export interface Compute {
  listServices(filter: { host?: string }, options?: CallOptions): Promise<ComputeService[]>;
  setServiceStatus(
    serviceId: string,
    status: 'enabled' | 'disabled',
    disabledReason: string | null,
    options?: CallOptions,
  ): Promise<ComputeService>;
  listHypervisors(options?: CallOptions): Promise<Hypervisor[]>;
  getServer(id: string, options?: CallOptions): Promise<ComputeServer>;
  /** Servers of all projects, page by page. `host` is the compute service host. */
  listServers(filter: { host?: string }, options?: CallOptions): Promise<ComputeServer[]>;
  /**
   * Servers of all projects whose updated_at is not before `since`, the last changed first, in one call: `atMost` of them (1000).
   * Nor after `until`: below microversion 2.66 Nova cannot be asked by that, and none is found.
   */
  listChangedServers(
    filter: { since: string; until?: string | null; atMost: number },
    options?: CallOptions,
  ): Promise<ComputeServer[]>;
  /** Page by page; `changedSince` filters on updated_at (microversion 2.59). Newest first. */
  listMigrations(
    filter: { serverId?: string; changedSince?: string; host?: string; status?: string },
    options?: CallOptions,
  ): Promise<ComputeMigration[]>;
  /** Live migrations of a server that are queued, preparing, running or post-migrating; with their bytes (2.23). */
  listMigrationsInProgress(serverId: string, options?: CallOptions): Promise<MigrationInProgress[]>;
  /**
   * Ask Nova to abort a live migration (2.24): accepted for one that is running (queued or preparing as well, from 2.65 on),
   * else 400. Its record ends `cancelled`, if nothing comes in between. `migrationId` is the record's number.
   */
  abortLiveMigration(
    serverId: string,
    migrationId: number,
    options?: CallOptions,
  ): Promise<Accepted>;
  listInstanceActions(serverId: string, options?: CallOptions): Promise<ComputeInstanceAction[]>;
  getInstanceAction(
    serverId: string,
    requestId: string,
    options?: CallOptions,
  ): Promise<ComputeInstanceActionDetail>;
  liveMigrate(serverId: string, host: string, options?: CallOptions): Promise<Accepted>;
  coldMigrate(serverId: string, host: string, options?: CallOptions): Promise<Accepted>;
  confirmResize(serverId: string, options?: CallOptions): Promise<Accepted>;
  revertResize(serverId: string, options?: CallOptions): Promise<Accepted>;
  startServer(serverId: string, options?: CallOptions): Promise<Accepted>;
}

export interface BaremetalNode {
  uuid: string;
  name: string | null;
  powerState: string | null;
  targetPowerState: string | null;
  provisionState: string | null;
  targetProvisionState: string | null;
  maintenance: boolean;
  maintenanceReason: string | null;
  fault: string | null;
  lastError: string | null;
  reservation: string | null;
  /** extra.compute_node_id. */
  hypervisorId: string | null;
  updatedAt: string | null;
}
export interface Baremetal {
  getNode(uuid: string, options?: CallOptions): Promise<BaremetalNode>;
  /** PUT …/states/power; `timeout` in seconds bounds a soft power off (microversion 1.27). */
  setPowerState(
    uuid: string,
    target: 'power on' | 'power off' | 'soft power off',
    timeout: number | null,
    options?: CallOptions,
  ): Promise<void>;
}

/** What is free on a host: total without what is reserved, times the allocation ratio, without what is used. */
export interface HostRoom {
  vcpusFree: number;
  memoryMbFree: number;
  diskGbFree: number;
}
export interface Placement {
  /** null where the catalog has no Placement, or Placement knows no resource provider of this uuid. */
  roomOf(hypervisorId: string, options?: CallOptions): Promise<HostRoom | null>;
}

/** What Keystone says of a caller's token. */
export interface TokenInfo {
  userId: string;
  userName: string;
  projectId: string | null;
  roles: string[];
  expiresAt: string;
}
/** What a person types to log in; every name is within its domain. */
export interface LoginCredentials {
  userName: string;
  userDomain: string;
  password: string;
  /** null: the user's default project. */
  project: { name: string; domain: string } | null;
}

/** A token that Keystone has just issued. */
export interface IssuedToken extends TokenInfo {
  value: string;
}

/** Which cloud this is, however it is reached. */
export interface CloudIdentity {
  /** Keystone's address as it is reached from here. */
  authUrl: string;
  /** null: the catalog has several, and none is chosen. */
  region: string | null;
  /** Keystone's ids of its own, Nova's and Watcher's service; [] where the catalog has none. */
  serviceIds: string[];
}

export interface Identity {
  /** The user that this service itself authenticates as. */
  ownUserId(options?: CallOptions): Promise<string>;
  /**
   * null where Keystone does not accept the token. `allowExpired`: also one whose time is over, as long as Keystone's
   * allow_expired_window lets it be; for callers with a service token only.
   */
  validateToken(
    token: string,
    options?: CallOptions & { allowExpired?: boolean },
  ): Promise<TokenInfo | null>;
  /** A token for a person's own credentials; null where Keystone does not accept them. */
  logIn(credentials: LoginCredentials, options?: CallOptions): Promise<IssuedToken | null>;
  /** The last known answer while Keystone cannot be reached. */
  cloudIdentity(options?: CallOptions): Promise<CloudIdentity>;
  /** Keystone's address, for WWW-Authenticate. */
  readonly authUrl: string;
}

export interface OpenStackCloud {
  identity: Identity;
  compute: Compute;
  baremetal: Baremetal;
  optimizer: InfraOptim;
  placement: Placement;
  /** For logs and readiness: cloud or auth URL and region; no secret. */
  readonly description: string;
  close(): Promise<void>;
}
