/**
 * Migrations for which the destination had no room: when each may go again. Room comes where something has left the host,
 * or by itself where the host was just enabled (Placement's trait lags); each goes a bounded number of times.
 */
import { sleep } from '@temporalio/workflow';
import type { RunLimits } from '../activities/types.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import type { Schedule } from '../src/domain/schedule.js';
import type { CarriedState } from './messages.js';

const SECOND_MS = 1000;
const PAUSE_MAX_S = 600;

export class Room {
  /** Passes used, by action uuid. */
  private readonly passes: Map<string, number>;
  private readonly enabledHosts: Set<string>;
  private timers = 0;

  constructor(
    private readonly limits: Pick<RunLimits, 'room_delay' | 'room_passes'>,
    private readonly schedule: Pick<Schedule, 'requeue' | 'release' | 'leftHost'>,
    private readonly changed: () => void,
    carried?: CarriedState,
  ) {
    this.passes = new Map(Object.entries(carried?.room_passes ?? {}));
    this.enabledHosts = new Set(carried?.enabled_hosts);
  }

  /** Park it until there may be room; false where its passes are used up. */
  wait(compensation: LaidOutCompensation): boolean {
    const { action_uuid: id, work } = compensation;
    const passes = (this.passes.get(id) ?? 0) + 1;
    if (passes > this.limits.room_passes) return false;
    this.passes.set(id, passes);
    this.schedule.requeue(id);
    if (work !== null && 'from' in work && this.enabledHosts.has(work.to)) {
      this.timers += 1;
      const seconds = Math.min(this.limits.room_delay * 2 ** (passes - 1), PAUSE_MAX_S);
      void this.releaseAfter(id, seconds);
    }
    return true;
  }

  /** What a compensation that has ended well means for those that wait. */
  noticeEffect({ work }: LaidOutCompensation): void {
    if (work === null) return;
    if (work.kind === 'set_service_status' && work.to === 'enabled') {
      this.enabledHosts.add(work.host);
    }
    if ('from' in work) {
      for (const id of this.schedule.leftHost(work.from)) this.schedule.release(id);
    }
  }

  /** Whether a pause is running after which something goes again. */
  comesByItself(): boolean {
    return this.timers > 0;
  }

  /** It starts anew, with all its passes. */
  forget(id: string): void {
    this.passes.delete(id);
  }

  carry(): Pick<CarriedState, 'room_passes' | 'enabled_hosts'> {
    return {
      room_passes: Object.fromEntries(this.passes),
      enabled_hosts: [...this.enabledHosts],
    };
  }

  private async releaseAfter(id: string, seconds: number): Promise<void> {
    await sleep(seconds * SECOND_MS);
    this.timers -= 1;
    this.schedule.release(id);
    this.changed();
  }
}
