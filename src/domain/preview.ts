/**
 * What a dry run says beyond the rollback result: shapes shared by the activity, the workflow and the API. snake_case,
 * because it is part of an answer. Pure.
 */
import type { LaidOutCompensation, Layout } from './layout-types.js';
import type { RollbackResult } from './result.js';

/** What is free on a host by Placement's account, allocation ratios and reservations included. */
export interface Room {
  vcpus_free: number;
  memory_mb_free: number;
  disk_gb_free: number;
}

/** A host that servers would come to, or that the plan's own actions are about. */
export interface PreviewHost {
  host: string;
  status: 'enabled' | 'disabled';
  state: 'up' | 'down';
  disabled_reason: string | null;
  /** Servers of the plan that are on it now. */
  servers: number;
  /** null: this cloud's catalog has no Placement, or Placement does not know the host. */
  room: Room | null;
  /** Servers that the rollback would bring to it. */
  incoming: number;
  /** What is in the way, in one sentence; null where nothing is. */
  message: string | null;
}

/** A CONTINUOUS audit that is active: it may move servers again. */
export interface PreviewAudit {
  uuid: string;
  name: string;
  goal: string | null;
  strategy: string | null;
  /** Seconds, or a cron expression, as Watcher has it. */
  interval: string | null;
  state: string;
  message: string;
}

/** A newer plan that touched what this one touched. */
export interface PreviewPlan {
  uuid: string;
  state: string;
  /** "server <id>", "compute host <name>", "node <id>"; where they are too many, the first of them and "<n> more". */
  resources: string[];
}

export interface Preview {
  /** Actions whose compensations have work, in the order in which they would begin if each took as long. */
  order: string[];
  hosts: PreviewHost[];
  audits: PreviewAudit[];
  newer_plans: PreviewPlan[];
  /** By chosen action: actions that are not chosen and whose compensations it would have waited for. */
  needs: Record<string, string[]>;
  warnings: string[];
}

export interface PreviewResult extends RollbackResult {
  preview: Preview;
}

/** What the activity hands to the workflow. */
export interface PreviewLayout extends Omit<Layout, 'compensations'> {
  /** Absent where they were sent in parts: version 0.1.0 must not take that for none, and fails its task. */
  compensations?: LaidOutCompensation[];
  preview: Preview;
}
