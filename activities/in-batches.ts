/**
 * One read for all who ask about the same time, without anybody waiting for others to come: only so many reads are under way at
 * once, and who asks meanwhile gets the next one. An answer is never older than its question. It must not know what is read.
 */
import { raceAbort } from '../src/openstack/race-abort.js';

interface Batch<Q, A> {
  questions: Q[];
  answer: Promise<A>;
}

export class InBatches<Q, A> {
  /** Not sent yet. */
  private next: Batch<Q, A> | null = null;
  private underWay = 0;
  private waiting: (() => void) | null = null;

  /** The read is not under a caller's signal, for others wait for it too: its own time-outs must bound it. */
  constructor(
    private readonly read: (questions: readonly Q[]) => Promise<A>,
    private readonly atOnce: number,
  ) {}

  /** Rejects at once when the caller's signal is aborted; a read that fails fails those who wait for it, and nobody later. */
  async ask(question: Q, signal: AbortSignal): Promise<A> {
    signal.throwIfAborted();
    this.next ??= this.open();
    this.next.questions.push(question);
    return await raceAbort(this.next.answer, signal);
  }

  private open(): Batch<Q, A> {
    const questions: Q[] = [];
    return { questions, answer: this.send(questions) };
  }

  private async send(questions: readonly Q[]): Promise<A> {
    // Even where nothing is under way: the question that opens the batch is put into it first.
    await (this.underWay < this.atOnce ? null : this.place());
    this.next = null;
    this.underWay += 1;
    try {
      return await this.read(questions);
    } finally {
      this.underWay -= 1;
      this.waiting?.();
    }
  }

  private place(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting = () => {
        this.waiting = null;
        resolve();
      };
    });
  }
}
