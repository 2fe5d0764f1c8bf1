/**
 * What the layout of a rollback is made of: compensations with the work that each one is, their order
 * and their bounds. Plain JSON: it crosses the activity boundary and is kept in workflow state. Pure.
 */
import type { PartsOf } from './parts.js';
import type { CompensationResult } from './result.js';

/** Move a server back to a host. Used live and cold; the server's status at that time decides. */
export interface MoveServerWork {
  kind: 'live_migrate' | 'cold_migrate';
  serverId: string;
  serverName: string;
  /** Where the layout saw it (service host): anything else but `to` at the start is drift. */
  from: string;
  /** Where it is to be (service host). */
  to: string;
  allowCold: boolean;
  /** Greatest migration id known of the server at layout: only later ones can be ours. 0 if none. */
  sinceMigrationId: number;
  /**
   * Nova's time: of the records that did not change since then, none was open at layout. null or absent: not known
   * (no record of any server of the plan).
   */
  since?: string | null;
}

export interface RevertResizeWork {
  kind: 'revert_resize';
  serverId: string;
  serverName: string;
  /** The host it is on in VERIFY_RESIZE, and the one that a revert brings it back to. */
  from: string;
  to: string;
  /** The record (status `finished`) that the revert must undo, and no other. */
  migrationId: number;
}

export interface StartServerWork {
  kind: 'start_server';
  serverId: string;
  serverName: string;
  /** Host it was seen on. */
  host: string;
}

export interface SetServiceStatusWork {
  kind: 'set_service_status';
  host: string;
  to: 'enabled' | 'disabled';
  /**
   * Enabling: the exact disabled_reason that makes the service ours to enable (null: none).
   * Disabling: the reason to write.
   */
  reason: string | null;
}

export interface SetNodePowerWork {
  kind: 'set_node_power';
  nodeId: string;
  nodeName: string;
  /** The compute service host that runs on the node; null where no hypervisor belongs to it. */
  host: string | null;
  to: 'power on' | 'power off';
  /** disabled_reason to write while the host is being emptied and powered off. */
  reason: string;
}

export type CompensationWork =
  MoveServerWork | RevertResizeWork | StartServerWork | SetServiceStatusWork | SetNodePowerWork;

/** One compensation as laid out: what the result says of it, plus what the workflow needs to run it. */
export interface LaidOutCompensation extends CompensationResult {
  /** null where its state is final at layout. */
  work: CompensationWork | null;
  /** Lower goes first among what is ready: the reverse of the plan's order. */
  priority: number;
  /**
   * A part of the action that cannot be restored even when `work` succeeds (a resize's flavor):
   * then the outcome is NOT_REVERSIBLE with this reason, not SUCCEEDED.
   */
  residue: string | null;
}

export interface Layout {
  compensations: LaidOutCompensation[];
  /** Said in the history once at the start, e.g. an active CONTINUOUS audit. */
  notes: string[];
  /** The compensations were sent in these parts, before the layout. Absent: they are all here. */
  parts?: PartsOf;
}

/** What the layout refuses: nothing has been touched. `type` is a failure type of failures.ts. */
export interface Refusal {
  type: string;
  message: string;
}
