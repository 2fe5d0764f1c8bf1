// A whole service in processes of their own on a simulated cloud in this one, and what the processes take of the machine.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureTemporalCli } from '../../scripts/lib/temporal-cli.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const READY_MS = 60_000;
const PORTS = { temporal: 17_233, api: 19_323, worker: 19_324 };

/**
 * Temporal, a worker and the API, on this cloud. `settings`: more of ROLLBACK_*. `inside`: takes the name of one of the two
 * Node programs and what inside.mjs says of it, every ten seconds.
 */
export async function startPrograms(cloud, settings = {}, inside = null) {
  const folder = mkdtempSync(join(tmpdir(), 'rollback-load-'));
  const cli = await ensureTemporalCli();
  const running = [];
  const start = async (name, command, args, env, isReady) => {
    // What runs on machines of its own elsewhere gives way here: the API is asked how soon it answers.
    const child = spawn('nice', ['-n', name === 'api' ? '0' : '10', command, ...args], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const last = [];
    const state = { ready: false };
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        if (line.startsWith('{"inside"')) inside(name, JSON.parse(line).inside);
        if (last.push(line) > 20) last.shift();
        if (isReady(line)) state.ready = true;
      });
    running.push(child);
    for (const until = Date.now() + READY_MS; !state.ready; await sleep(50)) {
      if (child.exitCode !== null || Date.now() > until)
        throw new Error(`${name} is not ready: ${last.join('\n')}`);
    }
    return child;
  };
  // prettier-ignore
  const temporal = await start('temporal', cli, [
    'server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(PORTS.temporal),
    '--db-filename', join(folder, 'temporal.db'), '--log-level', 'error', '--color', 'never',
  ], {}, (line) => /Server:|Temporal server/i.test(line) || line.includes(String(PORTS.temporal)));
  const env = {
    ...cloud.env,
    TEMPORAL_ADDRESS: `127.0.0.1:${PORTS.temporal}`,
    ROLLBACK_PORT: String(PORTS.api),
    ROLLBACK_WORKER_METRICS_PORT: String(PORTS.worker),
    ROLLBACK_LOG_LEVEL: 'info',
    // One caller asks for all.
    ROLLBACK_RATE_LIMIT: '0',
    ...settings,
  };
  const ours = (name) => {
    const looked = inside === null ? [] : ['--expose-gc', '--import', './test/load/inside.mjs'];
    const args = [...looked, 'dist/src/main.js', name];
    return start(name, process.execPath, args, env, (line) => line.includes('"ready"'));
  };
  const worker = await ours('worker');
  const api = await ours('api');
  return {
    url: `http://127.0.0.1:${PORTS.api}`,
    pids: { api: api.pid, worker: worker.pid, temporal: temporal.pid },
    async stop() {
      for (const child of running.toReversed()) {
        if (child.exitCode !== null) continue;
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGTERM');
        await Promise.race([gone, sleep(30_000).then(() => child.kill('SIGKILL'))]);
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Clock ticks a second of /proc, on every Linux that Node runs on. */
const TICKS = 100;

/** What a process takes now: MB of memory, open files (sockets among them), threads, seconds of CPU so far. Linux. */
export function takes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  // After the name in brackets, which may have spaces: utime and stime are the 14th and 15th field of all.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  return {
    memoryMb: Math.round(field('VmRSS') / 1024),
    files: readdirSync(`/proc/${pid}/fd`).length,
    threads: field('Threads'),
    cpuSeconds: (Number(stat[11]) + Number(stat[12])) / TICKS,
  };
}

/** Samples all processes every second until it is stopped: first, highest and last of each figure. */
export function sampling(pids) {
  const samples = [];
  const timer = setInterval(() => {
    samples.push(Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, takes(pid)])));
  }, 1000);
  return {
    samples,
    stop() {
      clearInterval(timer);
      const figures = {};
      for (const name of Object.keys(pids))
        for (const what of ['memoryMb', 'files', 'threads', 'cpuSeconds']) {
          const all = samples.map((sample) => sample[name][what]);
          figures[`${name} ${what}`] = {
            first: all[0],
            highest: Math.max(...all),
            last: all.at(-1),
          };
        }
      return figures;
    },
  };
}
