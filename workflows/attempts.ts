/**
 * One compensation, attempt by attempt. The workflow itself decides whether there is another one, because only it knows both
 * whether the rollback was cancelled and whether an attempt has asked the cloud for anything: what has is followed to
 * its end, what has not is not begun any more.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  sleep,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { CompensationReport, Stuck } from '../activities/types.js';
import { isFailureType } from '../src/domain/failures.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import { causeOf } from './acceptance.js';
import { callCompensation } from './call-compensation.js';
import type { RollbackRecord } from './rollback-record.js';

const SECOND_MS = 1000;
/** Temporal wants a time-out to be more than nothing. */
const CALL_MIN_MS = 1000;

const NOT_ASKED: CompensationReport = {
  outcome: 'NOT_ASKED',
  reason: null,
  now: null,
  evidence: {},
};

/** What is known of one compensation, from one call of its activity to the next. */
interface SoFar {
  asked: boolean;
  stuck: Stuck | null;
}

export class Attempts {
  private readonly inFlight = new Set<CancellationScope>();
  /** null: not stopped. */
  private stoppedMs: number | null = null;

  /** `changed`: there is something to show. */
  constructor(
    private readonly record: RollbackRecord,
    private readonly changed: () => void,
  ) {}

  /**
   * Activities that have asked for nothing end at once; nothing new is asked for any more. The others are followed, each for
   * the time of one attempt at most, from now.
   */
  stop(): void {
    this.stoppedMs ??= Date.now();
    for (const scope of this.inFlight) scope.cancel();
  }

  /** Throws the ActivityFailure of the last attempt. */
  async run(compensation: LaidOutCompensation): Promise<CompensationReport> {
    const { limits } = this.record;
    const startMs = Date.now();
    const so: SoFar = { asked: false, stuck: null };
    for (let attempt = 1; ; attempt += 1) {
      if (this.isStopped() && !so.asked) return NOT_ASKED;
      try {
        return await this.once(compensation, so);
      } catch (error) {
        if (!(error instanceof ActivityFailure)) throw error;
        if (error.cause instanceof CancelledFailure && this.isStopped()) return NOT_ASKED;
        so.asked ||= mayHaveAsked(error);
        const tooLong = Date.now() - startMs > this.attemptMs();
        if (isFinal(error) || attempt >= limits.retry_attempts || tooLong) throw error;
        this.record.note('retrying', causeOf(error).message, compensation.action_uuid);
        await this.pause(error, attempt);
      }
    }
  }

  /** One attempt. A report on the way does not end it: it is said, and the activity goes on where it was. */
  private async once(compensation: LaidOutCompensation, so: SoFar): Promise<CompensationReport> {
    this.record.update(compensation, { attempts: compensation.attempts + 1 });
    const endMs = Date.now() + this.attemptMs();
    for (;;) {
      const report = await this.call(compensation, so, Math.min(endMs, this.lastMs()));
      if (report.outcome !== 'NO_PROGRESS' || Date.now() >= endMs) return report;
      so.asked ||= report.asked ?? true;
      so.stuck = report.stuck ?? so.stuck;
      this.say(compensation, report);
      // The report crossed the stop: what this rollback has not asked for is not followed any further.
      if (this.isStopped() && !so.asked) return NOT_ASKED;
    }
  }

  private say(compensation: LaidOutCompensation, { reason, evidence }: CompensationReport): void {
    const known = { ...compensation.evidence, ...evidence };
    this.record.update(compensation, { reason, evidence: known });
    this.record.note('no-progress', reason ?? 'no progress', compensation.action_uuid);
    this.changed();
  }

  private async call(
    compensation: LaidOutCompensation,
    { asked, stuck }: SoFar,
    endMs: number,
  ): Promise<CompensationReport> {
    const scope = new CancellationScope();
    this.inFlight.add(scope);
    try {
      return await scope.run(() =>
        callCompensation(this.record, compensation, {
          asked,
          follow_only: this.isStopped(),
          reported: stuck,
          timeLeftMs: Math.max(endMs - Date.now(), CALL_MIN_MS),
        }),
      );
    } finally {
      this.inFlight.delete(scope);
    }
  }

  /** Until the next attempt; a stop cuts it short once. */
  private async pause({ cause }: ActivityFailure, attempt: number): Promise<void> {
    const { retry_initial: first, retry_max: longest } = this.record.limits;
    const asked = cause instanceof ApplicationFailure ? cause.nextRetryDelay : null;
    const backOffMs = Math.min(first * 2 ** (attempt - 1), longest) * SECOND_MS;
    const pauseMs = typeof asked === 'number' ? asked : backOffMs;
    if (this.isStopped()) await sleep(Math.min(pauseMs, Math.max(this.lastMs() - Date.now(), 1)));
    else await condition(() => this.isStopped(), pauseMs);
  }

  private isStopped(): boolean {
    return this.stoppedMs !== null;
  }

  private attemptMs(): number {
    return this.record.limits.compensation_timeout * SECOND_MS;
  }

  /** When the last attempt of all ends. */
  private lastMs(): number {
    return this.stoppedMs === null ? Infinity : this.stoppedMs + this.attemptMs();
  }
}

/** Whether another attempt can change anything. */
function isFinal({ cause }: ActivityFailure): boolean {
  if (cause instanceof TimeoutFailure) return cause.timeoutType !== 'HEARTBEAT';
  return cause instanceof ApplicationFailure && cause.nonRetryable === true;
}

/** What the attempt said of itself; where it could say nothing, the careful answer. */
function mayHaveAsked({ cause }: ActivityFailure): boolean {
  if (cause instanceof TimeoutFailure) {
    // Heartbeats are throttled: the last one may be older than the asking.
    return true;
  }
  if (cause instanceof ApplicationFailure && isFailureType(cause.type)) {
    const details: unknown = cause.details?.[0];
    if (typeof details === 'object' && details !== null && 'asked' in details) {
      return details.asked !== false;
    }
  }
  return true;
}
