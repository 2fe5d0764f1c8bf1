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
  patched,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { RollbackRequest } from '../activities/types.js';
import type { RollbackResult } from '../src/domain/result.js';
import { inParts, Parts } from '../src/domain/parts.js';
import { endState } from '../src/domain/states.js';
import { acceptRollback, cancelledBefore, ofCloud } from './acceptance.js';
import { nextTurn } from './activity-proxies.js';
import { checkedInput } from './check-input.js';
import { CutShort } from './cut-short.js';
import { handOver, takeBack, takeOver } from './hand-over.js';
import { handleControl, handleMessages } from './handlers.js';
import type { CarriedState, HandedOn, RollbackInput } from './messages.js';
import { Notifications } from './notifications.js';
import { RollbackRecord } from './rollback-record.js';
import { Runner } from './runner.js';
import { type Decision, memoOf, publish } from './publish.js';
import { actionPlanKey, REFUSED, stateKey } from './search-attributes.js';
import { verify } from './verification.js';

export async function RollbackActionPlan(input: RollbackInput): Promise<RollbackResult> {
  const decision: Decision = {
    parts: new Parts(),
    takesOver: false,
    refusal: null,
    record: null,
    runner: null,
  };
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
    const { record, runner } = started;
    if (cancelled) runner.cancel();
    while ((await runner.run()) === 'continue-as-new') {
      const handedOn = await handOn(started);
      // Something has happened meanwhile: a cancel, say, which would end with this run.
      if (handedOn === null) continue;
      const nextRun = makeContinueAsNewFunc<typeof RollbackActionPlan>({ memo: memoOf(record) });
      return await nextRun({ ...input, carried: handedOn });
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
      const compensations =
        carried.compensations ?? (await takenOver(checked.planUuid, request, carried, decision));
      const whole = { ...carried, compensations };
      const record = new RollbackRecord(planUuid, request.requested_by, whole);
      if (carried.compensations === undefined) record.takenOverWith = workflowInfo().historyLength;
      const started = ready(record, whole);
      decide(decision, started);
      handleControl(decision);
      return started;
    }
    const uuid = checked.planUuid;
    const readSinceMs = Date.now();
    const { reading, layout, isUnmixed } = await reads.run(() =>
      acceptRollback(uuid, checked, decision.parts),
    );
    // Whatever the worker's thread does in one turn holds up all else that it serves: to read the last part, to put the whole in
    // order, to answer and to begin are turns of their own.
    const isLarge = layout.parts !== undefined && patched('turns-apart');
    if (isLarge) await nextTurn();
    if (isCancelled()) throw cancelledBefore();
    const record = new RollbackRecord(planUuid, request.requested_by, {
      options: reading.options,
      limits: reading.limits,
      ...ofCloud(reading.cloud),
      compensations: layout.compensations,
    });
    record.laidOutSinceMs = readSinceMs;
    record.isUnmixed = isUnmixed;
    record.note('accepted', `Plan ended ${reading.plan.ended_at}, ${reading.plan.state}.`);
    for (const note of layout.notes) record.note('note', note);
    const started = ready(record);
    if (isLarge) await nextTurn();
    decide(decision, started);
    publish(record);
    started.notifications.started();
    if (isLarge) await nextTurn();
    return started;
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    // The callers' updates and the workflow fail with the same failure, in one activation.
    decision.refusal = error;
    if (error.type === 'RollbackIncomplete') {
      decision.refusal = ApplicationFailure.nonRetryable(error.message, 'InternalError');
      await condition(allHandlersFinished);
      throw error;
    }
    upsertSearchAttributes([
      ...(planUuid === null ? [] : [{ key: actionPlanKey, value: planUuid }]),
      { key: stateKey, value: REFUSED },
    ]);
    setCurrentDetails(`**Refused** (${error.type ?? ''}): ${error.message}`);
    await condition(allHandlersFinished);
    throw error;
  }
}

/** Calls that come meanwhile wait for it. Where it cannot be had, the rollback ends FAILED, with what is known without it. */
async function takenOver(
  planUuid: string,
  { requested_by }: RollbackRequest,
  carried: HandedOn,
  decision: Decision,
): Promise<CarriedState['compensations']> {
  decision.takesOver = true;
  handleControl(decision);
  try {
    return await takeOver(carried.handed_over, decision.parts);
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    const { message, type } = error;
    const record = new RollbackRecord(planUuid, requested_by, { ...carried, compensations: [] });
    record.setState('FAILED');
    record.note('ended', message);
    record.failure = { type: type ?? 'InternalError', message };
    publish(record);
    throw incomplete(message, { ...record.result(), truncated: true });
  } finally {
    decision.takesOver = false;
  }
}

/** What the next run is to know; null: no more true once it was kept. */
async function handOn({ record, runner, notifications }: Started): Promise<HandedOn | null> {
  const { compensations, ...carried } = record.carry({
    ...runner.carry(),
    ...notifications.carry(),
  });
  const parts = inParts(compensations);
  // Here nothing may be awaited: a cancel that came meanwhile would end with this run.
  if (parts.length === 1 || !patched('hand-over')) return { ...carried, compensations };
  const { changes } = record;
  const handed_over = await handOver(parts);
  if (handed_over === null) return null;
  if (record.changes === changes && allHandlersFinished()) return { ...carried, handed_over };
  await takeBack(handed_over);
  return null;
}

function ready(record: RollbackRecord, carried?: CarriedState): Started {
  const runner = new Runner(record, carried);
  return { record, runner, notifications: new Notifications(record, carried) };
}

/** From here on callers are answered. */
function decide(decision: Decision, { record, runner }: Started): void {
  decision.record = record;
  decision.runner = runner;
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
  throw incomplete(message, result);
}

function incomplete(message: string, result: RollbackResult): ApplicationFailure {
  return ApplicationFailure.create({
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
