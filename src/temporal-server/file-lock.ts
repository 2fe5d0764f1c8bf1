/**
 * A lock between processes of one user, as a file that says who holds it and what for. A holder that has died, or has
 * not touched its file for a while, is taken for gone. Knows nothing of Temporal.
 */
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

const recordSchema = z.object({
  pid: z.number().int().positive(),
  host: z.string(),
  token: z.string(),
  /** What others need to know, e.g. an address. */
  info: z.record(z.string(), z.string()),
});
export type LockRecord = z.infer<typeof recordSchema>;

export interface HeldLock {
  /** What the holder before left, where it ended without releasing; null: there was none. */
  readonly abandoned: LockRecord | null;
  /** Tells others. */
  publish(info: Record<string, string>): Promise<void>;
  release(): Promise<void>;
}

export interface LockOptions<T> {
  waitMs: number;
  /** Called once, when another process holds the lock. */
  onWait?: (holder: LockRecord) => void;
  /** Called at each look: anything but null ends the waiting with it, without the lock. */
  accept?: (holder: LockRecord) => Promise<T | null>;
}

export class LockTimeout extends Error {
  override readonly name = 'LockTimeout';
}

const LOOK_EVERY_MS = 200;
const TOUCH_EVERY_MS = 2_000;
/** Judged by the waiter's own clock, so that neither a wrong clock nor a suspended machine breaks a lock. */
const SILENT_FOR_MS = 15_000;

/** The lock, or what `accept` made of its holder. Throws LockTimeout. */
export async function lockFile<T = never>(
  path: string,
  options: LockOptions<T>,
): Promise<{ lock: HeldLock } | { accepted: T }> {
  const deadline = performance.now() + options.waitMs;
  const silence = new Silence();
  let abandoned: LockRecord | null = null;
  let told = false;
  for (;;) {
    const lock = await tryLock(path, abandoned);
    if (lock !== null) return { lock };
    const seen = await readLock(path);
    if (seen === 'gone') continue;
    if (seen === 'broken' || isDead(seen.record) || silence.tooLong(seen)) {
      if (seen !== 'broken') abandoned = seen.record;
      await breakLock(path, seen === 'broken' ? null : seen.record.token);
      continue;
    }
    const accepted = (await options.accept?.(seen.record)) ?? null;
    if (accepted !== null) return { accepted };
    if (!told) options.onWait?.(seen.record);
    told = true;
    if (performance.now() > deadline) {
      const seconds = Math.round(options.waitMs / 1000);
      throw new LockTimeout(
        `Process ${seen.record.pid} has held ${path} for more than ${seconds} s. End it, or wait for it, then start again.`,
      );
    }
    await sleep(LOOK_EVERY_MS);
  }
}

async function tryLock(path: string, abandoned: LockRecord | null): Promise<HeldLock | null> {
  const record: LockRecord = { pid: process.pid, host: hostname(), token: randomUUID(), info: {} };
  const draft = `${path}.${record.token}`;
  await writeFile(draft, JSON.stringify(record), { mode: 0o600 });
  try {
    // Unlike a rename, a link fails where the name exists; and the file is complete when it gets its name.
    await link(draft, path);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return null;
    throw error;
  } finally {
    await unlink(draft);
  }
  return held(path, record, abandoned);
}

function held(path: string, record: LockRecord, abandoned: LockRecord | null): HeldLock {
  const isOurs = async (): Promise<boolean> => {
    const seen = await readLock(path);
    return typeof seen === 'object' && seen.record.token === record.token;
  };
  const touch = setInterval(() => {
    const now = new Date();
    // Whether it works is seen by those who wait.
    utimes(path, now, now).catch(() => {});
  }, TOUCH_EVERY_MS).unref();
  return {
    abandoned,
    async publish(info) {
      if (!(await isOurs())) return;
      const draft = `${path}.${randomUUID()}`;
      await writeFile(draft, JSON.stringify({ ...record, info }), { mode: 0o600 });
      await rename(draft, path);
    },
    async release() {
      clearInterval(touch);
      if (await isOurs()) await unlink(path);
    },
  };
}

type Seen = { record: LockRecord; touchedMs: number };

async function readLock(path: string): Promise<Seen | 'gone' | 'broken'> {
  try {
    const text = await readFile(path, 'utf8');
    const { mtimeMs } = await stat(path);
    return { record: recordSchema.parse(JSON.parse(text)), touchedMs: mtimeMs };
  } catch (error) {
    return hasCode(error, 'ENOENT') ? 'gone' : 'broken';
  }
}

/** Another waiter may have broken the lock and taken it meanwhile: then it is put back. */
async function breakLock(path: string, judgedToken: string | null): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  const moved = await readLock(aside);
  const token = typeof moved === 'object' ? moved.record.token : null;
  if (token !== judgedToken) await link(aside, path).catch(() => {});
  await unlink(aside);
}

/** Of a process on another machine (a shared home folder) only its silence tells. */
function isDead(record: LockRecord): boolean {
  return record.host === hostname() && !isAlive(record.pid);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: there is such a process, of another user.
    return hasCode(error, 'EPERM');
  }
}

class Silence {
  #token = '';
  #touchedMs = 0;
  #since = 0;

  tooLong(seen: Seen): boolean {
    if (seen.record.token !== this.#token || seen.touchedMs !== this.#touchedMs) {
      this.#token = seen.record.token;
      this.#touchedMs = seen.touchedMs;
      this.#since = performance.now();
    }
    return performance.now() - this.#since > SILENT_FOR_MS;
  }
}

/** By its looks: an error of Node's own is no `Error` of a test's realm. */
export function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
