/**
 * How a rollback goes on in a new run with more state than one payload takes. RollbackHandOver keeps the state in parts
 * between the two runs: the old one gives it the parts, the new one asks for them. A workflow, so that nothing of it depends on
 * a worker's memory or on how long Temporal keeps the old run.
 */
import {
  ApplicationFailure,
  type ChildWorkflowHandle,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  setHandler,
  startChild,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import type { Part, Parts, PartsOf } from '../src/domain/parts.js';
import { partSignal } from './messages.js';

/** true: send what you keep. false: it is not needed, the old run went on by itself. */
const endSignal = defineSignal<[boolean]>('end_hand_over');
/**
 * The new run asks at once. Where no worker is there for it, it gets them unasked; one that is gone never asks, and nothing is
 * kept for it for ever.
 */
const UNASKED = '1 day';
/** How long the new run waits for the parts before it asks again, and how often it asks: an hour in all. */
const PARTS_WITHIN = '10 seconds';
const ASKS_MAX = 360;

export interface HandedOver extends PartsOf {
  workflow_id: string;
}

export async function RollbackHandOver(to: string, first: Part): Promise<void> {
  const { parent } = workflowInfo();
  if (parent?.workflowId !== to) {
    throw ApplicationFailure.nonRetryable(
      'Only a rollback starts this, for itself.',
      'InvalidRequest',
    );
  }
  const parts = [first];
  let wanted: boolean | null = null;
  setHandler(partSignal, (part) => {
    parts.push(part);
  });
  setHandler(endSignal, (isWanted) => {
    wanted = isWanted;
  });
  await condition(() => wanted !== null, UNASKED);
  if (wanted === false) return;
  try {
    for (const part of parts) await getExternalWorkflowHandle(to).signal(partSignal, part);
  } catch {
    // Somebody has ended the rollback: nobody wants them any more.
  }
}

/** Keep these for the next run. null: somebody has ended the workflow that was to keep them. */
export async function handOver(parts: LaidOutCompensation[][]): Promise<HandedOver | null> {
  const { workflowId } = workflowInfo();
  const id = uuid4();
  let keeper: ChildWorkflowHandle<typeof RollbackHandOver> | null = null;
  for (const [index, compensations] of parts.entries()) {
    const part = { id, index, compensations };
    if (keeper !== null) {
      try {
        await keeper.signal(partSignal, part);
      } catch {
        return null;
      }
      continue;
    }
    keeper = await startChild(RollbackHandOver, {
      workflowId: `${workflowId}-hand-over-${id}`,
      args: [workflowId, part],
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
  }
  return { workflow_id: keeper?.workflowId ?? '', id, count: parts.length };
}

/** The run did not end after all. */
export async function takeBack({ workflow_id: keeper }: HandedOver): Promise<void> {
  try {
    await getExternalWorkflowHandle(keeper).signal(endSignal, false);
  } catch {
    // Somebody has ended it.
  }
}

/** What the run before has handed over to this one. */
export async function takeOver(
  handed: HandedOver | undefined,
  parts: Parts,
): Promise<LaidOutCompensation[]> {
  if (handed === undefined)
    throw new Error('nothing was handed on: a newer version began this run');
  for (let ask = 1; ; ask += 1) {
    await askFor(handed, parts);
    if (await condition(() => parts.isWhole(handed), PARTS_WITHIN)) return parts.take(handed);
    if (ask === ASKS_MAX)
      throw lost(`the workflow ${handed.workflow_id}, which keeps it, does not answer`);
  }
}

async function askFor(handed: HandedOver, parts: Parts): Promise<void> {
  const { workflow_id: keeper } = handed;
  try {
    await getExternalWorkflowHandle(keeper).signal(endSignal, true);
  } catch {
    // Unasked for too long, it has sent the parts by itself; or somebody has ended it.
    if (parts.isWhole(handed)) return;
    throw lost(`somebody ended the workflow ${keeper}, which kept it`);
  }
}

function lost(why: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(
    `What this rollback has done so far is lost: ${why}. POST it again: what is restored already is found to be so.`,
    'InternalError',
  );
}
