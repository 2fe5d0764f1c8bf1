/**
 * The simulated cloud's time: what its records say, and when its transitions happen.
 * Outside of a plan that is being applied the clock is the machine's (plus what `advance` added), and transitions are
 * real timers. While a plan is applied both are virtual: transitions run at once, in their order, and the clock jumps.
 * Knows nothing of OpenStack.
 */

interface VirtualEvent {
  at: number;
  seq: number;
  run: () => void;
}

/** Virtual transitions take at least that long, so that records which Nova keeps by the second differ. */
const SHORTEST_VIRTUAL_STEP_MS = 700;
/** No plan needs more virtual transitions than that; a bound on the loop below. */
const MOST_VIRTUAL_EVENTS = 1_000_000;
/** What is set up before anything happens was made that long before the cloud was started. */
const SETUP_AGE_MS = 24 * 3_600_000;

export class CloudClock {
  #offset = 0;
  #virtualNow: number | null = null;
  #lastStamp = 0;
  #sequence = 0;
  #virtualEvents: VirtualEvent[] = [];
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #idleWaiters = new Set<() => void>();
  readonly #setupAt = Date.now() - SETUP_AGE_MS;

  now(): number {
    return this.#virtualNow ?? Date.now() + this.#offset;
  }

  /** The time of something that happens now and stays on record. */
  stamp(): number {
    const now = this.now();
    this.#lastStamp = Math.max(this.#lastStamp, now);
    return now;
  }

  /** The time at which hosts and servers of the scenario were made. */
  setupStamp(): number {
    return this.#setupAt;
  }

  advance(ms: number): void {
    if (this.#virtualNow !== null) this.#virtualNow += ms;
    else this.#offset += ms;
  }

  /** Run `step` after so many milliseconds, in whichever time is running. */
  after(ms: number, step: () => void): void {
    if (this.#virtualNow !== null) {
      const at = this.#virtualNow + Math.max(ms, SHORTEST_VIRTUAL_STEP_MS);
      this.#virtualEvents.push({ at, seq: this.#sequence++, run: step });
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      step();
      this.#tellIdle();
    }, ms);
    this.#timers.add(timer);
  }

  /** Let everything happen that waits in virtual time. */
  runVirtualEvents(): void {
    for (let count = 0; this.#virtualEvents.length > 0; count++) {
      if (count > MOST_VIRTUAL_EVENTS) throw new Error('the virtual transitions do not end');
      const next = this.#virtualEvents.reduce((first, event) =>
        event.at < first.at || (event.at === first.at && event.seq < first.seq) ? event : first,
      );
      this.#virtualEvents = this.#virtualEvents.filter((event) => event !== next);
      this.#virtualNow = Math.max(this.#virtualNow ?? 0, next.at);
      next.run();
    }
  }

  /**
   * Do `work` in virtual time. It begins as long ago as `expectedMs` says, so that it is over by now, but after
   * everything recorded; what it takes longer than that puts the clock ahead of the machine's.
   */
  inVirtualTime<T>(expectedMs: number, settleMs: number, work: () => T): T {
    if (this.#virtualNow !== null) throw new Error('virtual time is running already');
    const realNow = this.now();
    this.#virtualNow = Math.max(this.#lastStamp + 2_000, realNow - expectedMs);
    try {
      return work();
    } finally {
      const end = this.#virtualNow + settleMs;
      this.#virtualNow = null;
      if (end > realNow) this.#offset += end - realNow;
    }
  }

  get idle(): boolean {
    return this.#timers.size === 0;
  }

  /** Resolves when no transition is under way; rejects after `timeoutMs`. */
  whenIdle(timeoutMs: number): Promise<void> {
    if (this.idle) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(limit);
        this.#idleWaiters.delete(done);
        resolve();
      };
      const limit = setTimeout(() => {
        this.#idleWaiters.delete(done);
        reject(new Error(`the simulated cloud was not settled within ${String(timeoutMs)} ms`));
      }, timeoutMs);
      this.#idleWaiters.add(done);
    });
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (!this.idle) return;
    for (const done of this.#idleWaiters) done();
  }
}

/** Nova's records: "2026-11-24T02:19:11.000000", whole seconds, no zone. */
export function novaTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}.000000`;
}
/** Watcher's and Ironic's records: "2026-11-24T02:18:10+00:00". */
export function zonedTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}+00:00`;
}
/** Nova's `created` and `updated` of a server: "2026-11-24T02:17:27Z". */
export function secondsTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
/** Keystone's: "2026-11-24T03:19:32.000000Z". */
export function keystoneTime(ms: number): string {
  return `${novaTime(ms)}Z`;
}
