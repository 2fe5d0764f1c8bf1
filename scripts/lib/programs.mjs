// A whole service in processes of their own on a simulated cloud in this one, for the load tests and the benchmark.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../dist/src/temporal-server/ports.js';
import { SERVER_SETTINGS } from '../../dist/src/temporal-server/server-settings.js';
import { ROOT } from './run.mjs';
import { ensureTemporalCli } from './temporal-cli.mjs';

const READY_MS = 60_000;
const END_MS = 30_000;
const LINES_KEPT = 20;
const HOST = '127.0.0.1';
const MAIN = 'dist/src/main.js';
const isReady = (line) => line.includes('"ready"');

/**
 * A program that ends with `stop`; resolves once a line of its output says that it is ready. `yields`: to what runs with it, for
 * the processor. `hears`: takes every line.
 */
export async function startProgram(
  { name, command, args, env = {}, yields = false, hears = () => undefined },
  saysReady,
) {
  const [file, ...all] = yields ? ['nice', '-n', '10', command, ...args] : [command, ...args];
  const child = spawn(file, all, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: '/nonexistent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  alive.add(child);
  child.once('exit', () => alive.delete(child));
  const last = [];
  const state = { ready: false };
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => {
      hears(line);
      if (last.push(line) > LINES_KEPT) last.shift();
      if (!state.ready && saysReady(line)) state.ready = true;
    });
  const program = { pid: child.pid, last, stop: () => stop(child) };
  for (const until = Date.now() + READY_MS; !state.ready; await sleep(10)) {
    if (child.exitCode === null && Date.now() < until) continue;
    await program.stop();
    throw new Error(`${name} is not ready: ${last.join('\n')}`);
  }
  return program;
}

/** Whatever runs when this process ends, ends with it. */
const alive = new Set();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGTERM');
});

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const limit = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await gone;
  clearTimeout(limit);
}

/** Temporal's dev server with a file of its own, and nothing else. */
export async function startTemporal({ yields = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'rollback-programs-'));
  const command = await ensureTemporalCli();
  const port = await freePort(HOST, 0);
  // prettier-ignore
  const args = [
    'server', 'start-dev', '--headless', '--ip', HOST, '--port', String(port),
    '--db-filename', join(folder, 'temporal.db'), '--log-level', 'error', '--color', 'never',
    ...SERVER_SETTINGS,
  ];
  const saysReady = (line) => /Server:|Temporal server/i.test(line) || line.includes(String(port));
  const program = await startProgram({ name: 'temporal', command, args, yields }, saysReady);
  return {
    address: `${HOST}:${port}`,
    pid: program.pid,
    async stop() {
      await program.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * Temporal, workers and the API, on this cloud. `settings`: more of ROLLBACK_*. `onlyApiMatters`: what runs on machines of its own
 * elsewhere gives way here. `inside`: `args` of Node load something into the service's programs, which writes lines `{"inside": …}`;
 * `hears` takes the name of the program and what the line says.
 */
export async function startPrograms(
  cloud,
  settings = {},
  { workers = 1, onlyApiMatters: yields = false, inside = null } = {},
) {
  const temporal = await startTemporal({ yields });
  const running = [temporal];
  const pids = { temporal: temporal.pid };
  const stopAll = async () => {
    for (const program of running.toReversed()) await program.stop();
  };
  const port = await freePort(HOST, 0);
  const env = {
    ...cloud.env,
    TEMPORAL_ADDRESS: temporal.address,
    ROLLBACK_PORT: String(port),
    ROLLBACK_WORKER_METRICS_PORT: '0',
    ROLLBACK_LOG_LEVEL: 'info',
    // One caller asks for all.
    ROLLBACK_RATE_LIMIT: '0',
    ...settings,
  };
  const start = async (name, part) => {
    const program = {
      name,
      command: process.execPath,
      args: [...(inside?.args ?? []), MAIN, part],
      env,
      yields: yields && part !== 'api',
      hears: (line) => {
        if (line.startsWith('{"inside"')) inside?.hears(name, JSON.parse(line).inside);
      },
    };
    const started = await startProgram(program, isReady);
    running.push(started);
    pids[name] = started.pid;
  };
  try {
    for (let number = 1; number <= workers; number += 1)
      await start(number === 1 ? 'worker' : `worker ${number}`, 'worker');
    await start('api', 'api');
  } catch (error) {
    await stopAll();
    throw error;
  }
  return { url: `http://${HOST}:${port}`, address: temporal.address, pids, stop: stopAll };
}
