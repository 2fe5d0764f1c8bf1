/** The places that one move takes on both its hosts, of the bound that all rollbacks of a worker share. */
import type { Release } from './host-slots.js';
import type { Kit } from './kit.js';
import { stopwatch } from './waiting.js';
import type { Run } from './waiting.js';

/** From one call of an activity to the next: what a workflow task takes, generously. */
const HAND_OVER_MS = 5000;

export class MoveSlot {
  private held: Release | null = null;

  constructor(
    private readonly kit: Kit,
    private readonly run: Run,
    private readonly rollbackId: string,
  ) {}

  isHeld(): boolean {
    return this.held !== null;
  }

  /** Wait for the turn; how long that took, seconds. */
  async take(hosts: string[]): Promise<number> {
    const waited = stopwatch();
    this.held = await this.kit.slots.acquire(this.rollbackId, hosts, this.run.signal);
    return waited();
  }

  /** What is under way already is counted, never held back. */
  occupy(hosts: string[]): void {
    this.held ??= this.kit.slots.occupy(hosts);
  }

  release(): void {
    this.held?.();
    this.held = null;
  }

  /**
   * The migration goes on, and the next call of its activity counts it: until that has come, no other may have its places. A
   * call that comes earlier is counted beside it for so long, which is too careful, never too bold.
   */
  handOver(): void {
    const { held } = this;
    this.held = null;
    if (held !== null) setTimeout(held, HAND_OVER_MS).unref();
  }
}
