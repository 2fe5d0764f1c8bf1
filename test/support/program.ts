/** Our own program in a process of its own, to be killed and drained. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { eventually } from '../service/caller.js';
import { ROOT } from './built.js';

const READY_WITHIN_MS = 30_000;

export interface Program {
  /** The log lines so far. */
  readonly said: string[];
  readonly process: ChildProcess;
  /** The API's address, of `start` and `api`. */
  readonly url: string;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Exit code, or the signal that ended it. */
  readonly exited: Promise<number | string | null>;
}

/**
 * `node dist/src/main.js <command>`; resolves when it says that it is ready. `folder`: of another build than today's.
 * `onStart` gets it before that.
 */
export async function runProgram(
  command: 'start' | 'worker' | 'api',
  env: Record<string, string>,
  {
    folder = ROOT,
    onStart,
  }: { folder?: string; onStart?: (program: Omit<Program, 'url'>) => void } = {},
): Promise<Program> {
  const child = spawn(process.execPath, ['dist/src/main.js', command], {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => said.push(line));
  }
  const exited = new Promise<number | string | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code));
  });
  const program = {
    said,
    process: child,
    exited,
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
  onStart?.(program);
  const ready = await Promise.race([
    eventually(
      'it is ready',
      () => said.find((line) => line.includes('"ready"')) ?? null,
      READY_WITHIN_MS,
    ),
    exited.then((code) => {
      throw new Error(`it ended with ${code ?? ''} before it was ready: ${said.join('\n')}`);
    }),
  ]);
  const { api } = JSON.parse(ready) as { api: string | null };
  return { ...program, url: api ?? '' };
}
