/**
 * GET /v1/rollbacks over Temporal's visibility. SQL visibility cannot sort by start time, so a window of time that holds a
 * page is looked for (from narrow to wide), read whole, and sorted here.
 */
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { z } from 'zod';
import { ApiError } from '../api/errors.js';
import type { RollbackList, RollbackSummary } from '../api/rollbacks.js';
import { type CloudId, isSameCloud } from '../domain/cloud-id.js';
import { type Counts, isRollbackState, type RollbackState } from '../domain/states.js';
import { WORKFLOW_TYPE } from '../../workflows/messages.js';
import { actionPlanKey, MEMO_KEY, REFUSED, stateKey } from '../../workflows/search-attributes.js';
import { cloudOfMemo } from './executions.js';

const HOUR_MS = 3_600_000;
/** 1 h, 8 h, 64 h, 21 days, 170 days, 3.7 years. */
const WINDOWS = 6;
const WINDOW_FACTOR = 8;
/** Rows read of one window at most. */
const ROWS_MAX = 10_000;

interface Page {
  limit: number;
  marker: string | null;
  state?: RollbackState;
}
interface Position {
  startMs: number;
  runId: string;
}

/** `own`: leave out what is known to be another cloud's. */
export async function listRollbacks(
  client: Client,
  page: Page,
  own?: CloudId,
): Promise<RollbackList> {
  const after = page.marker === null ? null : positionOf(page.marker);
  const until = after === null ? Date.now() : after.startMs;
  for (let step = 0; ; step += 1) {
    const since = until - HOUR_MS * WINDOW_FACTOR ** step;
    const runs = (await runsBetween(client, since, until, page.state))
      .toSorted(newestFirst)
      .filter((run) => isOfCloud(run, own) && (after === null || isAfter(run, after)));
    const last = step === WINDOWS - 1;
    if (runs.length <= page.limit && !last) continue;
    const shown = runs.slice(0, page.limit);
    const end = shown.at(-1);
    const more = runs.length > page.limit && end !== undefined;
    return { rollbacks: shown.map(summary), next: more ? markerOf(end) : null };
  }
}

async function runsBetween(
  client: Client,
  sinceMs: number,
  untilMs: number,
  state: RollbackState | undefined,
): Promise<WorkflowExecutionInfo[]> {
  const conditions = [
    `WorkflowType = '${WORKFLOW_TYPE}'`,
    `ExecutionStatus != 'ContinuedAsNew'`,
    state === undefined ? `RollbackState != '${REFUSED}'` : `RollbackState = '${state}'`,
    `StartTime >= '${new Date(sinceMs).toISOString()}'`,
    // Inclusive and a little later: rows that started at the marker's own time are told apart by run id.
    `StartTime <= '${new Date(untilMs + 1000).toISOString()}'`,
  ];
  const runs: WorkflowExecutionInfo[] = [];
  for await (const run of client.workflow.list({ query: conditions.join(' AND ') })) {
    runs.push(run);
    if (runs.length === ROWS_MAX) break;
  }
  return runs;
}

function isOfCloud(run: WorkflowExecutionInfo, own: CloudId | undefined): boolean {
  const its = cloudOfMemo(run.memo);
  return own === undefined || its === undefined || isSameCloud(own, its);
}

function newestFirst(a: WorkflowExecutionInfo, b: WorkflowExecutionInfo): number {
  const byTime = b.startTime.getTime() - a.startTime.getTime();
  return byTime === 0 ? a.runId.localeCompare(b.runId) : byTime;
}

function isAfter(run: WorkflowExecutionInfo, position: Position): boolean {
  const startMs = run.startTime.getTime();
  if (startMs !== position.startMs) return startMs < position.startMs;
  return run.runId.localeCompare(position.runId) > 0;
}

function markerOf(run: WorkflowExecutionInfo): string {
  return `${run.startTime.getTime()}-${run.runId}`;
}

function positionOf(marker: string): Position {
  const parts = /^(\d{1,15})-([0-9a-f-]{36})$/.exec(marker);
  if (parts === null) {
    throw new ApiError('InvalidRequest', 'marker must be the one of a `next` link, unchanged.');
  }
  return { startMs: Number(parts[1]), runId: parts[2] ?? '' };
}

const memoSchema = z.object({
  uuid: z.string().nullable(),
  counts: z.record(z.string(), z.number()),
  updated_at: z.string(),
});

function summary(run: WorkflowExecutionInfo): RollbackSummary {
  const memo = memoSchema.safeParse(run.memo?.[MEMO_KEY]);
  const counts: Counts = memo.success ? memo.data.counts : {};
  return {
    action_plan_uuid: run.typedSearchAttributes.get(actionPlanKey) ?? '',
    uuid: (memo.success ? memo.data.uuid : null) ?? run.runId,
    state: stateOf(run),
    created_at: run.startTime.toISOString(),
    updated_at: memo.success ? memo.data.updated_at : run.startTime.toISOString(),
    counts,
    links: [],
  };
}

function stateOf(run: WorkflowExecutionInfo): RollbackState {
  const status = run.status.name;
  if (status === 'TERMINATED' || status === 'TIMED_OUT') return 'FAILED';
  const state = run.typedSearchAttributes.get(stateKey);
  return isRollbackState(state) ? state : 'PENDING';
}
