/** Programs in processes of their own that may be killed at any moment and started again. Knows no story. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_WITHIN_MS = 60_000;
const LINES_MAX = 200;
const LOOK_MS = 30;

export interface Recipe {
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  cwd?: string;
  /** Looked at until it says yes. */
  isReady: (said: readonly string[]) => boolean | Promise<boolean>;
}

/** One program through all its lives. */
export class Program {
  /** The last lines of its present life. */
  said: string[] = [];
  private child: ChildProcess | null = null;
  private coming: Promise<void> | null = null;
  private over = false;

  constructor(private readonly recipe: Recipe) {}

  /** Resolves when it is ready; joins a start that is under way. */
  start(): Promise<void> {
    this.coming ??= this.live().finally(() => {
      this.coming = null;
    });
    return this.coming;
  }

  /** SIGKILL, and again after a while. Resolves when it is ready again; nothing happens to one that is not up. */
  async dieFor(backAfterMs: number): Promise<void> {
    await this.kill();
    await sleep(backAfterMs);
    if (!this.over) await this.start();
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    child.kill('SIGKILL');
    await gone;
    // Killed while it started: who starts it again must begin a life, not join the one that has just ended.
    await this.coming?.catch(() => undefined);
  }

  /** For good. */
  async end(): Promise<void> {
    this.over = true;
    await this.kill();
  }

  private async live(): Promise<void> {
    const { command, args, env, cwd, isReady, name } = this.recipe;
    if (this.child !== null && this.child.exitCode === null && this.child.signalCode === null)
      return;
    const said: string[] = [];
    const child = spawn(command, args, {
      env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.child = child;
    this.said = said;
    outliveNobody(child);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        said.push(line);
        if (said.length > LINES_MAX) said.shift();
      });
    }
    for (const until = Date.now() + READY_WITHIN_MS; ; await sleep(LOOK_MS)) {
      if (await isReady(said)) return;
      // Killed while it started: the next life is begun by whoever starts it again.
      if (child.signalCode === 'SIGKILL') return;
      if (child.exitCode !== null)
        throw new Error(`${name} ended with ${child.exitCode}: ${said.slice(-5).join(' | ')}`);
      if (Date.now() > until)
        throw new Error(`${name} was not ready in time: ${said.slice(-5).join(' | ')}`);
    }
  }
}

/** Whoever ends the chaos from outside must not be left with its programs: a shell that outlives this process ends them. */
function outliveNobody(child: ChildProcess): void {
  if (child.pid === undefined) return;
  const script = 'while read -r line; do :; done; kill -KILL "$0" 2>/dev/null';
  const guard = spawn('/bin/sh', ['-c', script, String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.stdin.on('error', () => undefined);
  // By then its pid may be somebody else's.
  child.once('exit', () => guard.kill('SIGKILL'));
}
