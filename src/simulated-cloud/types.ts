/**
 * The simulated cloud: Keystone, Nova, Placement, Ironic and Watcher over HTTP with state and time, for the demo, the tests
 * and the benchmark. It knows nothing of the rest of src/. Habits are Nova's own, as recorded from a real cloud.
 */

export interface SimulatedHostOptions {
  name: string;
  /** Hypervisor hostname where it differs from the service host (an FQDN). */
  hypervisorHostname?: string;
  /** How many servers fit (one slot each). */
  capacity?: number;
  status?: 'enabled' | 'disabled';
  disabledReason?: string | null;
  /** Make an Ironic node for it (name = host name). Default true. */
  node?: boolean;
}
export interface SimulatedServerOptions {
  name: string;
  host: string;
  status?: 'ACTIVE' | 'SHUTOFF' | 'PAUSED' | 'ERROR' | 'VERIFY_RESIZE';
  locked?: boolean;
  flavor?: string;
}
export interface SimulatedAction {
  type: string;
  parameters: Record<string, unknown>;
  /** Indexes of the actions it waits for. Default: the one before it. */
  parents?: number[];
  /** What the applier makes of it instead of running it (FAILED without effect, SKIPPED, CANCELLED, PENDING …). */
  forcedState?: string;
  /** With forcedState: run the effect all the same (Watcher gave up waiting while Nova went on). */
  effect?: boolean;
}
export interface SimulatedPlanOptions {
  strategy?: string;
  actions: SimulatedAction[];
  /** State to leave the plan in without applying it (RECOMMENDED, ONGOING, …). Default: it is applied. */
  state?: string;
  /** Default: a random one. */
  uuid?: string;
}

/** A fault on the next matching requests. All given conditions must match. */
export interface Fault {
  service: 'identity' | 'compute' | 'baremetal' | 'optimizer' | 'placement';
  method?: string;
  /** Matched against the path below the endpoint. */
  path?: RegExp;
  /** For POST …/action: the action's key, e.g. "os-migrateLive". */
  action?: string;
  /** How many requests it hits. Default 1. */
  times?: number;
  effect:
    | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }
    | { kind: 'delay'; ms: number }
    /** Close the connection before or after the request took effect. */
    | { kind: 'reset'; when: 'before' | 'after' }
    /** Accept the connection and never answer. */
    | { kind: 'hang' }
    /** Send half of the body, then close. */
    | { kind: 'truncate' };
}

/** One request that the cloud got. */
export interface SimulatedRequest {
  method: string;
  /** "/compute/v2.1/servers/{id}" */
  route: string;
  /** As it was asked for, with the query. */
  path: string;
  /** The caller's X-OpenStack-Request-ID. */
  globalRequestId: string | null;
  /** How many records its answer listed, one that was lost on its way included; null: it was no listing, or there was none. */
  rows: number | null;
}

export interface ContinuousAuditOptions {
  /** Default: workload_balance. */
  strategy?: string;
  /** Seconds, or a cron expression. */
  interval: string;
  /** Default: ONGOING. */
  state?: string;
}

/** One effect on the cloud, in order: what the exactly-once tests count. */
export interface LedgerEntry {
  seq: number;
  at: string;
  service: 'compute' | 'baremetal' | 'optimizer';
  /**
   * live-migrate, cold-migrate, confirm-resize, revert-resize, start, stop, enable-service, disable-service,
   * power-on, power-off, soft-power-off, …
   */
  effect: string;
  resourceId: string;
  /** Destination host, reason, … */
  detail: string | null;
  /** applied: it happened; rejected: refused at once; failed: accepted, then came to nothing. */
  outcome: 'applied' | 'rejected' | 'failed' | 'started';
  userId: string | null;
}

/** What "the cloud is as it was" compares: nothing that changes by itself. */
export interface CloudSnapshot {
  servers: Record<string, { name: string; host: string | null; status: string; flavor: string }>;
  services: Record<string, { status: string; disabledReason: string | null; state: string }>;
  nodes: Record<string, { name: string; powerState: string | null }>;
}

export interface SimulatedCloudOptions {
  /** How long things take, milliseconds. Defaults are small enough for tests. */
  times?: Partial<{
    /** From Nova's 202 until its conductor has written the migration record. */
    conductor: number;
    liveMigration: number;
    coldMigration: number;
    confirm: number;
    start: number;
    stop: number;
    power: number;
    /** From power on until nova-compute reports up. */
    hostBoot: number;
  }>;
  /** How long the live migration of the server of this name takes, milliseconds. Default: `times.liveMigration` for all. */
  liveMigrationOf?: (serverName: string) => number;
  /** As Nova's max_concurrent_live_migrations: more wait as `queued`. Default 1 per source host. */
  maxConcurrentLiveMigrations?: number;
  /** Requests per page at most. Default 1000. */
  pageSize?: number;
  port?: number;
}

