/**
 * The embedded Temporal: one dev server with its Web UI per database file. Whoever comes second on the same file joins
 * the one that runs. It ends with the process that started it, and what it knows stays in the file.
 */
import { mkdir } from 'node:fs/promises';
import { dirname, resolve as absolute } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../config.js';
import { type HeldLock, isAlive, lockFile, type LockRecord } from './file-lock.js';
import { type GuardedProcess, startGuarded } from './guarded-process.js';
import { namespaceReady } from './namespace-ready.js';
import { keepToOneself } from './own-file.js';
import { answers, freePort } from './ports.js';
import { SERVER_SETTINGS } from './server-settings.js';

export interface DevServer {
  /** "127.0.0.1:7233" */
  readonly address: string;
  /** "http://127.0.0.1:8233" */
  readonly uiUrl: string;
  readonly namespace: string;
  /** false: another process started it, and it ends with that one. */
  readonly owned: boolean;
  /** Resolves with the reason when an owned server has ended, by `stop` or by itself; never for a joined one. */
  readonly exited: Promise<string>;
  /** Ends an owned server; does nothing to a joined one. */
  stop(): Promise<void>;
}

export interface DevServerOptions {
  /** Asked for only where a server has to be started. */
  cliPath: () => Promise<string>;
  /** Its folder is made where it is missing. */
  dbFile: string;
  namespace: string;
  /** Default: 7233 and 8233 where they are free, else any. */
  port?: number;
  uiPort?: number;
  /** Registered at start, name to type. */
  searchAttributes?: Readonly<Record<string, 'Keyword' | 'Datetime' | 'Text' | 'Int' | 'Bool'>>;
  /** Default 30 days; at least a day. */
  retentionDays?: number;
  logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'never';
  env: Environment;
  /** Takes whole sentences for the person who waits. */
  say: (sentence: string) => void;
  /** Default 60. */
  readyWithinSeconds?: number;
}

/** One sentence: why the server is not there. */
export class DevServerError extends Error {
  override readonly name = 'DevServerError';
}

const HOST = '127.0.0.1';
const DEFAULT_PORT = 7233;
const DEFAULT_UI_PORT = 8233;
const DAY_SECONDS = 86_400;
/** A port that was free may be taken a moment later. */
const START_TRIES = 3;
/** A CLI that says nothing when it is ready is believed after this. */
const SILENT_START_MS = 5_000;
/** The lock is held while the CLI is built, too. */
const JOIN_WAIT_MS = 40 * 60_000;
/** The guard of a server whose parent was killed needs up to 10 s to end it. */
const ABANDONED_WAIT_MS = 15_000;

