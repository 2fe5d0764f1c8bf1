// From nothing to ready: `npm start` beside the development server of Temporal that it starts, and the command beside Node.
import { Connection } from '@temporalio/client';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { row } from '../../dist/bench/lib/rows.js';
import { startSimulatedCloud } from '../../dist/src/simulated-cloud/start.js';
import { startProgram, startTemporal } from '../../scripts/lib/programs.mjs';
import { ROOT } from '../../scripts/lib/run.mjs';
import { ensureTemporalCli } from '../../scripts/lib/temporal-cli.mjs';
import { timed } from '../lib/stage.mjs';

const run = promisify(execFile);
const CONNECT_WITHIN_MS = 60_000;
const COMMAND = 'bin/watcher-rollback.mjs';

export async function start({ runs, note }) {
  const cloud = await startSimulatedCloud();
  const figures = [];
  try {
    for (let turn = 0; turn <= runs; turn += 1) {
      const figure = {
        npmStart: await npmStart(cloud),
        temporal: await temporalAlone(),
        command: await node([COMMAND, '--version']),
        node: await node(['-e', '0']),
      };
      note(JSON.stringify(figure));
      // The first finds the files on no cache.
      if (turn > 0) figures.push(figure);
    }
  } finally {
    await cloud.close();
  }
  const of = (what) => figures.map((figure) => figure[what]);
  const ratio = (one, other) => figures.map((figure) => figure[one] / figure[other]);
  return [
    row({
      name: "npm start to ready / Temporal's own start",
      unit: '×',
      values: ratio('npmStart', 'temporal'),
      facts: figures,
    }),
    row({ name: 'npm start to ready', unit: 'ms', values: of('npmStart') }),
    row({ name: "Temporal's own start, until it answers", unit: 'ms', values: of('temporal') }),
    row({
      name: 'watcher-rollback --version / node -e 0',
      unit: '×',
      values: ratio('command', 'node'),
    }),
    row({ name: 'watcher-rollback --version', unit: 'ms', values: of('command') }),
  ];
}

async function npmStart(cloud) {
  const folder = mkdtempSync(join(tmpdir(), 'rollback-start-'));
  const env = {
    ...cloud.env,
    HOME: folder,
    TEMPORAL_CLI_PATH: await ensureTemporalCli(),
    ROLLBACK_TEMPORAL_DB: join(folder, 'temporal.db'),
    ROLLBACK_PORT: '0',
  };
  const program = { name: 'npm start', command: 'npm', args: ['start', '--silent'], env };
  try {
    const { ms, value } = await timed(() =>
      startProgram(program, (line) => line.includes('"ready"')),
    );
    await value.stop();
    return ms;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The way in which the service waits for it, too: until it answers. */
async function temporalAlone() {
  const { ms, value } = await timed(async () => {
    const temporal = await startTemporal();
    const until = Date.now() + CONNECT_WITHIN_MS;
    for (;;) {
      try {
        const connection = await Connection.connect({ address: temporal.address });
        await connection.close();
        return temporal;
      } catch (error) {
        if (Date.now() > until) throw error;
        await sleep(10);
      }
    }
  });
  await value.stop();
  return ms;
}

async function node(args) {
  const { ms } = await timed(() => run(process.execPath, args, { cwd: ROOT }));
  return ms;
}
