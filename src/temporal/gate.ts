/**
 * So many at once, the rest in line, in the order of their coming. Were all let in, all would be slow together, and a thousand
 * would miss their time instead of a few. It must not know what is done behind it.
 */
import { Turns } from '../turns.js';
import type { GateWidth } from './gate-width.js';

/** A line longer than this is hopeless: who comes then is told at once. */
const IN_LINE_MAX = 10_000;

export class Gate {
  private inside = 0;
  /** Lets the next one in. */
  private readonly line = new Set<() => void>();
  /** Those who came together run out of time together, and each refusal is an answer to be written. */
  private readonly refusals = new Turns();

  constructor(private readonly width: GateWidth) {}

  /** Throws what `refusal` makes where its turn has not come by then (milliseconds of the epoch), or the line is too long. */
  async pass<T>(turnBy: number, work: () => Promise<T>, refusal: () => Error): Promise<T> {
    if (this.inside >= this.width.most) await this.turn(turnBy, refusal);
    else this.inside += 1;
    const begunAt = performance.now();
    let succeeded = false;
    try {
      const done = await work();
      succeeded = true;
      return done;
    } finally {
      const tookMs = performance.now() - begunAt;
      this.width.ended({ tookMs, succeeded, isFull: this.line.size > 0 });
      this.next();
    }
  }

  private turn(turnBy: number, refusal: () => Error): Promise<void> {
    if (this.line.size >= IN_LINE_MAX) return Promise.reject(refusal());
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const leave = (): void => {
        this.line.delete(enter);
        this.refusals.take(() => reject(refusal()));
      };
      const timer = setTimeout(leave, Math.max(turnBy - Date.now(), 0));
      this.line.add(enter);
    });
  }

  /** A place is handed on, not freed and taken, so that nobody who comes now is quicker than the first in line. */
  private next(): void {
    this.inside -= 1;
    for (const enter of this.line) {
      if (this.inside >= this.width.most) return;
      this.inside += 1;
      this.line.delete(enter);
      enter();
    }
  }
}
