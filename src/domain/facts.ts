/**
 * What the rules are told about the cloud: plain values, read by activities, judged by the domain.
 * Times are ISO 8601 strings in UTC ("2026-11-24T02:17:50Z"). Pure; imports nothing.
 */

/** An action plan of Watcher. Source: Watcher's API reference, "action plans". */
export interface ActionPlan {
  uuid: string;
  /** RECOMMENDED PENDING ONGOING FAILED SUCCEEDED DELETED CANCELLED SUPERSEDED CANCELLING. */
  state: string;
  strategyName: string | null;
  createdAt: string;
  updatedAt: string | null;
}

/** One action of a plan. `parameters` are Watcher's `input_parameters`, unchecked. */
export interface Action {
  uuid: string;
  planUuid: string;
  /** "migrate", "resize", … or a type that a plugin brought. */
  type: string;
  /** PENDING ONGOING FAILED SUCCEEDED CANCELLED CANCELLING SKIPPED DELETED. */
  state: string;
  parameters: Record<string, unknown>;
  parents: string[];
  createdAt: string;
  updatedAt: string | null;
}

/** One compute host: an os-services row (nova-compute) joined with its os-hypervisors row. */
export interface Host {
  /** The compute *service host*: the name that Nova wants in every call. */
  name: string;
  /** os-services id (uuid from microversion 2.53 on). */
  serviceId: string;
  /** os-hypervisors id (uuid) and hostname; null where no hypervisor row belongs to the service. */
  hypervisorId: string | null;
  hypervisorHostname: string | null;
  status: 'enabled' | 'disabled';
  state: 'up' | 'down';
  disabledReason: string | null;
  forcedDown: boolean;
  /** Last heartbeat of the service; null if it never reported. */
  updatedAt: string | null;
}

/** One server (GET /servers/{id}, admin view). */
export interface Server {
  id: string;
  name: string;
  /** ACTIVE, PAUSED, SHUTOFF, VERIFY_RESIZE, ERROR, MIGRATING, … */
  status: string;
  taskState: string | null;
  /** OS-EXT-SRV-ATTR:host, the compute service host; null while it has none. */
  host: string | null;
  locked: boolean;
  /** flavor.original_name (microversion 2.47 on), for reports. */
  flavor: string | null;
  updatedAt: string | null;
}

/** One migration record (GET /os-migrations). */
export interface Migration {
  /** Integer id: grows with time within a cell. */
  id: number;
  uuid: string;
  serverId: string;
  /** live-migration, migration, resize, evacuation. */
  type: string;
  /** accepted queued preparing running post-migrating completed error cancelled finished confirmed reverted failed done. */
  status: string;
  sourceCompute: string | null;
  destCompute: string | null;
  /** Who asked for it (microversion 2.80 on). */
  userId: string | null;
  createdAt: string;
  updatedAt: string | null;
}

/** One row of a server's os-instance-actions. */
export interface InstanceAction {
  serverId: string;
  /** "stop", "live-migration", "resize", … */
  action: string;
  requestId: string;
  userId: string | null;
  startedAt: string;
  updatedAt: string | null;
  /** null, or "Error". */
  message: string | null;
}

/** One Ironic node. */
export interface Node {
  uuid: string;
  name: string | null;
  /** "power on", "power off", "error" or null (unknown). */
  powerState: string | null;
  targetPowerState: string | null;
  provisionState: string | null;
  targetProvisionState: string | null;
  maintenance: boolean;
  maintenanceReason: string | null;
  fault: string | null;
  /** The conductor that holds the node's lock, if any. */
  reservation: string | null;
  /** extra.compute_node_id: the hypervisor's uuid, by which Watcher joins the two. */
  hypervisorId: string | null;
  updatedAt: string | null;
}

/** Another plan with its actions, for "the newer plan wins". */
export interface OtherPlan {
  plan: ActionPlan;
  actions: Action[];
}

/** Everything that the layout of one rollback looks at, read at one time. */
export interface Facts {
  plan: ActionPlan;
  actions: Action[];
  /** Other plans that are running now, or of which an action ended after this plan began. */
  otherPlans: OtherPlan[];
  hosts: Host[];
  /** Servers that the plan names and that exist. */
  servers: Server[];
  /** Migration records of those servers, since the plan was made. */
  migrations: Migration[];
  /** Instance actions of those servers that a rule asks for (see `needsInstanceActions`). */
  instanceActions: InstanceAction[];
  /** Ironic nodes that the plan names and that exist. */
  nodes: Node[];
  /** The user id that this service authenticates as, to tell its own migrations from others'. */
  ownUserId: string | null;
  readAt: string;
}
