/** The places that one move takes on both its hosts, of the bound that all rollbacks of a worker share. */
import type { Release } from './host-slots.js';
import type { Kit } from './kit.js';
import { stopwatch } from './waiting.js';
import type { Run } from './waiting.js';

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
  }
}
