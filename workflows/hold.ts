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
import { STOP_SWITCH_ID, waitForSwitchSignal } from './stop-messages.js';

/** A switch that somebody terminated tells nobody: so it is asked again, ever more rarely. Milliseconds. */
const ASK_AGAIN_FIRST_MS = 60_000;
const ASK_AGAIN_MAX_MS = 600_000;

export class Hold {
  private held = false;
  /** Of the present hold: an older one's loop must not go on in its place. */
  private turn = 0;

  constructor(private readonly changed: () => void) {}

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
    this.changed();
  }

  private async askUntilReleased(turn: number): Promise<void> {
    const isPresent = (): boolean => this.held && this.turn === turn;
    for (let pauseMs = ASK_AGAIN_FIRST_MS; isPresent();) {
      if (!(await ask())) {
        if (isPresent()) this.end();
        return;
      }
      await sleep(pauseMs);
      pauseMs = Math.min(pauseMs * 2, ASK_AGAIN_MAX_MS);
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
