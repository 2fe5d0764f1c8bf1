/**
 * The service under test, started as a user starts it (`npm start`) and spoken to as a caller does (HTTP). Its own
 * port, its own embedded Temporal and database; everything that is started here ends with `stop`.
 */
import { spawn } from 'node:child_process';
import {
  createWriteStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Caller } from './caller.mjs';
import { pause, until } from './cloud.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The first start on a machine installs packages, builds, and may have to build Temporal's server: minutes. */
const READY_LIMIT_MS = 10 * 60_000;
/** Longer than the service's own ROLLBACK_SHUTDOWN_GRACE. */
const STOP_LIMIT_MS = 40_000;
/** Lines. */
const LAST_WORDS = 20;

/** Starts the service against the cloud of `env` and waits until it is ready. */
export async function startService({ env, note, signal }) {
  note('npm start (the first time: packages, build, Temporal)');
  const startedAt = Date.now();
  const started = npmStart({ env, port: await freePort() });
  const { logFile, ended } = started;
  const service = new Service(started);
  try {
    let end = null;
    void ended.then((how) => (end = how));
    await until(
      'the service is ready',
      async () => {
        signal.throwIfAborted();
        if (end !== null) throw new Error(`npm start ended at once: ${end.reason}`);
        return await service.ready();
      },
      { limitMs: READY_LIMIT_MS, everyMs: 100 },
    );
  } catch (error) {
    console.error(readFileSync(logFile, 'utf8').split('\n').slice(-40).join('\n'));
    await service.stop({ keepFolder: false });
    throw error;
  }
  service.readyAfterMs = Date.now() - startedAt;
  note(`service ready at ${service.url} after ${(service.readyAfterMs / 1000).toFixed(1)} s`);
  return service;
}

/**
 * A start that is to be refused. The service is told its own address, as `env(address)`.
 * @returns {Promise<{code: number | null, said: string}>} once it has ended; `said`: stdout and stderr.
 */
export async function refusedStart(env, { undo, limitMs = 60_000 }) {
  const port = await freePort();
  const started = npmStart({ env: env(`http://127.0.0.1:${port}`), port });
  const service = new Service(started);
  const stop = undo.later(() => service.stop({ keepFolder: false }));
  const late = pause(limitMs).then(() => ({ code: null, reason: 'it did not end' }));
  const { code } = await Promise.race([started.ended, late]);
  // What it said last is still on its way to the file.
  await pause(200);
  const said = readFileSync(started.logFile, 'utf8');
  await stop();
  return { code, said };
}

function npmStart({ env, port }) {
  const folder = mkdtempSync(join(tmpdir(), 'rollback-test-'));
  const logFile = join(folder, 'service.log');
  const child = spawn('npm', ['start', '--silent'], {
    cwd: ROOT,
    env: {
      ...withoutOthers(process.env),
      ROLLBACK_HOST: '127.0.0.1',
      ROLLBACK_PORT: String(port),
      ROLLBACK_TEMPORAL_DB: join(folder, 'temporal.db'),
      ...env,
    },
    // A process group of its own: Ctrl-C reaches this program first, which then ends the service in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(logFile);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: null, reason: error.message }));
    child.once('exit', (code, by) => resolve({ code, reason: `exit ${code ?? by}` }));
  });
  return { port, child, ended, folder, logFile };
}

/** The run's own service must not be led elsewhere by what the caller has set for another. */
export function withoutOthers(env) {
  return Object.fromEntries(
    Object.entries(env).filter(([key]) => !/^(OS_|ROLLBACK_|TEMPORAL_(?!CLI_PATH))/.test(key)),
  );
}

export async function freePort() {
  for (;;) {
    const port = await anyPort();
    // python-watcherclient cuts every 1 off the end of an endpoint (rstrip('/v1') in common/httpclient.py): 34211 becomes 342.
    if (!String(port).endsWith('1')) return port;
  }
}

function anyPort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class Service extends Caller {
  #child;
  #ended;
  #folder;
  /** @type {string | null} */
  #end = null;
  #told = 0;

  constructor({ port, child, ended, folder, logFile }) {
    super(`http://127.0.0.1:${port}`);
    this.#child = child;
    this.#ended = ended;
    this.#folder = folder;
    this.logFile = logFile;
    void ended.then(({ reason }) => (this.#end = reason));
  }

  /** For a failure: how it ended, where it did, and its warnings and errors since it was asked last. */
  lastWords() {
    const lines = this.log();
    const bad = lines.slice(this.#told).filter(({ level }) => /warn|error|fatal/.test(level));
    this.#told = lines.length;
    return [
      ...bad.slice(-LAST_WORDS).map((line) => JSON.stringify(line)),
      ...(this.#end === null ? [] : [`npm start has ended: ${this.#end}`]),
    ].join('\n');
  }

  /** The lines of its log that are JSON. */
  log() {
    return readFileSync(this.logFile, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
  }
  /**
   * SIGTERM to `npm start`, as a supervisor sends it; after a limit, SIGKILL to all that it began.
   * @returns {Promise<number | null>} exit code; null where it was killed, or died of the signal.
   */
  async stop({ keepFolder }) {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#killAll(), STOP_LIMIT_MS);
    const { code } = await this.#ended;
    clearTimeout(timer);
    this.#killAll();
    if (!keepFolder) rmSync(this.#folder, { recursive: true, force: true });
    return code;
  }

  /** Whatever is left of its process group, and an embedded Temporal that outlived it (known by its database). */
  #killAll() {
    if (this.#child.pid === undefined) return;
    for (const pid of [-this.#child.pid, ...processesNaming(this.#folder)]) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone already.
      }
    }
  }
}

function processesNaming(text) {
  if (!existsSync('/proc/self/cmdline')) return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((entry) => {
      try {
        return readFileSync(`/proc/${entry}/cmdline`, 'utf8').includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}
