/**
 * Chaos with deaths: two workers and the API in processes of their own, a Temporal server with a database file for each lane,
 * and any of them killed and started again at any moment, while the weather is bad as well.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RollbackOptions } from '../../src/domain/options.js';
import type { RollbackResult } from '../../src/domain/result.js';
import { isRollbackState } from '../../src/domain/states.js';
import { answers, freePort } from '../../src/temporal-server/ports.js';
import { SERVER_SETTINGS } from '../../src/temporal-server/server-settings.js';
import { RollbackCaller, type Answer } from '../service/caller.js';
import { SCALED } from '../service/service.js';
import { ensureBuilt, ROOT } from '../support/built.js';
import { temporalCli } from '../support/temporal.js';
import { Program } from './programs.js';
import { type Door, play, Refused, type Run } from './run.js';
import type { Stage } from './stage.js';
import { ROLLBACK_PROGRESS_TIMEOUT, type Trouble } from './story.js';

const HOST = '127.0.0.1';
const ASK_AGAIN_MS = 100;
/** A rollback ends in a tenth of that; the run's own limit is shorter. */
const ASKS_MAX = 1_000;
const RUNNING = ['PENDING', 'ONGOING', 'PAUSED'];

export interface Deaths {
  play(seed: number): Promise<Run>;
  close(): Promise<void>;
}

/** One lane: runs on it are one after another. */
export async function openDeaths(): Promise<Deaths> {
  ensureBuilt();
  const folder = mkdtempSync(join(tmpdir(), 'rollback-chaos-'));
  const port = await freePort(HOST, 0);
  const address = `${HOST}:${port}`;
  const temporal = new Program({
    name: 'temporal',
    command: temporalCli(),
    // prettier-ignore
    args: [
      'server', 'start-dev', '--headless', '--ip', HOST, '--port', String(port),
      '--db-filename', join(folder, 'temporal.db'), '--log-level', 'never', '--color', 'never',
      ...SERVER_SETTINGS,
    ],
    env: {},
    isReady: () => answers(address),
  });
  await temporal.start();
  return {
    play: (seed) => play('deaths', seed, (stage) => openDoor(stage, temporal, address)),
    close: async () => {
      await temporal.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function openDoor(stage: Stage, temporal: Program, address: string): Promise<Door> {
  const apiPort = await freePort(HOST, 0);
  const { newRuns } = stage.story;
  const env = {
    ...stage.sim.env,
    ...SCALED,
    ROLLBACK_PROGRESS_TIMEOUT,
    // As in the weather: an answer that does not come is given up long before the run is.
    ROLLBACK_READ_TIMEOUT: '2',
    ROLLBACK_CHANGE_TIMEOUT: '2',
    ...(newRuns !== null && {
      ROLLBACK_CONTINUE_AS_NEW_AFTER: String(newRuns.afterEvents),
      ROLLBACK_CONCURRENCY: String(newRuns.concurrency),
    }),
    TEMPORAL_ADDRESS: address,
    ROLLBACK_TASK_QUEUE: `chaos-${randomUUID()}`,
    ROLLBACK_PORT: String(apiPort),
    ROLLBACK_WORKER_METRICS_PORT: '0',
    ROLLBACK_LOG_LEVEL: 'info',
  };
  const ours = (name: string, command: string): Program =>
    new Program({
      name,
      command: process.execPath,
      args: ['dist/src/main.js', command],
      cwd: ROOT,
      env,
      isReady: (said) => said.some((line) => line.includes('"ready"')),
    });
  const workers = [ours('worker 1', 'worker'), ours('worker 2', 'worker')];
  const api = ours('api', 'api');
  const all = [...workers, api];
  try {
    await Promise.all(all.map((program) => program.start()));
  } catch (error) {
    // Left alone they would slow down the next, which then does not start in time either.
    await Promise.all(all.map((program) => program.end()));
    throw error;
  }
  const caller = new RollbackCaller(
    `http://${HOST}:${apiPort}`,
    stage.sim.issueToken({ userName: 'anna', roles: ['admin'] }),
  );
  let deaths: Promise<void>[] | null = null;
  const begin = (): Promise<void>[] =>
    stage.story.troubles.flatMap((trouble) => {
      if (trouble.kind !== 'kill') return [];
      return victims(trouble, workers, api, temporal).map(async (program) => {
        await sleep(trouble.atMs);
        await program.dieFor(trouble.backAfterMs);
      });
    });
  return {
    rollBack: async (plan, options) => {
      deaths ??= begin();
      await accepted(caller, plan, options);
      return await ended(caller, plan);
    },
    whole: async () => {
      await Promise.all(deaths ?? []);
      await Promise.all([temporal, ...all].map((program) => program.start()));
    },
    close: async () => {
      await Promise.allSettled(deaths ?? []);
      await Promise.all(all.map((program) => program.end()));
      await temporal.start();
    },
  };
}

function victims(
  { what, atMs }: Trouble & { kind: 'kill' },
  workers: Program[],
  api: Program,
  temporal: Program,
): Program[] {
  if (what === 'api') return [api];
  if (what === 'temporal') return [temporal];
  // The first, the second, or both at once.
  const which = atMs % (workers.length + 1);
  return which === workers.length ? workers : workers.slice(which, which + 1);
}

/** As a caller who asks again where nobody answers, or where it is told to. */
async function accepted(
  caller: RollbackCaller,
  plan: string,
  options: Partial<RollbackOptions>,
): Promise<void> {
  await asked(async () => {
    const answer = await caller.post(plan, { prefer: 'respond-async', body: options });
    return isFinal(answer) ? answer : null;
  });
}

function ended(caller: RollbackCaller, plan: string): Promise<RollbackResult> {
  return asked(async () => {
    const answer = await caller.get(plan);
    if (!isFinal(answer) || !isRollbackState(answer.body.state)) return null;
    return RUNNING.includes(answer.body.state) ? null : answer.body;
  });
}

function isFinal(answer: Answer): boolean {
  if (answer.status === 200) return true;
  if (answer.status === 503 || answer.status === 429) return false;
  throw new Refused(`${answer.status}: ${answer.fault}`);
}

async function asked<T>(ask: () => Promise<T | null>): Promise<T> {
  let last: unknown = null;
  for (let times = 0; times < ASKS_MAX; times += 1) {
    try {
      const answer = await ask();
      if (answer !== null) return answer;
    } catch (error) {
      if (error instanceof Refused) throw error;
      last = error;
    }
    await sleep(ASK_AGAIN_MS);
  }
  throw new Error('nobody answers', { cause: last });
}
