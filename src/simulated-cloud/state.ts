/**
 * Everything that the simulated cloud holds, as plain records. Times are milliseconds since 1970 on the cloud's clock.
 * Knows nothing of HTTP and of what the records look like outside.
 */
import { randomUUID } from 'node:crypto';
import type { MigrationBytes } from './types.js';

export interface Host {
  /** The compute service host. */
  name: string;
  hypervisorHostname: string;
  hypervisorId: string;
  serviceId: string;
  /** The integer ids that Nova shows before microversion 2.53. */
  number: number;
  capacity: number;
  status: 'enabled' | 'disabled';
  disabledReason: string | null;
  forcedDown: boolean;
  /** Whether nova-compute runs and reports. */
  up: boolean;
  lastReportAt: number;
  nodeId: string | null;
}

export type VmState = 'active' | 'stopped' | 'paused' | 'suspended' | 'error' | 'resized';

export interface Server {
  id: string;
  number: number;
  name: string;
  host: string | null;
  vmState: VmState;
  taskState: string | null;
  flavorId: string;
  locked: boolean;
  reservationId: string;
  createdAt: number;
  launchedAt: number;
  updatedAt: number;
  fault: { message: string; createdAt: number } | null;
  /** What an unconfirmed resize or cold migration goes back to. */
  beforeResize: { vmState: VmState; host: string; flavorId: string; migrationId: number } | null;
}

export interface Migration {
  id: number;
  uuid: string;
  serverId: string;
  type: 'live-migration' | 'migration' | 'resize' | 'evacuation';
  status: string;
  sourceCompute: string;
  sourceNode: string | null;
  destCompute: string | null;
  destNode: string | null;
  destHost: string | null;
  oldFlavor: number;
  newFlavor: number;
  userId: string;
  projectId: string;
  createdAt: number;
  updatedAt: number;
  /** null: as drivers that count none. */
  bytes: MigrationBytes | null;
}

export interface ActionEvent {
  event: string;
  startedAt: number;
  finishedAt: number | null;
  result: string | null;
  details: string | null;
}
export interface InstanceAction {
  serverId: string;
  action: string;
  requestId: string;
  userId: string;
  projectId: string;
  startedAt: number;
  updatedAt: number;
  message: string | null;
  events: ActionEvent[];
}

export interface Flavor {
  id: string;
  number: number;
  name: string;
  vcpus: number;
  ram: number;
  disk: number;
}

export interface Node {
  uuid: string;
  name: string;
  hypervisorId: string;
  powerState: string | null;
  targetPowerState: string | null;
  provisionState: string;
  maintenance: boolean;
  fault: string | null;
  lastError: string | null;
  reservation: string | null;
  /** The operating system does not obey a soft power off. */
  ignoresSoftPowerOff: boolean;
  createdAt: number;
  updatedAt: number;
  powerChangedAt: number;
}

export interface WatcherAction {
  number: number;
  uuid: string;
  planUuid: string;
  type: string;
  parameters: Record<string, unknown>;
  parents: string[];
  state: string;
  createdAt: number;
  updatedAt: number | null;
}
export interface WatcherPlan {
  number: number;
  uuid: string;
  auditUuid: string;
  strategy: string;
  state: string;
  hostname: string | null;
  createdAt: number;
  updatedAt: number | null;
  actions: WatcherAction[];
}
export interface WatcherAudit {
  number: number;
  uuid: string;
  type: 'ONESHOT' | 'CONTINUOUS';
  state: string;
  /** Seconds or a cron expression; null where it runs once. */
  interval: string | null;
  strategy: string;
  parameters: Record<string, unknown>;
  createdAt: number;
  updatedAt: number;
}

/** Who asks: for user_id and request_id of records. */
export interface Caller {
  userId: string;
  projectId: string;
  requestId: string;
}

export interface CloudState {
  hosts: Map<string, Host>;
  servers: Map<string, Server>;
  migrations: Migration[];
  /** The last of each server's. */
  lastMigrations: Map<string, Migration>;
  instanceActions: Map<string, InstanceAction[]>;
  flavors: Flavor[];
  nodes: Map<string, Node>;
  plans: Map<string, WatcherPlan>;
  audits: WatcherAudit[];
  /** Reasons that the next migrations of a server fail with. */
  failures: Map<string, string[]>;
  /** Servers whose live migrations do not end until they are let go. */
  hanging: Set<string>;
  /** Where the next live migration of a server lands instead of where it was asked to. */
  diversions: Map<string, string>;
  /** Where the scheduler puts a server next, whatever has more room. */
  schedulerHints: Map<string, string>;
  counters: { server: number; host: number; action: number; plan: number; migration: number };
}

export function hexId(): string {
  return randomUUID().replaceAll('-', '');
}
export function newRequestId(): string {
  return `req-${randomUUID()}`;
}

export function createState(): CloudState {
  return {
    hosts: new Map(),
    servers: new Map(),
    migrations: [],
    lastMigrations: new Map(),
    instanceActions: new Map(),
    flavors: [
      { id: randomUUID(), number: 1, name: 'm1.lab', vcpus: 1, ram: 128, disk: 1 },
      { id: randomUUID(), number: 2, name: 'm2.lab', vcpus: 2, ram: 256, disk: 1 },
    ],
    nodes: new Map(),
    plans: new Map(),
    audits: [],
    failures: new Map(),
    hanging: new Set(),
    diversions: new Map(),
    schedulerHints: new Map(),
    counters: { server: 0, host: 0, action: 0, plan: 0, migration: 0 },
  };
}

/** A flavor by id or name; a name that nobody has used yet is a new flavor. */
export function flavorNamed(state: CloudState, idOrName: string): Flavor {
  const known = findFlavor(state, idOrName);
  if (known) return known;
  const number = state.flavors.length + 1;
  const flavor = {
    id: randomUUID(),
    number,
    name: idOrName,
    vcpus: number,
    ram: 128 * number,
    disk: 1,
  };
  state.flavors.push(flavor);
  return flavor;
}
export function findFlavor(state: CloudState, idOrName: string): Flavor | undefined {
  return state.flavors.find((flavor) => flavor.id === idOrName || flavor.name === idOrName);
}
