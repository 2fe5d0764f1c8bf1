/**
 * The rollback result: one shape for REST, workflow result and query. snake_case, like Watcher's API.
 * Pure.
 */
import type { RequestedBy, RollbackOptions } from './options.js';
import type { Counts, Outcome, RollbackState } from './states.js';

export type ResourceType = 'server' | 'compute_service' | 'node' | 'volume';

export const COMPENSATION_KINDS = [
  'live_migrate',
  'cold_migrate',
  'revert_resize',
  'start_server',
  'set_service_status',
  'set_node_power',
] as const;
export type CompensationKind = (typeof COMPENSATION_KINDS)[number];

/** A state of the properties that an action concerns; only those present are spoken of. */
export interface ResourceState {
  /** Compute service host of a server. */
  host?: string | null;
  /** Server status (ACTIVE, SHUTOFF, …) or service status (enabled, disabled). */
  status?: string | null;
  disabled_reason?: string | null;
  /** Ironic's word: "power on" or "power off". */
  power_state?: string | null;
  flavor?: string | null;
  /** True where the state is concluded from the action alone, not recorded by anybody. */
  inferred?: boolean;
  /** Since when it is so, where the cloud tells. */
  since?: string;
}

export interface Evidence {
  nova_request_id?: string;
  migration_uuid?: string;
  /** The migration record that proves before and after. */
  proof_migration_uuid?: string;
  /** Anything else worth showing, e.g. the uuid of the newer plan. */
  action_plan_uuid?: string;
}

export interface CompensationResult {
  action_uuid: string;
  action_type: string;
  /** What is or would be done; null where nothing is to be done. */
  kind: CompensationKind | null;
  resource_type: ResourceType | null;
  resource_id: string | null;
  resource_name: string | null;
  before: ResourceState | null;
  after: ResourceState | null;
  now: ResourceState | null;
  state: Outcome;
  reason: string | null;
  /** uuids of the actions whose compensations this one waited for. */
  parents: string[];
  attempts: number;
  started_at: string | null;
  finished_at: string | null;
  evidence: Evidence;
}

export interface HistoryEntry {
  time: string;
  action_uuid: string | null;
  /** accepted, started, succeeded, failed, … one lower-case word. */
  event: string;
  message: string;
}

export interface Link {
  rel: 'self' | 'bookmark';
  href: string;
}

export interface RollbackResult {
  action_plan_uuid: string;
  /** uuid of this rollback: the first run id of its workflow. */
  uuid: string;
  state: RollbackState;
  restored: boolean;
  dry_run: boolean;
  /** True where `compensations` or `history` is cut short; the paged query has them all. */
  truncated: boolean;
  created_at: string;
  updated_at: string;
  options: RollbackOptions;
  requested_by: RequestedBy;
  counts: Counts;
  failure: { type: string; message: string } | null;
  compensations: CompensationResult[];
  history: HistoryEntry[];
  workflow: { id: string; run_id: string; namespace: string; web_url: string | null };
  /** Filled in by the API, which knows the address it is reached at. */
  links: Link[];
}

/** What a rollback answers at acceptance to whoever waits for its end: a whole result has at least one entry of history. */
export function isBrief({ truncated, compensations, history }: RollbackResult): boolean {
  return truncated && compensations.length === 0 && history.length === 0;
}
