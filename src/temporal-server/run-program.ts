/** Runs another program to its end, with a time limit and bounded output. Knows nothing of Temporal. */
import { spawn } from 'node:child_process';
import type { Environment } from '../config.js';

export interface ProgramEnd {
  /** null: it never ran, or a signal ended it. */
  code: number | null;
  /** Why it did not run or was ended; null where it ended by itself. */
  trouble: string | null;
  /** The last part of it. */
  stdout: string;
  stderr: string;
}

export interface ProgramOptions {
  env: Environment;
  cwd?: string;
  timeoutMs: number;
  /** Asked once a second; a sentence ends the program with it. */
  giveUp?: (elapsedMs: number) => string | null;
}

const KEPT_CHARACTERS = 16_384;
/** Between asking a program to end and ending it. */
const TERM_GRACE_MS = 2_000;

/** Never rejects: what went wrong is in the answer. */
export function runProgram(
  file: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramEnd> {
  const { promise, resolve } = withResolvers<ProgramEnd>();
  const output = { stdout: '', stderr: '' };
  let trouble: string | null = null;
  const startedAt = performance.now();
  const child = spawn(file, args, {
    env: { ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] = (output[name] + text).slice(-KEPT_CHARACTERS);
    });
  }
  const endWith = (reason: string): void => {
    if (trouble !== null) return;
    trouble = reason;
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), TERM_GRACE_MS).unref();
  };
  const watch = setInterval(() => {
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs >= options.timeoutMs) {
      endWith(`it did not end within ${Math.round(options.timeoutMs / 1000)} s`);
    }
    const reason = options.giveUp?.(elapsedMs) ?? null;
    if (reason !== null) endWith(reason);
  }, 1_000);
  const settle = (code: number | null): void => {
    clearInterval(watch);
    resolve({ code, trouble, ...output });
  };
  child.once('error', (error) => {
    trouble ??= error.message;
    settle(null);
  });
  child.once('close', (code, signal) => {
    if (signal !== null) trouble ??= `it was ended by ${signal}`;
    settle(code);
  });
  return promise;
}

/** For one sentence: the last line that says something. */
export function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.findLast((line) => line !== '')?.slice(0, 300) ?? '';
}

/** Promise.withResolvers, which Node 20 lacks. */
export function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}
