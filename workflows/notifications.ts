/**
 * Tells others of a rollback's start, its end, and that a person is needed. Beside the rollback, never in its way: what is
 * sent is not waited for, but for a bounded while before the workflow ends; what did not arrive is said in the history.
 */
import {
  ActivityFailure,
  CancellationScope,
  condition,
  patched,
  proxyActivities,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { NotificationPhase, NotifyInput, RollbackActivities } from '../activities/types.js';
import { NON_RETRYABLE_TYPES } from '../src/domain/failures.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import { causeOf } from './acceptance.js';
import { now, type RollbackRecord } from './rollback-record.js';

/** Pauses, and what else is said of a rollback that goes on. */
const TOLD_OF: ReadonlySet<string> = new Set([
  'paused',
  'stopped-by-switch',
  'no-progress',
  'time-limit',
]);
/** A rollback that is paused and resumed by a program must not fill its history with this; its end is told all the same. */
const PAUSES_TOLD_MAX = 50;
/** What a new run of the workflow takes over from the one before, with the same message ids; each may have 64 kB. */
const CARRIED_MAX = 4;
/** Keeps a notification under 64 kB. */
const LISTED_MAX = 50;
const REASON_CHARS_MAX = 500;

const ACTIVITY = {
  // Longer than the time limit of one delivery.
  startToCloseTimeout: 15_000,
  // Later nobody can do anything with it.
  scheduleToCloseTimeout: 3_600_000,
  retry: {
    initialInterval: 1_000,
    maximumInterval: 60_000,
    nonRetryableErrorTypes: NON_RETRYABLE_TYPES,
  },
};

const NEEDS_A_PERSON: LaidOutCompensation['state'][] = [
  'FAILED',
  'NOT_REVERSIBLE',
  'KEPT',
  'NOT_ATTEMPTED',
];

export interface CarriedNotifications {
  /** One has told of the first FAILED. */
  told_of_failure?: boolean;
  pauses_told?: number;
  /** Under way when the run before ended. */
  undelivered?: NotifyInput[];
}

export class Notifications {
  private readonly on: boolean;
  private readonly waitMs: number;
  private readonly underWay = new Set<NotifyInput>();
  private pausesTold: number;
  private toldOfFailure: boolean;

  constructor(
    private readonly record: RollbackRecord,
    carried?: CarriedNotifications,
  ) {
    const wait = record.limits.notification_wait;
    // A worker of an older version in the same fleet ignores the limit that a newer one has read.
    this.on = wait !== undefined && patched('notifications');
    this.waitMs = (wait ?? 0) * 1000;
    this.toldOfFailure = carried?.told_of_failure ?? false;
    this.pausesTold = carried?.pauses_told ?? 0;
    // Begun before; a receiver that has it already knows it by its id.
    for (const input of carried?.undelivered ?? []) this.send(input);
    record.onNote = (event, message) => this.notice(event, message);
  }

  carry(): CarriedNotifications {
    return {
      told_of_failure: this.toldOfFailure,
      pauses_told: this.pausesTold,
      undelivered: [...this.underWay].slice(-CARRIED_MAX),
    };
  }

  started(): void {
    this.tell('start', null);
  }

  ended(): void {
    const counts = NEEDS_A_PERSON.flatMap((state) => {
      const count = this.record.counts[state];
      return count === undefined ? [] : [`${count} ${state}`];
    });
    if (counts.length > 0) this.tell('attention', `The rollback left ${counts.join(', ')}.`);
    this.tell('end', null);
  }

  /** Until all have arrived or failed, or the limit is over; then the rest is given up, and said to be. */
  async settle(): Promise<void> {
    if (this.underWay.size === 0) return;
    if (await condition(() => this.underWay.size === 0, this.waitMs)) return;
    for (const { phase } of this.underWay) {
      this.note(phase, `not delivered within ${this.waitMs / 1000} s of the end`);
    }
  }

  private notice(event: string, message: string): void {
    if (TOLD_OF.has(event)) this.tellOfPause(message);
    if (event !== 'failed' || this.toldOfFailure) return;
    this.toldOfFailure = true;
    this.tell('attention', message);
  }

  private tellOfPause(message: string): void {
    this.pausesTold += 1;
    if (this.pausesTold <= PAUSES_TOLD_MAX) this.tell('attention', message);
    else if (this.on && this.pausesTold === PAUSES_TOLD_MAX + 1) {
      this.note('attention', `after ${PAUSES_TOLD_MAX} pauses and reports no other is told`);
    }
  }

  private tell(phase: NotificationPhase, reason: string | null): void {
    if (this.on) this.send(this.inputOf(phase, reason));
  }

  private send(input: NotifyInput): void {
    if (!this.on) return;
    this.underWay.add(input);
    // A defect in here is not caught: it fails the workflow task, which goes on once the code is mended.
    void this.deliver(input).finally(() => this.underWay.delete(input));
  }

  private async deliver(input: NotifyInput): Promise<void> {
    const { phase } = input;
    const summary = `notify: ${phase}`;
    const { notify } = proxyActivities<RollbackActivities>(ACTIVITY);
    try {
      // A cancelled rollback ends too, and that is to be told.
      await CancellationScope.nonCancellable(() =>
        notify.executeWithOptions({ ...ACTIVITY, summary }, [input]),
      );
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      this.note(phase, causeOf(error).message);
    }
  }

  private note(phase: NotificationPhase, why: string): void {
    this.record.note('not-notified', `The notification of "${phase}" is lost: ${why}.`);
  }

  private inputOf(phase: NotificationPhase, reason: string | null): NotifyInput {
    const { record } = this;
    const all = record.all().filter(({ state }) => NEEDS_A_PERSON.includes(state));
    return {
      phase,
      message_id: uuid4(),
      time: now(),
      rollback: {
        action_plan_uuid: record.planUuid,
        uuid: record.uuid,
        workflow_id: workflowInfo().workflowId,
        state: record.state,
        created_at: record.createdAt,
        updated_at: now(),
        counts: { ...record.counts },
        requested_by: record.requestedBy,
        reason: reason?.slice(0, REASON_CHARS_MAX) ?? null,
        compensations: all.slice(0, LISTED_MAX).map(brief),
        truncated: all.length > LISTED_MAX,
      },
    };
  }
}

function brief(one: LaidOutCompensation): NotifyInput['rollback']['compensations'][number] {
  const { action_uuid, action_type, resource_id, resource_name, state, reason } = one;
  const short = reason?.slice(0, REASON_CHARS_MAX) ?? null;
  return { action_uuid, action_type, resource_id, resource_name, state, reason: short };
}
