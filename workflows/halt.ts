/**
 * Why a rollback starts nothing new any more, for good: it was cancelled, its time is used up, or too many compensations have
 * FAILED. Knows nothing of what is in flight.
 */
import type { RollbackRecord } from './rollback-record.js';

export class Halt {
  private cancelled = false;
  private outOfTime = false;
  failures: number;

  constructor(private readonly record: RollbackRecord) {
    this.failures = record.counts.FAILED ?? 0;
  }

  /** false: it is so already. */
  cancel(): boolean {
    if (this.cancelled) return false;
    this.cancelled = true;
    this.record.note('cancelled', 'Nothing new is started; what is in flight is let finish.');
    return true;
  }

  /** false: nothing was to be started any more anyway. */
  timeIsUp(): boolean {
    if (this.isFinal()) return false;
    this.outOfTime = true;
    this.record.note(
      'time-limit',
      `${capital(this.sentence())}: nothing new is started; what is in flight is let finish.`,
    );
    return true;
  }

  wasCancelled(): boolean {
    return this.cancelled;
  }

  /** Nobody can take it back: cancelled, or out of time. */
  isFinal(): boolean {
    return this.cancelled || this.outOfTime;
  }

  isOn(): boolean {
    return this.isFinal() || this.failures >= this.record.options.max_failures;
  }

  /** One more has FAILED. */
  failed(): void {
    this.failures += 1;
    if (this.failures !== this.record.options.max_failures) return;
    this.record.note('stopped', `${this.failures} compensations FAILED: nothing new is started.`);
  }

  /** What becomes of what was not begun. */
  why(): string {
    if (this.cancelled) return 'the rollback was cancelled';
    if (this.outOfTime) return this.sentence();
    return `the rollback was stopped after ${this.failures} failures (max_failures)`;
  }

  whyNotAsked(): string {
    // An activity that nobody but Temporal itself has cancelled.
    const why = this.isFinal() ? this.why() : 'it was cancelled';
    return `${why} before anything was asked for`;
  }

  private sentence(): string {
    const limit = this.record.limits.rollback_timeout ?? 0;
    return `the time of the whole rollback was used up (ROLLBACK_TIMEOUT, ${limit} s)`;
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
