/** What a rollback shows of itself outside its own state: search attributes, memo, live details. */
import {
  type ApplicationFailure,
  setCurrentDetails,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { ofCloud } from './acceptance.js';
import { liveDetails } from './live-details.js';
import type { Parts } from '../src/domain/parts.js';
import type { RollbackRecord } from './rollback-record.js';
import type { Runner } from './runner.js';
import { actionPlanKey, MEMO_KEY, type RollbackMemo, stateKey } from './search-attributes.js';

/** The one thing that the message handlers look at. */
export interface Decision {
  parts: Parts;
  /** This run is still taking over what the one before it knew. */
  takesOver: boolean;
  refusal: ApplicationFailure | null;
  record: RollbackRecord | null;
  runner: Runner | null;
}

/** What lists and the Web UI show without asking the workflow. */
export function publish(record: RollbackRecord): void {
  upsertSearchAttributes([
    { key: actionPlanKey, value: record.planUuid },
    { key: stateKey, value: record.state },
  ]);
  upsertMemo(memoOf(record));
  setCurrentDetails(liveDetails(record));
}

/** Also for continue-as-new: left out, the next run has the memo that this one was started with, which is none. */
export function memoOf(record: RollbackRecord): Record<string, RollbackMemo> {
  return {
    [MEMO_KEY]: {
      action_plan_uuid: record.planUuid,
      uuid: record.uuid,
      counts: { ...record.counts },
      updated_at: record.lastChange(),
      ...ofCloud(record.cloud),
    },
  };
}
