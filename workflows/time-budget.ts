/**
 * The time of a whole rollback: what of it is used up, counted only while the rollback may go on. While it does not count,
 * no timer is pending, so that a paused rollback waits for days at no cost. Knows nothing of compensations.
 */
import { CancellationScope, isCancellation, patched, sleep } from '@temporalio/workflow';

const SECOND_MS = 1000;

export class TimeBudget {
  /** null: no limit. */
  private readonly limitMs: number | null;
  /** Up to when it last began to count. */
  private usedMs: number;
  /** null: it does not count at present. */
  private sinceMs: number | null = null;
  private timer: CancellationScope | null = null;

  /** `limitS` undefined: a rollback that was accepted before there was such a limit. */
  constructor(
    limitS: number | undefined,
    usedS: number,
    private readonly run: { onUsedUp: () => void; isUnmixed: boolean },
  ) {
    // A worker of an older version in the same fleet ignores the limit that a newer one has read.
    const on = limitS !== undefined && patched('rollback-timeout');
    this.limitMs = on ? limitS * SECOND_MS : null;
    this.usedMs = usedS * SECOND_MS;
  }

  /** Count from now on, or no more. Saying the same again changes nothing. */
  count(on: boolean): void {
    if (this.limitMs === null || on === (this.sinceMs !== null)) return;
    if (on) {
      this.sinceMs = Date.now();
      // Handlers run where a cancel of the workflow would end this.
      void CancellationScope.nonCancellable(() => this.wait(this.limitMs ?? 0));
    } else {
      this.usedMs = this.usedNowMs();
      this.sinceMs = null;
      this.timer?.cancel();
      this.timer = null;
    }
  }

  /** Nothing is run any more: what comes after has limits of its own. */
  end(): void {
    // The timer goes with the workflow, which is about to end; to cancel it would be one more event.
    if (!this.run.isUnmixed) this.count(false);
  }

  /** Seconds. */
  used(): number {
    return this.usedNowMs() / SECOND_MS;
  }

  private usedNowMs(): number {
    return this.usedMs + (this.sinceMs === null ? 0 : Date.now() - this.sinceMs);
  }

  private async wait(limitMs: number): Promise<void> {
    const timer = new CancellationScope();
    this.timer = timer;
    try {
      await timer.run(() => sleep(Math.max(limitMs - this.usedMs, 1)));
    } catch (error) {
      if (!isCancellation(error)) throw error;
      return;
    }
    this.run.onUsedUp();
  }
}
