/**
 * A rollback under the stop switch: it holds from when it hears of it until the switch says that it is off, or is found
 * to be gone. Knows nothing of compensations.
 */
import {
  CancellationScope,
  getExternalWorkflowHandle,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunLimits } from '../activities/types.js';
import { STOP_SWITCH_ID, waitForSwitchSignal } from './stop-messages.js';

/** A switch that somebody terminated tells nobody: so it is asked again, ever more rarely. Seconds. */
const ASK_AGAIN_FIRST_S = 60;
const ASK_AGAIN_MAX_S = 600;

export class Hold {
  private held = false;
  /** Of the present hold: an older one's loop must not go on in its place. */
  private turn = 0;

  constructor(
    private readonly limits: Pick<RunLimits, 'hold_ask_again'>,
    private readonly on: {
      /** The hold is over. */
      ended: () => void;
      /** The switch was asked and is still there; every time the history has grown. */
      asked: () => void;
    },
  ) {}

  isOn(): boolean {
    return this.held;
  }

  /** Once per stop; the caller says it in the history. */
  begin(): void {
    this.held = true;
    this.turn += 1;
    const turn = this.turn;
    // Handlers run where a cancel of the workflow would end this.
    void CancellationScope.nonCancellable(() => this.askUntilReleased(turn));
  }

  end(): void {
    this.held = false;
    this.turn += 1;
    this.on.ended();
  }

  /** Nothing is held any more, and nobody is to be told: the rollback has ended. */
  drop(): void {
    this.held = false;
    this.turn += 1;
  }

  private async askUntilReleased(turn: number): Promise<void> {
    const isPresent = (): boolean => this.held && this.turn === turn;
    for (let pauseS = this.limits.hold_ask_again ?? ASK_AGAIN_FIRST_S; isPresent();) {
      if (!(await ask())) {
        if (isPresent()) this.end();
        return;
      }
      this.on.asked();
      await sleep(pauseS * 1000);
      pauseS = Math.min(pauseS * 2, ASK_AGAIN_MAX_S);
    }
  }
}

/** false: there is no switch any more, so nothing is stopped. */
async function ask(): Promise<boolean> {
  try {
    await getExternalWorkflowHandle(STOP_SWITCH_ID).signal(
      waitForSwitchSignal,
      workflowInfo().workflowId,
    );
    return true;
  } catch {
    return false;
  }
}
