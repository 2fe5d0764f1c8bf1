/**
 * RollbackStopSwitch: runs exactly while all rollbacks are stopped, so that Temporal's own state of it is the switch:
 * durable, the same for every process, and readable without a worker. Ends when the switch goes off, after it has told
 * the rollbacks that hold; its memo says from the first of these on that it is off.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  makeContinueAsNewFunc,
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import { type StopSwitch, stoppedSentence } from '../src/domain/stop-switch.js';
import {
  checkedSwitch,
  checkedSwitchStart,
  isWorkflowId,
  type SwitchStart,
} from './check-input.js';
import { now } from './rollback-record.js';
import {
  changeSwitchSignal,
  releaseSignal,
  STOP_SWITCH_MEMO,
  waitForSwitchSignal,
} from './stop-messages.js';

/** Absent where somebody starts the workflow by hand: then it is on, without a reason. */
export type StopSwitchInput = Partial<SwitchStart>;

/** Signals to other workflows at once. */
const TOLD_AT_ONCE = 50;
/** Each rollback that holds costs a few events; below Temporal's own suggestion for ordinary numbers. */
const HISTORY_MAX = 10_000;

export async function RollbackStopSwitch(input?: StopSwitchInput): Promise<StopSwitch> {
  const { continue_as_new_after: historyMax = HISTORY_MAX, ...start } = checkedSwitchStart(
    input,
    workflowInfo(),
    now(),
  );
  let { state } = start;
  const waiting = new Set(start.waiting);
  const show = (): void => {
    upsertMemo({ [STOP_SWITCH_MEMO]: state });
    setCurrentDetails(state.stopped ? `**${stoppedSentence(state)}**` : 'Rollbacks go on.');
  };
  let cancelled = false;
  CancellationScope.current().cancelRequested.catch(() => {
    cancelled = true;
  });
  setHandler(changeSwitchSignal, (asGiven) => {
    const change = checkedSwitch(asGiven);
    if (change === null) {
      log.warn('a change of the switch that is none was passed over');
      return;
    }
    state = change;
    show();
  });
  setHandler(waitForSwitchSignal, (workflowId) => {
    if (isWorkflowId(workflowId)) waiting.add(workflowId);
  });
  show();
  const isLong = (): boolean => workflowInfo().historyLength > historyMax;
  // A cancel in the Web UI lets go like the API does; nothing that tells others of it may be cut short by it.
  return await CancellationScope.nonCancellable(async () => {
    for (;;) {
      await condition(() => !state.stopped || cancelled || isLong());
      if (state.stopped && !cancelled) {
        // The memo too: left out, the next run would begin with the one that this was started with.
        return await makeContinueAsNewFunc<typeof RollbackStopSwitch>({
          memo: { [STOP_SWITCH_MEMO]: state },
        })({ ...input, state, waiting: [...waiting] });
      }
      if (state.stopped) {
        state = { stopped: false, reason: null, by: null, since: now() };
        show();
      }
      // Those that ask while the others are told are told too; later ones find no switch and go on by themselves.
      while (waiting.size > 0) await tell(waiting);
      await condition(allHandlersFinished);
      // Stopped anew meanwhile: whoever did that must not find it gone. A cancel is for good.
      if (!state.stopped || cancelled) return state;
    }
  });
}

async function tell(waiting: Set<string>): Promise<void> {
  const some = [...waiting].slice(0, TOLD_AT_ONCE);
  for (const id of some) waiting.delete(id);
  // One that has ended meanwhile cannot be told, and need not be.
  await Promise.allSettled(some.map((id) => getExternalWorkflowHandle(id).signal(releaseSignal)));
}