/** What a live migration has copied. */
export interface MigrationBytes {
  memoryTotal: number;
  memoryProcessed: number;
  memoryRemaining: number;
  diskTotal: number;
  diskProcessed: number;
  diskRemaining: number;
}

export interface SimulatedCloud {
  /** OS_* variables of the admin, for the typed clients and any other. */
  readonly env: Record<string, string>;
  readonly authUrl: string;
  /** Another way to authenticate as the admin in `env`. */
  readonly applicationCredential: { id: string; secret: string };
  /** User id of the admin in `env`, and of the simulated Watcher. */
  readonly adminUserId: string;
  readonly watcherUserId: string;

  addHost(options: SimulatedHostOptions): {
    hypervisorId: string;
    serviceId: string;
    nodeId: string | null;
  };
  addServer(options: SimulatedServerOptions): string;
  /** A token for another user, with these roles. */
  issueToken(options: {
    userName: string;
    roles: string[];
    /** true: a moment ago; a number: so many seconds ago. */
    expired?: boolean | number;
  }): string;

  /** Make a plan and (unless `state` says otherwise) apply it to its end; its uuid. */
  applyPlan(options: SimulatedPlanOptions): Promise<string>;
  /**
   * The plan of host_maintenance: disable the host, then migrate all servers away, in stages of two, then power off.
   * `destinations`: where the scheduler puts them by turn; the plan does not name them. As in Watcher 9 every server
   * that is not ACTIVE is to move cold, which Nova refuses for PAUSED ones: their actions end FAILED.
   */
  hostMaintenance(
    host: string,
    options?: { powerOffIdle?: string[]; destinations?: string[] },
  ): Promise<string>;

  /** An audit of type CONTINUOUS; its uuid. It is there to be seen, and makes no plans. */
  continuousAudit(options: ContinuousAuditOptions): string;

  /** Things that people and Nova do meanwhile. */
  hand: {
    migrate(serverId: string, host: string): void;
    setServerStatus(serverId: string, status: string): void;
    /** End its live migration, running or queued, as `cancelled`; false where there is none. */
    abortMigration(serverId: string): boolean;
    /** Its live migrations do not end until `clearFaults`. */
    hangMigrations(serverId: string): void;
    /** What its newest migration has copied, as a driver like libvirt's tells; what is left out stays. */
    copyBytes(serverId: string, bytes: Partial<MigrationBytes>): void;
    /** Its next live migration lands there, wherever it was asked to go. */
    divertMigration(serverId: string, host: string): void;
    lock(serverId: string): void;
    deleteServer(serverId: string): void;
    setService(
      host: string,
      change: Partial<{
        status: 'enabled' | 'disabled';
        disabledReason: string | null;
        forcedDown: boolean;
        state: 'up' | 'down';
      }>,
    ): void;
    setNode(
      nodeId: string,
      change: Partial<{
        powerState: string;
        maintenance: boolean;
        fault: string | null;
        provisionState: string;
        targetPowerState: string | null;
        /** The conductor that holds the node's lock: power changes get 409. */
        reservation: string | null;
        /** Soft power offs run into their time limit. */
        ignoresSoftPowerOff: boolean;
      }>,
    ): void;
    removeHost(host: string): void;
    /** `updatedAt` moves the whole plan: its actions, and Nova's records of them, move by as much. */
    setActionPlan(uuid: string, change: Partial<{ state: string; updatedAt: string }>): void;
  };

  inject(fault: Fault): void;
  /** None of `inject` and `failMigrations` is to come any more. */
  clearFaults(): void;
  /** The next migrations of this server end in `error` with this reason (instance action details). */
  failMigrations(serverId: string, reason: string, times?: number): void;
  /** Make the token that `env` would get invalid from now on (as a revocation or expiry). */
  expireTokens(): void;
  /** Move the cloud's clock forward: everything recorded from now on is later by that. */
  advance(ms: number): void;

  readonly ledger: readonly LedgerEntry[];
  /** Requests counted by "METHOD path-template", e.g. "GET /compute/v2.1/servers/{id}". */
  requestCounts(): Record<string, number>;
  /** The latest requests (10,000 at most), oldest first. */
  readonly requests: readonly SimulatedRequest[];
  snapshot(): CloudSnapshot;
  /** Resolves when nothing is under way (no migration, power change, boot). */
  settled(timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}
