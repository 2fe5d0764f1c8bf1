/** API and workers of two builds side by side: the last release (previous) and today's (present), on one cloud and Temporal. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { randomUUID } from 'node:crypto';
import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { SimulatedCloud } from '../../src/simulated-cloud/types.js';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import type { Unpacked } from '../releases/release.js';
import { RollbackCaller } from '../service/caller.js';
import { SCALED } from '../service/service.js';
import { type Program, runProgram } from '../support/program.js';

export type Build = 'previous' | 'present';

export interface Fleet {
  readonly sim: SimulatedCloud;
  worker(build: Build): Promise<Program>;
  api(build: Build): Promise<RollbackCaller>;
  /** Which workers took part in a rollback, over all its runs; within one the first of each comes first. */
  whoDid(plan: string): Promise<{ decisions: Set<string>; activities: Set<string> }>;
  /** Plans of the running rollbacks that a change (patch) has touched: docs/operations.md tells operators to look so. */
  touchedBy(change: string): Promise<string[]>;
  close(): Promise<void>;
}

/** Long enough to be in the middle of. */
const TIMES = { liveMigration: 900, coldMigration: 900 };
/** As the documented settings allow it in both builds. */
const SETTINGS = {
  ROLLBACK_CONCURRENCY: '3',
  // Longer than anybody waits here for a worker that can decide.
  ROLLBACK_COMPENSATION_TIMEOUT: '300',
  ROLLBACK_CONTINUE_AS_NEW_AFTER: '100',
  ROLLBACK_ROOM_DELAY: '0.5',
  ROLLBACK_ROOM_PASSES: '8',
  ROLLBACK_SHUTDOWN_GRACE: '10',
  ROLLBACK_WORKER_METRICS_PORT: '0',
  ROLLBACK_LOG_LEVEL: 'info',
};

export async function startFleet(
  temporal: TestWorkflowEnvironment,
  previous: Unpacked,
): Promise<Fleet> {
  const sim = await startSimulatedCloud({ times: TIMES, maxConcurrentLiveMigrations: 4 });
  const programs: Pick<Program, 'kill'>[] = [];
  const env = {
    ...sim.env,
    ...SCALED,
    ...SETTINGS,
    TEMPORAL_ADDRESS: temporal.address,
    ROLLBACK_TASK_QUEUE: `upgrade-${randomUUID()}`,
  };
  const run = (command: 'api' | 'worker', build: Build): Promise<Program> =>
    runProgram(command, env, {
      ...(build === 'previous' && { folder: previous.folder }),
      onStart: (program) => programs.push(program),
    });
  const token = sim.issueToken({ userName: 'anna', roles: ['admin'] });
  return {
    sim,
    worker: (build) => run('worker', build),
    async api(build) {
      return new RollbackCaller((await run('api', build)).url, token);
    },
    whoDid: (plan) => whoDid(temporal, plan),
    async touchedBy(change) {
      const query = `ExecutionStatus = 'Running' AND TemporalChangeVersion = '${change}'`;
      const plans: string[] = [];
      for await (const { workflowId } of temporal.client.workflow.list({ query })) {
        plans.push(workflowId.replace(workflowIdOf(''), ''));
      }
      return plans;
    },
    async close() {
      await Promise.all(programs.map((program) => program.kill()));
      await sim.close();
    },
  };
}

/** As workers name themselves in a history. */
export function isNamed(identities: ReadonlySet<string>, { process: { pid } }: Program): boolean {
  return [...identities].some((identity) => identity.startsWith(`${pid}@`));
}

async function whoDid(
  { client }: TestWorkflowEnvironment,
  plan: string,
): ReturnType<Fleet['whoDid']> {
  const decisions = new Set<string>();
  const activities = new Set<string>();
  const workflowId = workflowIdOf(plan);
  let runId: string | undefined;
  do {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const event of events ?? []) {
      const decided = event.workflowTaskCompletedEventAttributes?.identity;
      const begun = event.activityTaskStartedEventAttributes?.identity;
      if (typeof decided === 'string') decisions.add(decided);
      if (typeof begun === 'string') activities.add(begun);
    }
    const started = events?.[0]?.workflowExecutionStartedEventAttributes;
    runId = started?.continuedExecutionRunId ?? '';
  } while (runId !== '');
  return { decisions, activities };
}
