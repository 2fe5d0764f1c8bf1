/** What the demo has started, and the Ctrl-C that ends it. It must not know what that is. */

export const EXIT_INTERRUPTED = 130;

/** The terminal and a parent that passes signals on may both deliver one Ctrl-C; a second that is meant comes later. */
const SAME_SIGNAL_MS = 1_000;

export interface Interruption {
  /** Aborted at the first SIGINT or SIGTERM; one that comes later ends the process at once. */
  readonly signal: AbortSignal;
  /** Rejects at the first signal, whatever `work` is at then. */
  unless<T>(work: Promise<T>): Promise<T>;
  /** Signals end the process again as they do by default. */
  off(): void;
}

export function listenForInterruption(notice: () => void): Interruption {
  const controller = new AbortController();
  const { signal } = controller;
  let firstAt = 0;
  const handler = (): void => {
    if (signal.aborted) {
      if (performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(EXIT_INTERRUPTED);
      return;
    }
    firstAt = performance.now();
    notice();
    controller.abort(new Error('interrupted'));
  };
  process.on('SIGINT', handler).on('SIGTERM', handler);
  return {
    signal,
    unless: (work) => Promise.race([work, rejection(signal)]),
    off: () => {
      process.off('SIGINT', handler).off('SIGTERM', handler);
    },
  };
}

function rejection(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

/** Ends things in the reverse of the order in which they were started. */
export class Started {
  readonly #ends: (() => Promise<unknown>)[] = [];

  add(end: () => Promise<unknown>): void {
    this.#ends.push(end);
  }

  /** Goes on where one fails; throws the first failure at the end. */
  async endAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.#ends.splice(0).toReversed()) {
      await end().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}
