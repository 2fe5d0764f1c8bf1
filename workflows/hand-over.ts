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
/** The new run asks at once. One that is gone never does: then nothing is kept for it for ever. */
const UNASKED = '1 day';

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
  for (const part of parts) await getExternalWorkflowHandle(to).signal(partSignal, part);
}

/** Keep these for the next run. */
export async function handOver(parts: LaidOutCompensation[][]): Promise<HandedOver> {
  const { workflowId } = workflowInfo();
  const id = uuid4();
  let keeper: ChildWorkflowHandle<typeof RollbackHandOver> | null = null;
  for (const [index, compensations] of parts.entries()) {
    const part = { id, index, compensations };
    if (keeper !== null) {
      await keeper.signal(partSignal, part);
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
  await getExternalWorkflowHandle(keeper).signal(endSignal, false);
}

/** What the run before has handed over to this one. */
export async function takeOver(
  handed: HandedOver | undefined,
  parts: Parts,
): Promise<LaidOutCompensation[]> {
  if (handed === undefined)
    throw new Error('nothing was handed on: a newer version began this run');
  const { workflow_id: keeper } = handed;
  try {
    await getExternalWorkflowHandle(keeper).signal(endSignal, true);
  } catch {
    // Unasked for too long, it has sent the parts by itself; or somebody has ended it.
    if (!parts.isWhole(handed)) {
      throw ApplicationFailure.nonRetryable(
        `What this rollback has done so far is lost: somebody ended the workflow ${keeper}, which kept it.`,
        'InternalError',
      );
    }
  }
  await condition(() => parts.isWhole(handed));
  return parts.take(handed);
}
