/** The command as users run it: a process of its own, with nothing of this one's environment. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { ROOT } from '../support/built.js';

export const MAIN = join(ROOT, 'dist/src/cli/main.js');
const ENDS_WITHIN_MS = 30_000;

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  /** stdout as the one JSON document that it must be; throws where it is not. */
  readonly json: unknown;
}

export interface Running {
  readonly child: ChildProcessByStdio<null, Readable, Readable>;
  /** So far. */
  stderr(): string;
  readonly ended: Promise<Ended>;
}

export function begin(
  args: string[],
  env: Readonly<Record<string, string>>,
  program: readonly [string, ...string[]] = [process.execPath, MAIN],
): Running {
  const [file, ...before] = program;
  const child = spawn(file, [...before, ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const limit = setTimeout(() => child.kill('SIGKILL'), ENDS_WITHIN_MS);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(limit);
      resolve({
        code,
        stdout,
        stderr,
        get json(): unknown {
          return JSON.parse(stdout);
        },
      });
    });
  });
  return { child, stderr: () => stderr, ended };
}

export function command(args: string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  return begin(args, env).ended;
}
