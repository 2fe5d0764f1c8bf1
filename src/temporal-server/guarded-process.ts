/**
 * A child process that ends with its parent, even where the parent is killed, and that a Ctrl-C in the terminal does
 * not reach: the parent ends it in order, after what needs it. Knows nothing of Temporal.
 */
import { spawn } from 'node:child_process';
import type { Environment } from '../config.js';
import { lastLine, withResolvers } from './run-program.js';

export interface GuardedProcess {
  readonly pid: number;
  /** Resolves when it has written its first words to stdout. */
  readonly spoke: Promise<void>;
  /** Resolves with why it ended. */
  readonly exited: Promise<string>;
  /** Asks it to end, makes it after a while; resolves when it has. */
  stop(): Promise<void>;
}

const STOP_GRACE_MS = 10_000;
/** Enough for a Go program's panic, which says its reason before many lines of where. */
const KEPT_CHARACTERS = 65_536;

/**
 * The shell starts the program and reads from a pipe that the parent holds: it ends when the parent does, however
 * that happens, and then the program is told to end, and made to after 10 s.
 */
const GUARD = `
exec 3<&0
"$@" </dev/null & child=$!
( while read -r line; do :; done <&3
  kill -TERM "$child"; exec 3<&-; sleep 10; kill -KILL "$child" ) >/dev/null 2>&1 & guard=$!
exec 3<&-
wait "$child"; code=$?
kill "$guard" 2>/dev/null
exit "$code"
`;

/** The child's own pid is the guard's, and that of its process group. Rejects where it cannot be started. */
export function startGuarded(
  file: string,
  args: readonly string[],
  env: Environment,
): Promise<GuardedProcess> {
  const child = spawn('/bin/sh', ['-c', GUARD, 'guard', file, ...args], {
    env: { ...env },
    // A process group of its own: what the terminal sends to ours does not reach it.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-KEPT_CHARACTERS);
    });
  }
  const { promise: spoke, resolve: speaks } = withResolvers<void>();
  child.stdout.once('data', () => speaks());
  // Writing is never done; a pipe that breaks is no news.
  child.stdin.on('error', () => {});
  const { promise: exited, resolve } = withResolvers<string>();
  child.once('close', (code, signal) => {
    const words = tellingLine(said);
    resolve(`it ended with ${signal ?? `exit code ${code}`}${words === '' ? '' : `: ${words}`}`);
  });
  return new Promise((fulfil, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      const { pid } = child;
      if (pid === undefined) return;
      fulfil({ pid, spoke, exited, stop: () => stop(pid, () => child.stdin.end(), exited) });
    });
  });
}

/** Why it ended: the reason of a panic, else the last thing it said. */
function tellingLine(said: string): string {
  return /^panic: .*$/m.exec(said)?.[0] ?? lastLine(said);
}

async function stop(pid: number, ask: () => void, exited: Promise<string>): Promise<void> {
  ask();
  const timer = setTimeout(() => {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }, STOP_GRACE_MS + 2_000);
  await exited;
  clearTimeout(timer);
}
