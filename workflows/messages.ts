/** Queries and updates of RollbackActionPlan, and their payloads. The only value the API imports from here. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { RollbackRequest, RunLimits } from '../activities/types.js';
import type { CloudId } from '../src/domain/cloud-id.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import type { Part } from '../src/domain/parts.js';
import type { RollbackOptions } from '../src/domain/options.js';
import type { CompensationResult, HistoryEntry, RollbackResult } from '../src/domain/result.js';
import type { HandedOver } from './hand-over.js';
import type { CarriedNotifications } from './notifications.js';

export interface RollbackInput {
  action_plan_uuid: string;
  /** Absent where somebody starts the workflow directly: then all defaults. */
  request?: RollbackRequest;
  /** The cloud that the caller speaks of; absent: the worker's own. */
  cloud?: CloudId;
  /** A small plan may be read within the first workflow task (ADR 0020). Absent: by who does not know of that. */
  quickly?: boolean;
  /** Set by continue-as-new only. */
  carried?: HandedOn;
}

/** What one run of a rollback knows, and the next one has to. */
export interface CarriedState extends CarriedNotifications {
  uuid: string;
  created_at: string;
  options: RollbackOptions;
  limits: RunLimits;
  /** Absent: an older run did not know it. */
  cloud?: CloudId;
  compensations: LaidOutCompensation[];
  history: HistoryEntry[];
  paused: boolean;
  /** By the stop switch. */
  held?: boolean;
  /** Seconds of `limits.rollback_timeout`; absent: none. */
  time_used?: number;
  /** actions whose compensation waits for room: passes used so far. */
  room_passes: Record<string, number>;
  /** Hosts that this rollback enabled: Placement's trait may lag there, so room may come by itself. */
  enabled_hosts: string[];
}

/** The same as continue-as-new takes it. */
export interface HandedOn extends Omit<CarriedState, 'compensations'> {
  /** Absent where they are too large: an older worker must not take that for none, and fails its task. */
  compensations?: LaidOutCompensation[];
  handed_over?: HandedOver;
}

export interface PageAsked {
  offset: number;
  limit: number;
}

export interface CompensationsPage {
  total: number;
  offset: number;
  compensations: CompensationResult[];
}

export interface ControlRequest {
  by: string | null;
  action_uuid?: string;
}

/** The rollback result so far, bounded in size; null where the request is not accepted (yet). */
export const resultQuery = defineQuery<RollbackResult | null>('rollback_result');
/** All compensations, of a preview too, a page at a time (limit at most 1,000); null where not accepted (yet). */
export const compensationsQuery = defineQuery<CompensationsPage | null, [PageAsked]>(
  'compensations',
);

export interface RequestGiven extends RollbackRequest, Pick<RollbackInput, 'cloud'> {
  /** The answer without compensations and history (isBrief): whoever waits for the end is told them then. */
  brief?: boolean;
}

/** Accepts or refuses; answers at acceptance with the result so far. */
export const requestUpdate = defineUpdate<RollbackResult, [RequestGiven]>('request_rollback');
/** A part of what is too large for one payload: of a layout, or of what the run before has handed over. */
export const partSignal = defineSignal<[Part]>('part');
export const pauseUpdate = defineUpdate<RollbackResult, [ControlRequest]>('pause');
export const resumeUpdate = defineUpdate<RollbackResult, [ControlRequest]>('resume');
export const retryUpdate = defineUpdate<RollbackResult, [ControlRequest]>('retry_compensation');
export const skipUpdate = defineUpdate<RollbackResult, [ControlRequest]>('skip_compensation');

export const WORKFLOW_TYPE = 'RollbackActionPlan';
