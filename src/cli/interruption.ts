/** Ctrl-C (and SIGTERM, which CI systems send) ends the waiting and says how to come back; a second one ends at once. */
import { again } from './commands/service.js';
import type { WhereFlags } from './entrance.js';
import { EXITS } from './exit-codes.js';
import { Problem } from './problem.js';

type Ending = 'SIGINT' | 'SIGTERM';

/** npm and the terminal may both hand on the same one. */
const SAME_SIGNAL_MS = 500;

export class Interruption {
  private readonly controller = new AbortController();
  private readonly listeners = new Map<Ending, () => void>();
  private known = false;
  private seenAt: number | null = null;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly plan: string,
    private readonly where: WhereFlags,
  ) {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const listener = (): void => this.on(signal);
      this.listeners.set(signal, listener);
      process.on(signal, listener);
    }
  }

  /** Its reason is the Problem that the command ends with. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** From here on it is known that the rollback runs. */
  accepted(): void {
    this.known = true;
  }

  /** Ends the waiting after so many seconds. */
  after(seconds: number): void {
    const over = (): void => {
      const message = `The rollback has not ended within ${seconds} s. ${this.comeBack()}`;
      this.controller.abort(new Problem(message, { type: 'WaitTimeout', exit: 'timeout' }));
    };
    this.timer = setTimeout(over, seconds * 1000);
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    for (const [signal, listener] of this.listeners) process.off(signal, listener);
  }

  private on(signal: Ending): void {
    const now = performance.now();
    if (this.seenAt !== null) {
      if (now - this.seenAt < SAME_SIGNAL_MS) return;
      process.exit(EXITS[exitOf(signal)].code);
    }
    this.seenAt = now;
    const message = this.known
      ? `Interrupted. ${this.comeBack()}`
      : `Interrupted before the service had answered: it may have taken the rollback on. See: ${again('status', this.plan, this.where)}`;
    this.controller.abort(new Problem(message, { type: 'Interrupted', exit: exitOf(signal) }));
  }

  private comeBack(): string {
    const watch = again('watch', this.plan, this.where);
    const cancel = again('cancel', this.plan, this.where);
    return `It goes on. Come back to it: ${watch}  or end it: ${cancel}`;
  }
}

function exitOf(signal: Ending): 'interrupted' | 'terminated' {
  return signal === 'SIGINT' ? 'interrupted' : 'terminated';
}
