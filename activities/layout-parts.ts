/**
 * A layout that is too large for one payload reaches its workflow in parts, before the activity ends. It must not know how
 * they are sent. An attempt that dies half-way does no harm: the next one's parts have another id.
 */
import { Context } from '@temporalio/activity';
import { randomUUID } from 'node:crypto';
import type { LaidOutCompensation, Layout } from '../src/domain/layout-types.js';
import { compensationsOf, inParts, type Part, type PartsOf } from '../src/domain/parts.js';
import { failure } from './failures.js';
import type { RollbackActivities } from './types.js';

/**
 * Characters of JSON in a part of a layout that does not fit into one payload. Workflow code reads them with a decoder written in
 * JavaScript: a part of 1.5 million holds up all workflows of the worker for some 60 ms, and two often come in one turn.
 */
const LAYOUT_PART_CHARS = 300_000;

/** To the run of a workflow; resolves once it is kept. */
export type SendPart = (run: { workflowId: string; runId: string }, part: Part) => Promise<void>;

export function layOutInParts(
  activities: RollbackActivities,
  sendPart: SendPart,
): RollbackActivities {
  return {
    ...activities,
    async layOutRollback(input) {
      const layout = await activities.layOutRollback(input);
      return input.in_parts === true ? await sent(layout, sendPart) : layout;
    },
    async previewRollback(input) {
      const layout = await activities.previewRollback(input);
      const { compensations, ...others } = layout;
      const all = compensationsOf({ compensations }, (message) =>
        failure('InternalError', message),
      );
      const parts = input.in_parts === true ? await sentParts(all, sendPart) : null;
      return parts === null ? layout : { ...others, parts };
    },
    // A workflow that wants the layout too takes it in parts.
    async readActionPlan(input, layOut) {
      const { layout, ...reading } = await activities.readActionPlan(input, layOut);
      return layout === undefined ? reading : { ...reading, layout: await sent(layout, sendPart) };
    },
  };
}

async function sent(layout: Layout, sendPart: SendPart): Promise<Layout> {
  const parts = await sentParts(layout.compensations, sendPart);
  return parts === null ? layout : { ...layout, compensations: [], parts };
}

/** null: they fit into one payload. */
async function sentParts(
  all: readonly LaidOutCompensation[],
  sendPart: SendPart,
): Promise<PartsOf | null> {
  const { workflowExecution: run } = Context.current().info;
  const payloads = inParts(all);
  if (run === undefined || payloads.length === 1) return null;
  const parts = payloads.flatMap((payload) => inParts(payload, LAYOUT_PART_CHARS));
  const id = randomUUID();
  for (const [index, compensations] of parts.entries()) {
    await sendPart(run, { id, index, compensations });
  }
  return { id, count: parts.length };
}
