/**
 * PreviewRollback: what a rollback would do, by the same reads and the same decisions, and nothing touched. A workflow of
 * its own with an id of its own, so that it never stands in the way of a rollback; Temporal's retention clears it away.
 */
import { setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { RollbackRequest } from '../activities/types.js';
import type { CloudId } from '../src/domain/cloud-id.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import { compensationsOf, Parts } from '../src/domain/parts.js';
import type { PreviewResult } from '../src/domain/preview.js';
import { countOutcomes } from '../src/domain/states.js';
import { accept, refused } from './acceptance.js';
import { acceptanceReads } from './activity-proxies.js';
import { boundedCompensations, pageOf, publicView } from './bounded-result.js';
import { checkedPlan, isPart } from './check-input.js';
import { compensationsQuery, partSignal } from './messages.js';
import { now } from './rollback-record.js';

export interface PreviewInput {
  action_plan_uuid: string;
  /** Absent where somebody starts the workflow directly: then all defaults. */
  request?: RollbackRequest;
  /** As of RollbackInput. */
  cloud?: CloudId;
  /** The caller takes what is too large for one payload in parts and pages. Absent: everything is in the result. */
  in_pages?: boolean;
}

/** Compensations of a page; each page is a replay of the preview. 2,500 are about 330 kB as they are kept. */
const PAGE_MAX = 2500;

export async function PreviewRollback(input: PreviewInput): Promise<PreviewResult> {
  const parts = new Parts();
  let all: LaidOutCompensation[] | null = null;
  setHandler(partSignal, (part) => {
    if (isPart(part) && all === null) parts.add(part);
  });
  setHandler(compensationsQuery, (page) => all && pageOf(all, page, PAGE_MAX));
  const checked = checkedPlan(input);
  const { planUuid, request } = checked;
  const inPages = input.in_pages === true;
  const { reading, layout } = await accept(planUuid, checked, (timeLeftMs, question) =>
    acceptanceReads(timeLeftMs).previewRollback({
      ...question,
      ...(inPages && { in_parts: true }),
    }),
  );
  const { notes, preview } = layout;
  // Parts were sent before it.
  const compensations =
    layout.parts === undefined
      ? compensationsOf(layout, (message) => refused('InternalError', message))
      : parts.take(layout.parts);
  all = compensations;
  const shown = inPages
    ? boundedCompensations(compensations)
    : { compensations: compensations.map(publicView), isCut: false };
  setCurrentDetails(`Preview of ${compensations.length} compensations; nothing was touched.`);
  const info = workflowInfo();
  const time = now();
  return {
    action_plan_uuid: planUuid,
    uuid: info.firstExecutionRunId,
    state: 'PENDING',
    restored: false,
    dry_run: true,
    truncated: shown.isCut,
    created_at: info.startTime.toISOString(),
    updated_at: time,
    options: reading.options,
    requested_by: request.requested_by,
    counts: countOutcomes(compensations.map(({ state }) => state)),
    failure: null,
    compensations: shown.compensations,
    history: notes.map((message) => ({ time, action_uuid: null, event: 'note', message })),
    workflow: {
      id: info.workflowId,
      run_id: info.runId,
      namespace: info.namespace,
      web_url: null,
    },
    links: [],
    preview,
  };
}
