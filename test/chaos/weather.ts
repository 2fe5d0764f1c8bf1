/** Chaos without deaths: one Temporal server and one worker for all runs, a cloud of its own for each. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Worker } from '@temporalio/worker';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RollbackActivities } from '../../activities/types.js';
import { ApiError } from '../../src/api/errors.js';
import type { Config } from '../../src/config.js';
import { FAILURES } from '../../src/domain/failures.js';
import { completeOptions, type RollbackOptions } from '../../src/domain/options.js';
import { TemporalRollbacks } from '../../src/temporal/rollbacks.js';
import { createWorker } from '../../src/worker/create-worker.js';
import { activitiesOf, configOf } from '../service/service.js';
import { clientOf } from '../support/cloud.js';
import { dispatched } from '../support/dispatched.js';
import { startTemporal, workflowBundle } from '../support/temporal.js';
import { type Door, play, Refused, type Run } from './run.js';
import type { Stage } from './stage.js';
import { ROLLBACK_PROGRESS_TIMEOUT, type Story } from './story.js';

const ACCEPT_MS = 10_000;
const ASK_AGAIN_MS = 100;
const ASKS_MAX = 30;
const WAIT_MS = 60_000;

export interface Weather {
  play(seed: number): Promise<Run>;
  close(): Promise<void>;
}

export async function openWeather(): Promise<Weather> {
  const config = configOf({ settings: { ROLLBACK_PROGRESS_TIMEOUT } });
  const { taskQueue } = config.temporal;
  const byPlan = new Map<string, RollbackActivities>();
  const temporal = await startTemporal();
  const worker = await createWorker({
    connection: temporal.nativeConnection,
    namespace: 'default',
    taskQueue,
    activities: dispatched(byPlan),
    workflowBundle: await workflowBundle(),
    shutdownGraceMs: 1000,
  });
  const working = worker.run();
  const open = (stage: Stage): Promise<Door> => {
    const cloud = clientOf(stage.sim);
    byPlan.set(stage.plan, activitiesOf(cloud, withNewRuns(config, stage.story)));
    const rollbacks = new TemporalRollbacks({
      client: temporal.client,
      taskQueue,
      webUrl: null,
      startsAtOnce: 32,
    });
    return Promise.resolve({
      rollBack: async (plan, options) => {
        await accepted(rollbacks, plan, options);
        return await rollbacks.waitForEnd(plan, WAIT_MS, AbortSignal.timeout(WAIT_MS));
      },
      whole: () => Promise.resolve(),
      close: async () => {
        byPlan.delete(stage.plan);
        await cloud.close();
      },
    });
  };
  return {
    play: (seed) => play('weather', seed, open),
    close: () => end(temporal, worker, working),
  };
}

async function end(
  temporal: TestWorkflowEnvironment,
  worker: Worker,
  working: Promise<void>,
): Promise<void> {
  worker.shutdown();
  await working;
  await temporal.teardown();
}

function withNewRuns(config: Config, { newRuns }: Story): Config {
  if (newRuns === null) return config;
  const { activities } = config;
  const { afterEvents: continue_as_new_after, concurrency } = newRuns;
  const limits = { ...activities.limits, continue_as_new_after, concurrency };
  return { ...config, activities: { ...activities, limits } };
}

/** As a caller who believes Retry-After. */
async function accepted(
  rollbacks: TemporalRollbacks,
  plan: string,
  options: Partial<RollbackOptions>,
): Promise<void> {
  for (let ask = 1; ; ask += 1) {
    const now = Date.now();
    try {
      await rollbacks.request(
        plan,
        {
          options,
          requested_by: { user_id: null, user_name: null, project_id: null, request_id: null },
          requested_at: new Date(now).toISOString(),
          accept_by: new Date(now + ACCEPT_MS).toISOString(),
          previous_run_id: null,
        },
        completeOptions(options, 3600),
      );
      return;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (FAILURES[error.type].status !== 503) throw new Refused(`${error.type}: ${error.message}`);
      if (ask === ASKS_MAX)
        throw new Error(`refused ${ASKS_MAX} times, last: ${error.message}`, { cause: error });
      await sleep(ASK_AGAIN_MS);
    }
  }
}