/** Throws DevServerError, or what `cliPath` throws. */
export async function startDevServer(options: DevServerOptions): Promise<DevServer> {
  const dbFile = absolute(options.dbFile);
  await mkdir(dirname(dbFile), { recursive: true, mode: 0o700 });
  const result = await lockFile(`${dbFile}.lock`, {
    waitMs: JOIN_WAIT_MS,
    accept: whereItRuns,
    onWait: ({ pid }) => options.say(`Process ${pid} is starting Temporal on ${dbFile}; waiting.`),
  });
  if ('accepted' in result) return await join(result.accepted, options);
  const { lock } = result;
  try {
    await endOfAbandoned(lock.abandoned);
    return await start(lock, { ...options, dbFile });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface Running {
  pid: number;
  address: string;
  uiUrl: string;
}

async function whereItRuns({ pid, info }: LockRecord): Promise<Running | null> {
  const { address, uiUrl } = info;
  if (address === undefined || uiUrl === undefined || !(await answers(address))) return null;
  return { pid, address, uiUrl };
}

async function join(running: Running, options: DevServerOptions): Promise<DevServer> {
  const { pid, address, uiUrl } = running;
  options.say(
    `Temporal of process ${pid} already runs on this database at ${address}: joined. It ends with that process.`,
  );
  try {
    await namespaceReady(address, wishOf(options), deadlineOf(options));
  } catch (error) {
    throw notReady(error, options);
  }
  return {
    address,
    uiUrl,
    namespace: options.namespace,
    owned: false,
    exited: new Promise(() => {}),
    stop: () => Promise.resolve(),
  };
}

async function start(lock: HeldLock, options: DevServerOptions): Promise<DevServer> {
  const cli = await options.cliPath();
  const startedAt = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort(HOST, DEFAULT_PORT));
    const uiPort = options.uiPort ?? (await freePort(HOST, DEFAULT_UI_PORT));
    const child = await startGuarded(
      cli,
      argumentsOf(options, port, uiPort),
      withoutOthers(options.env),
    );
    const address = `${HOST}:${port}`;
    const uiUrl = `http://${HOST}:${uiPort}`;
    // Before it is ready, so that whoever finds this lock abandoned knows what to wait for.
    await lock.publish({ serverPid: String(child.pid) });
    const trouble = await firstTrouble(child, address, options);
    if (trouble === null) {
      await keepToOneself(options.dbFile);
      await lock.publish({ serverPid: String(child.pid), address, uiUrl });
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      options.say(`Temporal runs at ${address} after ${seconds} s; its Web UI is ${uiUrl}.`);
      const exited = child.exited.then(async (reason) => {
        await lock.release();
        return reason;
      });
      const stop = async (): Promise<void> => {
        await child.stop();
        await exited;
      };
      return { address, uiUrl, namespace: options.namespace, owned: true, exited, stop };
    }
    await child.stop();
    // Also for the ports that the server chooses by itself, whatever port was asked for.
    const ours = options.port !== undefined && trouble.includes(`:${options.port}`);
    // CLI 1.5.1 also says a taken port as "panic: runtime error: … nil pointer", where both servers start at once.
    const again = !ours && /address already in use|panic: runtime error/i.test(trouble);
    if (!again || attempt === START_TRIES) {
      throw new DevServerError(
        `Temporal could not be started on ${options.dbFile}: ${trouble}. Set TEMPORAL_ADDRESS to use another one.`,
      );
    }
  }
}

/** null: it is ready. */
async function firstTrouble(
  child: GuardedProcess,
  address: string,
  options: DevServerOptions,
): Promise<string | null> {
  const ended = new AbortController();
  const signal = AbortSignal.any([deadlineOf(options), ended.signal]);
  const exited = child.exited.then((reason) => {
    ended.abort();
    return reason;
  });
  const ready = namespaceReady(address, wishOf(options), signal).then(
    () => null,
    (error: unknown) => notReady(error, options).message,
  );
  // Where the port is another server's, that one is ready; ours ends with an error before it has said a word.
  const speaks = Promise.race([child.spoke, sleep(SILENT_START_MS, undefined, { signal })]);
  const bothReady = Promise.all([ready, speaks.catch(() => {})]).then(([trouble]) => trouble);
  const trouble = await Promise.race([bothReady, exited]);
  return ended.signal.aborted ? await exited : trouble;
}

function argumentsOf(options: DevServerOptions, port: number, uiPort: number): string[] {
  const attributes = Object.entries(options.searchAttributes ?? {});
  // prettier-ignore
  return [
    'server', 'start-dev', '--db-filename', options.dbFile, '--ip', HOST,
    '--port', String(port), '--ui-port', String(uiPort), '--namespace', options.namespace,
    ...attributes.flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
    ...SERVER_SETTINGS, '--log-level', options.logLevel ?? 'error', '--color', 'never',
    '--disable-config-file', '--disable-config-env',
  ];
}

/** TEMPORAL_* of the environment is meant for clients, and would change the server's own command line. */
function withoutOthers(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}

async function endOfAbandoned(record: LockRecord | null): Promise<void> {
  const pid = Number(record?.info['serverPid'] ?? 0);
  const deadline = performance.now() + ABANDONED_WAIT_MS;
  if (pid === 0) return;
  while (performance.now() < deadline && isAlive(pid)) await sleep(50);
}

function wishOf(options: DevServerOptions): { namespace: string; retentionSeconds: number } {
  return {
    namespace: options.namespace,
    retentionSeconds: (options.retentionDays ?? 30) * DAY_SECONDS,
  };
}

function deadlineOf(options: DevServerOptions): AbortSignal {
  return AbortSignal.timeout((options.readyWithinSeconds ?? 60) * 1000);
}

function notReady(error: unknown, options: DevServerOptions): DevServerError {
  const reason = error instanceof Error ? error.message : String(error);
  const seconds = options.readyWithinSeconds ?? 60;
  return new DevServerError(`it was not ready within ${seconds} s (${reason})`, { cause: error });
}
