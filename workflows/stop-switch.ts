/**
 * RollbackStopSwitch: runs exactly while all rollbacks are stopped, so that Temporal's own state of it is the switch:
 * durable, the same for every process, and readable without a worker. Ends when the switch goes off, after it has told
 * the rollbacks that hold.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { type StopSwitch, stoppedSentence } from '../src/domain/stop-switch.js';
import {
  changeSwitchSignal,
  releaseSignal,
  STOP_SWITCH_MEMO,
  waitForSwitchSignal,
} from './stop-messages.js';

export interface StopSwitchInput {
  state: StopSwitch;
  /** Set by continue-as-new only. */
  waiting?: string[];
}

/** Signals to other workflows at once. */
const TOLD_AT_ONCE = 50;
/** Each rollback that holds costs a few events; below Temporal's own suggestion for ordinary numbers. */
const HISTORY_MAX = 10_000;

export async function RollbackStopSwitch(input: StopSwitchInput): Promise<StopSwitch> {
  let state = input.state;
  const waiting = new Set(input.waiting);
  const show = (): void => {
    upsertMemo({ [STOP_SWITCH_MEMO]: state });
    setCurrentDetails(`**${stoppedSentence(state)}**`);
  };
  let cancelled = false;
  CancellationScope.current().cancelRequested.catch(() => {
    cancelled = true;
  });
  setHandler(changeSwitchSignal, (change) => {
    // Once off it stays off: a stop that comes later starts a new run.
    if (!state.stopped) return;
    state = change;
    show();
  });
  setHandler(waitForSwitchSignal, (workflowId) => {
    waiting.add(workflowId);
  });
  show();
  // A cancel in the Web UI lets go like the API does; nothing that tells others of it may be cut short by it.
  return await CancellationScope.nonCancellable(async () => {
    await condition(() => !state.stopped || cancelled || isLong());
    if (state.stopped && !cancelled) {
      return await continueAsNew<typeof RollbackStopSwitch>({ state, waiting: [...waiting] });
    }
    if (state.stopped) {
      state = { stopped: false, reason: null, by: null, since: new Date().toISOString() };
      show();
    }
    // Those that ask while the others are told are told too; later ones find no switch and go on by themselves.
    while (waiting.size > 0) await tell(waiting);
    await condition(allHandlersFinished);
    return state;
  });
}

function isLong(): boolean {
  return workflowInfo().historyLength > HISTORY_MAX;
}

async function tell(waiting: Set<string>): Promise<void> {
  const some = [...waiting].slice(0, TOLD_AT_ONCE);
  for (const id of some) waiting.delete(id);
  // One that has ended meanwhile cannot be told, and need not be.
  await Promise.allSettled(some.map((id) => getExternalWorkflowHandle(id).signal(releaseSignal)));
}
