/**
 * Where log lines go: stderr, in the order of their coming, without anything here ever waiting for whoever reads them. A pipe
 * that is full would hold up everything else, health checks too. It must not know what a line says.
 */
import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

export interface LogLinesOptions {
  /** Characters that wait to be read, at most; lines beyond are dropped and counted. */
  keptMax?: number;
  /** The line that tells of those. */
  dropped: (lines: number) => string;
}

const KEPT_MAX = 8 * 1024 * 1024;
/** What the end of the process waits for a reader, in all. */
const LAST_WORDS_MS = 1000;
const RETRY_MS = 20;

export class LogLines implements DestinationStream {
  private waiting: string[] = [];
  private kept = 0;
  private dropped = 0;
  private isWriting = false;
  private isBroken = false;
  private readonly keptMax: number;

  constructor(private readonly options: LogLinesOptions) {
    this.keptMax = options.keptMax ?? KEPT_MAX;
    process.once('exit', () => this.lastWords());
    process.stderr.on('error', () => this.giveUp());
  }

  write(line: string): void {
    if (this.isBroken) return;
    if (this.kept + line.length > this.keptMax) {
      this.dropped += 1;
      return;
    }
    this.waiting.push(line);
    this.kept += line.length;
    if (!this.isWriting) this.next();
  }

  /** Node writes what fits into the pipe at once, and the rest as it is read (a file or a terminal takes all of it at once). */
  private next(): void {
    const lines = this.take();
    this.isWriting = lines !== '';
    if (this.isWriting) process.stderr.write(lines, () => this.next());
  }

  private take(): string {
    if (this.dropped > 0) this.waiting.push(this.options.dropped(this.dropped));
    const lines = this.waiting.join('');
    this.waiting = [];
    this.kept = 0;
    this.dropped = 0;
    return lines;
  }

  /** Nobody reads any more: there is nobody to say that to either. */
  private giveUp(): void {
    this.isBroken = true;
    this.take();
  }

  /** What the process said last matters most; but no reader may keep it from ending. */
  private lastWords(): void {
    // How much of what was begun has been read cannot be known: whatever follows is at least on a line of its own.
    let left = Buffer.from(this.take());
    if (left.length > 0) left = Buffer.concat([Buffer.from('\n'), left]);
    const until = performance.now() + LAST_WORDS_MS;
    while (left.length > 0 && performance.now() < until) {
      try {
        left = left.subarray(writeSync(process.stderr.fd, left));
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      }
    }
  }
}
