/**
 * RollbackActionPlan: accept or refuse, run the compensations, look once more, and end with the rollback result.
 * Completed only when SUCCEEDED; Failed (RollbackIncomplete, the result as details) when FAILED or PARTIAL; Cancelled when
 * cancelled, its result then readable by query.
 */
import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  makeContinueAsNewFunc,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { RollbackResult } from '../src/domain/result.js';
import { endState } from '../src/domain/states.js';
import { accept, cancelledBefore, layOut, ofCloud } from './acceptance.js';
import { checkedInput } from './check-input.js';
import { CutShort } from './cut-short.js';
import { handleControl, handleMessages } from './handlers.js';
import type { CarriedState, RollbackInput } from './messages.js';
import { Notifications } from './notifications.js';
import { RollbackRecord } from './rollback-record.js';
import { Runner } from './runner.js';
import { type Decision, memoOf, publish } from './publish.js';
import { actionPlanKey, REFUSED, stateKey } from './search-attributes.js';
import { verify } from './verification.js';

export async function RollbackActionPlan(input: RollbackInput): Promise<RollbackResult> {
  const decision: Decision = { refusal: null, record: null, runner: null };
  handleMessages(decision);
  if (workflowInfo().continuedFromExecutionRunId === undefined) handleControl(decision);
  const reads = new CutShort();
  let cancelled = false;
  CancellationScope.current().cancelRequested.catch(() => {
    cancelled = true;
    reads.cut();
    decision.runner?.cancel();
  });
  // Cancelling must not cut an activity short: what is in flight is let finish. So nothing below is in the root scope.
  return await CancellationScope.nonCancellable(async () => {
    const started = await begin(input, decision, reads, () => cancelled);
    const { record, runner, notifications } = started;
    if (cancelled) runner.cancel();
    if ((await runner.run()) === 'continue-as-new') {
      // Nothing may be awaited here: a cancel that came meanwhile would end with this run.
      const nextRun = makeContinueAsNewFunc<typeof RollbackActionPlan>({ memo: memoOf(record) });
      return await nextRun({
        ...input,
        carried: record.carry({ ...runner.carry(), ...notifications.carry() }),
      });
    }
    await reads.run(() => verify(record, runner.wasHalted()));
    return await conclude(started, runner.wasCancelled());
  });
}

interface Started {
  record: RollbackRecord;
  runner: Runner;
  notifications: Notifications;
}

async function begin(
  input: RollbackInput,
  decision: Decision,
  reads: CutShort,
  isCancelled: () => boolean,
): Promise<Started> {
  let planUuid: string | null = null;
  try {
    const checked = checkedInput(input, workflowInfo());
    const { request, carried } = checked;
    planUuid = checked.planUuid;
    if (carried !== undefined) {
      const record = new RollbackRecord(planUuid, request.requested_by, carried);
      const started = decide(record, decision, carried);
      handleControl(decision);
      return started;
    }
    const uuid = checked.planUuid;
    const { reading, layout } = await reads.run(() => accept(uuid, checked, layOut));
    if (isCancelled()) throw cancelledBefore();
    const record = new RollbackRecord(planUuid, request.requested_by, {
      options: reading.options,
      limits: reading.limits,
      ...ofCloud(reading.cloud),
      compensations: layout.compensations,
    });
    record.note('accepted', `Plan ended ${reading.plan.ended_at}, ${reading.plan.state}.`);
    for (const note of layout.notes) record.note('note', note);
    const started = decide(record, decision);
    publish(record);
    started.notifications.started();
    return started;
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    // The callers' updates and the workflow fail with the same failure, in one activation.
    decision.refusal = error;
    upsertSearchAttributes([
      ...(planUuid === null ? [] : [{ key: actionPlanKey, value: planUuid }]),
      { key: stateKey, value: REFUSED },
    ]);
    setCurrentDetails(`**Refused** (${error.type ?? ''}): ${error.message}`);
    await condition(allHandlersFinished);
    throw error;
  }
}

function decide(record: RollbackRecord, decision: Decision, carried?: CarriedState): Started {
  const runner = new Runner(record, carried);
  const notifications = new Notifications(record, carried);
  decision.record = record;
  decision.runner = runner;
  return { record, runner, notifications };
}

async function conclude(
  { record, notifications }: Started,
  cancelled: boolean,
): Promise<RollbackResult> {
  const state = cancelled ? 'CANCELLED' : endState(record.counts);
  record.setState(state);
  record.note('ended', `The rollback ended ${state}.`);
  publish(record);
  notifications.ended();
  await notifications.settle();
  await condition(allHandlersFinished);
  const message = `The rollback of action plan ${record.planUuid} ended ${state}: ${countsText(record)}.`;
  if (state !== 'SUCCEEDED' && state !== 'CANCELLED') {
    record.failure = { type: 'RollbackIncomplete', message };
  }
  const result = record.result();
  if (state === 'CANCELLED') throw new CancelledFailure('rollback cancelled');
  if (state === 'SUCCEEDED') return result;
  throw ApplicationFailure.create({
    type: 'RollbackIncomplete',
    message,
    nonRetryable: true,
    details: [result],
  });
}

function countsText(record: RollbackRecord): string {
  return Object.entries(record.counts)
    .map(([outcome, count]) => `${count} ${outcome}`)
    .join(', ');
}
