/**
 * What comes all at once is begun a few at a time, in its order, and between those everything else has its turn: answers that
 * have come, event streams, health checks. It must not know what is begun.
 */

/** Each takes a millisecond or two until it waits for somebody else. */
const AT_ONCE = 4;

export class Turns {
  private line: (() => void)[] = [];

  take(work: () => void): void {
    this.line.push(work);
    if (this.line.length === 1) setImmediate(this.begin);
  }

  private readonly begin = (): void => {
    const now = this.line.slice(0, AT_ONCE);
    this.line = this.line.slice(AT_ONCE);
    if (this.line.length > 0) setImmediate(this.begin);
    for (const work of now) work();
  };
}
