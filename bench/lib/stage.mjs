// Where a part plays: a simulated cloud in this process, the service in processes of its own, a worker of the bare workflows in
// another, all on one Temporal; and what is asked of them.
import { Client, Connection } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { dataConverter } from '../../dist/src/temporal/connection.js';
import { startSimulatedCloud } from '../../dist/src/simulated-cloud/start.js';
import { Caller } from '../../scripts/lib/caller.mjs';
import { startProgram, startPrograms } from '../../scripts/lib/programs.mjs';

const BARE_QUEUE = 'bench-bare';
const BARE_WORKER = 'bench/bare/worker.mjs';

/** A cloud whose changes are over as soon as they are asked for. */
export const AT_ONCE = Object.fromEntries(
  [
    'conductor',
    'liveMigration',
    'coldMigration',
    'confirm',
    'start',
    'stop',
    'power',
    'hostBoot',
  ].map((name) => [name, 0]),
);

/**
 * A plan is applied in time that lies after everything on record and puts the cloud's clock ahead by what it takes
 * (docs/fake-vs-real.md). So many milliseconds behind the machine's it starts, so that it is never ahead: a worker would take that
 * for a cloud whose listings do not join. Well below the age that a plan may have.
 */
const CLOUD_BEHIND_MS = 5.8 * 3_600_000;

/**
 * `cloud`: SimulatedCloudOptions. `settings`: ROLLBACK_* of the service. `workers`: of the service. `bareWorkers`: how many of
 * those, 0 where nothing bare is measured. `inside`: what is loaded into the service's programs, and who hears of it
 * (scripts/lib/programs.mjs).
 */
export async function openStage({
  cloud: options,
  settings,
  workers = 1,
  bareWorkers = 1,
  inside = null,
}) {
  const cloud = await startSimulatedCloud(options);
  cloud.advance(-CLOUD_BEHIND_MS);
  const ends = [() => cloud.close()];
  const close = async () => {
    for (const end of ends.toReversed()) await end();
  };
  try {
    const own = { ROLLBACK_MAX_AGE: '604800', ...settings };
    const programs = await startPrograms(cloud, own, { workers, inside });
    ends.push(() => programs.stop());
    const connection = await Connection.connect({ address: programs.address });
    ends.push(() => connection.close());
    const client = new Client({ connection, dataConverter });
    // The cloud is in this process, and so is who asks the service.
    const pids = { ...programs.pids, cloud: process.pid };
    for (let number = 1; number <= bareWorkers; number += 1) {
      const bare = await startBareWorker(cloud, programs.address);
      ends.push(() => bare.stop());
      pids[number === 1 ? 'bare' : `bare ${number}`] = bare.pid;
    }
    const token = cloud.issueToken({ userName: 'bench', roles: ['admin'] });
    const caller = new Caller(programs.url, token);
    return { cloud, programs, pids, client, caller, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function startBareWorker(cloud, address) {
  const env = {
    TEMPORAL_ADDRESS: address,
    BENCH_TASK_QUEUE: BARE_QUEUE,
    BENCH_CLOUD: new URL(cloud.authUrl).origin,
    BENCH_TOKEN: cloud.issueToken({ userName: 'bare', roles: ['admin'] }),
  };
  const program = { name: 'bare worker', command: process.execPath, args: [BARE_WORKER], env };
  return startProgram(program, (line) => line === 'ready');
}

/** Opens a stage for `play` and closes it after. */
export async function onStage(options, play) {
  const stage = await openStage(options);
  try {
    return await play(stage);
  } finally {
    await stage.close();
  }
}

/** Temporal is not done with workflows when their end is answered: what is measured next would wait for that. */
export function rest(ms = 1000) {
  return sleep(ms);
}

/** Milliseconds that `work` takes, and what it gives. */
export async function timed(work) {
  const startedAt = performance.now();
  const value = await work();
  return { ms: performance.now() - startedAt, value };
}

/** One rollback from POST to its end. Throws where it has not brought back all of it: then there is nothing to measure. */
export async function rollBack({ caller }, plan) {
  const { ms, value: result } = await timed(() => caller.rollBack(plan));
  const others = Object.entries(result.counts).filter(([of, n]) => of !== 'SUCCEEDED' && n > 0);
  if (result.state !== 'SUCCEEDED' || others.length > 0)
    throw new Error(
      `the rollback of ${plan} ended ${result.state}: ${JSON.stringify(result.counts)}`,
    );
  return { ms, result };
}

/** A bare workflow from its start to its end. */
export async function runBare({ client }, workflow, input) {
  const workflowId = `bare-${randomUUID()}`;
  const { ms } = await timed(() =>
    client.workflow.execute(workflow, { workflowId, taskQueue: BARE_QUEUE, args: [input] }),
  );
  return { ms, workflowId };
}

export const bareQueue = BARE_QUEUE;
