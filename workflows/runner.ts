/**
 * Runs the compensations of one rollback: starts what may start, follows what is in flight, and decides what becomes of
 * each report. The order is the schedule's, the cloud's truth is the activities'.
 */
import {
  ActivityFailure,
  allHandlersFinished,
  condition,
  patched,
  setCurrentDetails,
} from '@temporalio/workflow';
import type { CompensationReport } from '../activities/types.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import { summaryOf } from '../src/domain/report.js';
import { Schedule } from '../src/domain/schedule.js';
import { isFinal } from '../src/domain/states.js';
import { causeOf } from './acceptance.js';
import { attempt } from './attempt.js';
import { Attempts } from './attempts.js';
import { publish } from './publish.js';
import { Halt } from './halt.js';
import { end, endBy } from './outcomes.js';
import { byWhom } from './reasons.js';
import { Hold } from './hold.js';
import { liveDetails } from './live-details.js';
import type { CarriedState } from './messages.js';
import { historyIsLong, now, type RollbackRecord } from './rollback-record.js';
import { Room } from './room.js';
import { TimeBudget } from './time-budget.js';

export class Runner {
  private readonly schedule: Schedule;
  private inFlight = 0;
  /** Anything that may let the loop go on counts this up. */
  private changes = 0;
  private readonly halt: Halt;
  private readonly time: TimeBudget;
  private ended = false;
  private leftSome = false;
  private paused: boolean;
  private readonly room: Room;
  private readonly attempts: Attempts;
  /** By the stop switch. */
  private readonly held: Hold;

  /** `carried`: what an earlier run of this rollback handed on. */
  constructor(
    private readonly record: RollbackRecord,
    carried?: CarriedState,
  ) {
    this.paused = carried?.paused ?? false;

    const { limits } = record;
    this.schedule = new Schedule(record.all(), {
      concurrency: limits.concurrency,
      migrationsPerHost: limits.migrations_per_host,
    });
    const changed = (): void => {
      this.changes += 1;
    };
    this.attempts = new Attempts(record, changed);
    this.held = new Hold(limits, { ended: () => this.letGo(), asked: changed });
    this.room = new Room(limits, this.schedule, changed, carried);
    this.halt = new Halt(record);
    this.time = new TimeBudget(limits.rollback_timeout, carried?.time_used ?? 0, {
      onUsedUp: () => this.timeIsUp(),
      isUnmixed: record.isUnmixed,
    });
    if (carried?.held === true) this.held.begin();
    record.setState(this.paused || this.held.isOn() ? 'PAUSED' : 'ONGOING');
  }

  /** Until every compensation is final, or the history is long enough for a new run. */
  async run(): Promise<'ended' | 'continue-as-new'> {
    for (;;) {
      const renew = historyIsLong(this.record);
      const waits = this.paused || this.held.isOn();
      this.time.count(!waits && !this.halt.isFinal());
      if (!waits && !this.halt.isOn() && !renew) {
        for (const id of this.schedule.startable()) this.start(id);
      }
      setCurrentDetails(liveDetails(this.record));
      if (this.inFlight === 0) {
        if (this.halt.isOn()) this.leaveTheRest();
        if (this.record.openCount() === 0) {
          this.ended = true;
          this.held.drop();
          this.time.end();
          return 'ended';
        }
        if (renew && allHandlersFinished()) return 'continue-as-new';
        if (!waits && !renew && !this.room.comesByItself() && this.failWaitingForRoom()) continue;
      }
      const seen = this.changes;
      // The handler that brought the change may not have ended yet; nothing else may come after it.
      const due = renew && this.inFlight === 0 && patched('due-run');
      await condition(() => this.changes !== seen || (due && allHandlersFinished()));
    }
  }

  carry(): Pick<CarriedState, 'paused' | 'held' | 'time_used' | 'room_passes' | 'enabled_hosts'> {
    return {
      paused: this.paused,
      held: this.held.isOn(),
      time_used: this.time.used(),
      ...this.room.carry(),
    };
  }

  cancel(): void {
    if (!this.ended && this.halt.cancel()) this.letFinish();
  }

  isPaused(): boolean {
    return this.paused;
  }

  /** Whether cancelling left anything undone; a cancel that came too late changes nothing. */
  wasCancelled(): boolean {
    return this.halt.wasCancelled() && this.leftSome;
  }

  /** Cancelled or out of time: whoever waits for the end is not to be kept waiting by more reading than needs be. */
  wasHalted(): boolean {
    return this.halt.isFinal();
  }

  /** Past this nothing is run any more: control calls come too late. */
  hasEnded(): boolean {
    return this.ended;
  }

  pause(by: string | null): void {
    this.paused = true;
    this.record.setState('PAUSED');
    this.record.note('paused', `Paused${byWhom(by)}; what is in flight is let finish.`);
    this.changes += 1;
  }

  resume(by: string | null): void {
    this.paused = false;
    if (!this.held.isOn()) this.record.setState('ONGOING');
    this.record.note('resumed', `Resumed${byWhom(by)}.`);
    this.changes += 1;
  }

  isHeld(): boolean {
    return this.held.isOn();
  }

  /** The stop switch is on: nothing new until it is off. */
  hold(sentence: string): void {
    if (this.held.isOn() || this.ended) return;
    this.record.setState('PAUSED');
    this.record.note('stopped-by-switch', `${sentence}; what is in flight is let finish.`);
    publish(this.record);
    this.changes += 1;
    this.held.begin();
  }

