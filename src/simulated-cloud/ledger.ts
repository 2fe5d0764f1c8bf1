/** The list of everything that happened to the simulated cloud, in order. Knows nothing of HTTP. */
import type { CloudClock } from './clock.js';
import type { LedgerEntry } from './types.js';

export class Ledger {
  readonly entries: LedgerEntry[] = [];
  readonly #clock: CloudClock;

  constructor(clock: CloudClock) {
    this.#clock = clock;
  }

  add(entry: Omit<LedgerEntry, 'seq' | 'at'>): void {
    this.entries.push({
      seq: this.entries.length + 1,
      at: new Date(this.#clock.now()).toISOString(),
      ...entry,
    });
  }
}
