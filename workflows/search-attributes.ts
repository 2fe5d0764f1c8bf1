/**
 * Search attributes of a rollback: what the Web UI and `GET /v1/rollbacks` filter by. The service registers them at start
 * where the namespace lacks them. Imported by the client side too.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import type { CloudId } from '../src/domain/cloud-id.js';

/** UUID of the action plan. */
export const ACTION_PLAN_ATTRIBUTE = 'WatcherActionPlan';
/** State of the rollback (design: PENDING, ONGOING, …) or REFUSED. */
export const STATE_ATTRIBUTE = 'RollbackState';

export const actionPlanKey = defineSearchAttributeKey(ACTION_PLAN_ATTRIBUTE, 'KEYWORD');
export const stateKey = defineSearchAttributeKey(STATE_ATTRIBUTE, 'KEYWORD');

/** The value of RollbackState of a request that was not accepted: such a run is no rollback. */
export const REFUSED = 'REFUSED';

/** Memo of a run: what a list shows of it without asking the workflow. */
export interface RollbackMemo {
  action_plan_uuid: string;
  /** First run id; null until accepted. */
  uuid: string | null;
  counts: Record<string, number>;
  updated_at: string;
  /** Absent: not known. */
  cloud?: CloudId;
}
export const MEMO_KEY = 'rollback';
