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
import type { CompensationReport } from '../activities/types.js';
import { isFailureType } from '../src/domain/failures.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import { causeOf } from './acceptance.js';
import { callCompensation } from './call-compensation.js';
import type { RollbackRecord } from './rollback-record.js';

const SECOND_MS = 1000;

const NOT_ASKED: CompensationReport = {
  outcome: 'NOT_ASKED',
  reason: 'the rollback was cancelled before anything was asked for',
  now: null,
  evidence: {},
};

export class Attempts {
  private readonly inFlight = new Set<CancellationScope>();
  private cancelled = false;

  constructor(private readonly record: RollbackRecord) {}

  /** Activities that have asked for nothing end at once; nothing new is asked for any more. */
  cancel(): void {
    this.cancelled = true;
    for (const scope of this.inFlight) scope.cancel();
  }

  /** Throws the ActivityFailure of the last attempt. */
  async run(compensation: LaidOutCompensation): Promise<CompensationReport> {
    const { limits } = this.record;
    const startMs = Date.now();
    let asked = false;
    for (let attempt = 1; ; attempt += 1) {
      if (this.cancelled && !asked) return NOT_ASKED;
      try {
        return await this.once(compensation, asked);
      } catch (error) {
        if (!(error instanceof ActivityFailure)) throw error;
        if (error.cause instanceof CancelledFailure && this.cancelled) return NOT_ASKED;
        asked ||= mayHaveAsked(error);
        const tooLong = Date.now() - startMs > limits.compensation_timeout * SECOND_MS;
        if (isFinal(error) || attempt >= limits.retry_attempts || tooLong) throw error;
        this.record.note('retrying', causeOf(error).message, compensation.action_uuid);
        await this.pause(error, attempt);
      }
    }
  }

  private async once(
    compensation: LaidOutCompensation,
    asked: boolean,
  ): Promise<CompensationReport> {
    this.record.update(compensation, { attempts: compensation.attempts + 1 });
    const scope = new CancellationScope();
    this.inFlight.add(scope);
    try {
      return await scope.run(() =>
        callCompensation(this.record, compensation, { asked, follow_only: this.cancelled }),
      );
    } finally {
      this.inFlight.delete(scope);
    }
  }

  /** Until the next attempt; a cancel cuts it short once. */
  private async pause({ cause }: ActivityFailure, attempt: number): Promise<void> {
    const { retry_initial: first, retry_max: longest } = this.record.limits;
    const asked = cause instanceof ApplicationFailure ? cause.nextRetryDelay : null;
    const backOffMs = Math.min(first * 2 ** (attempt - 1), longest) * SECOND_MS;
    const pauseMs = typeof asked === 'number' ? asked : backOffMs;
    if (this.cancelled) await sleep(pauseMs);
    else await condition(() => this.cancelled, pauseMs);
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