  release(): void {
    if (this.held.isOn()) this.held.end();
  }

  /** Take a FAILED or NOT_ATTEMPTED compensation up again. */
  retry(compensation: LaidOutCompensation, by: string | null): void {
    if (compensation.state === 'FAILED') this.halt.failures -= 1;
    this.room.forget(compensation.action_uuid);
    this.record.update(compensation, { state: 'PENDING', reason: null, finished_at: null });
    this.record.note('retried', `To be tried again${byWhom(by)}.`, compensation.action_uuid);
    this.schedule.reopen(compensation.action_uuid);
    this.changes += 1;
  }

  /** Leave a PENDING compensation alone for good. */
  skip(compensation: LaidOutCompensation, by: string | null): void {
    end(this.record, compensation, 'KEPT', `left alone at the request of ${by ?? 'an operator'}`);
    this.schedule.finished(compensation.action_uuid);
    this.changes += 1;
  }

  private start(id: string): void {
    const compensation = this.record.mustGet(id);
    this.schedule.started(id);
    this.record.update(compensation, {
      state: 'ONGOING',
      started_at: compensation.started_at ?? now(),
    });
    this.record.note('started', summaryOf(compensation), id);
    this.inFlight += 1;
    // A defect in here is not caught: it fails the workflow task, which goes on once the code is mended.
    void this.follow(compensation);
  }

  private async follow(compensation: LaidOutCompensation): Promise<void> {
    try {
      this.conclude(compensation, await attempt(this.record, this.attempts, compensation));
    } catch (error) {
      if (!(error instanceof ActivityFailure)) throw error;
      const { type, message } = causeOf(error);
      this.fail(compensation, `${type}: ${message}`);
    }
    this.inFlight -= 1;
    this.changes += 1;
  }

  private conclude(compensation: LaidOutCompensation, report: CompensationReport): void {
    if (endBy(this.record, compensation, report)) {
      const { outcome } = report;
      if (outcome === 'SUCCEEDED' || outcome === 'SKIPPED') this.room.noticeEffect(compensation);
      this.schedule.finished(compensation.action_uuid);
      return;
    }
    switch (report.outcome) {
      case 'NOT_ASKED':
        this.leave(compensation, this.halt.whyNotAsked());
        this.schedule.finished(compensation.action_uuid);
        return;
      case 'STOPPED':
        this.putBack(compensation);
        this.hold(report.reason ?? 'All rollbacks are stopped');
        return;
      case 'NO_ROOM':
        this.waitForRoom(compensation, report);
        return;
      case 'NO_PROGRESS':
        this.fail(compensation, `CompensationTimeout: ${report.reason ?? 'no progress'}`);
        return;
      default:
        this.fail(compensation, `MigrationFailed: ${report.reason ?? 'neither live nor cold'}`);
    }
  }

  private fail(compensation: LaidOutCompensation, reason: string): void {
    end(this.record, compensation, 'FAILED', reason);
    this.schedule.finished(compensation.action_uuid);
    this.halt.failed();
  }

  /** Nothing was begun: as if it had not been tried. */
  private putBack(compensation: LaidOutCompensation): void {
    const { action_uuid: id, started_at: startedAt } = compensation;
    const attempts = compensation.attempts - 1;
    const started_at = attempts === 0 ? null : startedAt;
    this.record.update(compensation, { state: 'PENDING', reason: null, attempts, started_at });
    this.schedule.requeue(id);
    this.schedule.release(id);
  }

  private waitForRoom(compensation: LaidOutCompensation, report: CompensationReport): void {
    const reason = report.reason ?? 'no room on the destination';
    if (!this.room.wait(compensation)) {
      const passes = this.record.limits.room_passes + 1;
      this.fail(compensation, `NoRoom: ${reason} (${passes} passes)`);
      return;
    }
    this.record.update(compensation, { state: 'PENDING', reason: `waits for room: ${reason}` });
    this.record.note('no-room', reason, compensation.action_uuid);
  }

  /** Nothing runs and nothing will leave those hosts any more: what waits for room will not get it. */
  private failWaitingForRoom(): boolean {
    const waiting = this.schedule.parked();
    for (const id of waiting) {
      const compensation = this.record.mustGet(id);
      const reason = compensation.reason?.replace(/^waits for room: /, '') ?? 'no room';
      this.fail(compensation, `NoRoom: ${reason} (nothing more leaves that host)`);
    }
    return waiting.length > 0;
  }

  private leaveTheRest(): void {
    for (const compensation of this.record.all()) {
      if (!isFinal(compensation.state)) this.leave(compensation, this.halt.why());
    }
  }

  private leave(compensation: LaidOutCompensation, why: string): void {
    this.leftSome = true;
    end(this.record, compensation, 'NOT_ATTEMPTED', why);
  }

  private timeIsUp(): void {
    if (!this.ended && this.halt.timeIsUp()) this.letFinish();
  }

  private letFinish(): void {
    this.attempts.stop();
    this.changes += 1;
  }

  private letGo(): void {
    if (!this.paused) this.record.setState('ONGOING');
    this.record.note('released-by-switch', 'Rollbacks are not stopped any more.');
    publish(this.record);
    this.changes += 1;
  }
}
