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
/** Given to Node at a time: what of it has been read when the process ends cannot be known. */
const SLICE_MAX = 64 * 1024;
/** What the end of the process waits for a reader, in all. */
const LAST_WORDS_MS = 1000;
const RETRY_MS = 20;
/** After a write that failed. */
const AGAIN_MS = 1000;
/** Nobody reads any more. Anything else (a full disk) may pass. */
const GONE = new Set(['EPIPE', 'ERR_STREAM_DESTROYED']);

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
    // Said to the callback of the write as well; heard here so that it does not end the process.
    process.stderr.on('error', () => undefined);
  }

  write(line: string): void {
    if (this.isBroken) return;
    if (this.kept + line.length > this.keptMax) {
      this.dropped += 1;
      return;
    }
    this.keep(line);
    if (!this.isWriting) this.next();
  }

  /** Node writes what fits into the pipe at once, and the rest as it is read (a file or a terminal takes all of it at once). */
  private next(): void {
    const lines = this.take(SLICE_MAX);
    this.isWriting = lines.length > 0;
    if (!this.isWriting) return;
    process.stderr.write(lines.join(''), (error) => {
      if (!error) return this.next();
      if (GONE.has(codeOf(error))) return this.giveUp();
      this.dropped += lines.length;
      setTimeout(() => this.next(), AGAIN_MS).unref();
    });
  }

  /** At least one, if there is one; no more than so many characters. */
  private take(most: number): string[] {
    if (this.dropped > 0) this.keep(this.options.dropped(this.dropped));
    this.dropped = 0;
    let size = 0;
    let count = 0;
    for (const { length } of this.waiting) {
      if (count > 0 && size + length > most) break;
      size += length;
      count += 1;
    }
    this.kept -= size;
    return this.waiting.splice(0, count);
  }

  private keep(line: string): void {
    this.waiting.push(line);
    this.kept += line.length;
  }

  private giveUp(): void {
    this.isBroken = true;
    this.waiting = [];
  }

  /** What the process said last matters most; but no reader may keep it from ending. */
  private lastWords(): void {
    // How much of what was begun has been read cannot be known: whatever follows is at least on a line of its own.
    let left = Buffer.from(this.take(Infinity).join(''));
    if (left.length > 0) left = Buffer.concat([Buffer.from('\n'), left]);
    const until = performance.now() + LAST_WORDS_MS;
    while (left.length > 0 && performance.now() < until) {
      try {
        left = left.subarray(writeSync(process.stderr.fd, left));
      } catch (error) {
        if (codeOf(error) !== 'EAGAIN') return;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
      }
    }
  }
}

function codeOf(error: unknown): string {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return hasCode ? String(error.code) : '';
}
