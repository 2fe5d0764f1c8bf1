/**
 * Runs RollbackActionPlan on a real Temporal server with activities that play a script: what a test wants to see is the calls
 * that the workflow makes, in their order, and what becomes of each report.
 */
import type { Client } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Worker } from '@temporalio/worker';
import { randomUUID } from 'node:crypto';
import type {
  CompensationInput,
  CompensationReport,
  PlanReading,
  RollbackActivities,
  RollbackRequest,
  RunLimits,
  NotifyInput,
  VerifyInput,
  VerifyReport,
} from '../../activities/types.js';
import type { CompensationWork, LaidOutCompensation } from '../../src/domain/layout-types.js';
import { completeOptions } from '../../src/domain/options.js';
import type { PreviewLayout } from '../../src/domain/preview.js';
import { createWorker } from '../../src/worker/create-worker.js';
import { planOfWorkflow } from '../support/plan-of-workflow.js';
import { startTemporal, workflowBundle } from '../support/temporal.js';

export const LIMITS: RunLimits = {
  default_max_age: 3600,
  max_age_ceiling: 604_800,
  max_actions: 10_000,
  concurrency: 32,
  migrations_per_host: 4,
  compensation_timeout: 30,
  heartbeat_timeout: 20,
  retry_initial: 0.05,
  retry_max: 0.1,
  retry_attempts: 3,
  room_delay: 0.05,
  room_passes: 3,
  continue_as_new_after: 10_000,
};

export const REQUEST: RollbackRequest = {
  options: {},
  requested_by: { user_id: 'u-1', user_name: 'anna', project_id: 'p-1', request_id: 'req-1' },
  requested_at: null,
  accept_by: null,
  previous_run_id: null,
};

export const DONE: CompensationReport = {
  outcome: 'SUCCEEDED',
  reason: null,
  now: null,
  evidence: {},
};

type Answer = CompensationReport | ((call: Call) => Promise<CompensationReport>);
export interface Call {
  activity: string;
  action: string;
  work: CompensationWork;
  asked: boolean;
  followOnly: boolean;
  progress: CompensationInput<CompensationWork>['progress'];
  again: boolean | undefined;
}

/** What the activities of one plan do. */
export interface Script {
  compensations: LaidOutCompensation[];
  reading?: Partial<PlanReading['plan']>;
  limits?: Partial<RunLimits>;
  /** `usual`: what it is without this. */
  readActionPlan?: (usual: () => Promise<PlanReading>) => Promise<PlanReading>;
  layOut?: () => Promise<void>;
  /** Changes what a preview's activity hands to its workflow. */
  layOutPreview?: (usual: PreviewLayout) => PreviewLayout;
  /** Reads plan and layout one after the other, as workers of version 0.1.0 do. */
  olderWorker?: boolean;
  /** By action uuid; several: one per call, the last one again and again. */
  answers?: Record<string, Answer[]>;
  verify?: (input: VerifyInput) => VerifyReport | Promise<VerifyReport>;
  notify?: (input: NotifyInput) => Promise<void>;
}

export interface Harness {
  env: TestWorkflowEnvironment;
  taskQueue: string;
  /** A plan of its own with this script; its uuid. */
  play(script: Script): string;
  /** Calls of compensation activities of that plan, in the order they were started. */
  calls(planUuid: string): Call[];
  /** Attempts to notify, in the order they were made. */
  notified(planUuid: string): NotifyInput[];
  stop(): Promise<void>;
}

export async function startHarness({
  wrap = (activities) => activities,
  temporal = {},
  ...options
}: {
  maxCachedWorkflows?: number;
  /** Settings of the server, by name. */
  temporal?: Record<string, unknown>;
  /** Around the scripted activities. */
  wrap?: (activities: RollbackActivities, client: Client) => RollbackActivities;
} = {}): Promise<Harness> {
  const env = await startTemporal(temporal);
  const scripts = new Map<string, Script>();
  const made = new Map<string, Call[]>();
  const notified = new Map<string, NotifyInput[]>();
  const taskQueue = `test-${randomUUID()}`;
  const worker: Worker = await createWorker({
    connection: env.nativeConnection,
    namespace: 'default',
    taskQueue,
    activities: wrap(scriptedActivities(scripts, made, notified), env.client),
    workflowBundle: await workflowBundle(),
    shutdownGraceMs: 1000,
    ...options,
  });
  const running = worker.run();
  return {
    env,
    taskQueue,
    play(script) {
      const uuid = randomUUID();
      scripts.set(uuid, script);
      made.set(uuid, []);
      return uuid;
    },
    calls: (planUuid) => made.get(planUuid) ?? [],
    notified: (planUuid) => notified.get(planUuid) ?? [],
    async stop() {
      // A test that failed half-way must not keep its activities waiting, and the worker with them.
      for (const open of gates.splice(0)) open();
      worker.shutdown();
      await running;
      await env.teardown();
    },
  };
}

function scriptedActivities(
  scripts: Map<string, Script>,
  made: Map<string, Call[]>,
  notified: Map<string, NotifyInput[]>,
): RollbackActivities {
  const scriptOf = (planUuid: string): Script => {
    const script = scripts.get(planUuid);
    if (script === undefined) throw new Error(`no script of plan ${planUuid}`);
    return script;
  };
  const act =
    (activity: string) =>
    async (input: CompensationInput<CompensationWork>): Promise<CompensationReport> => {
      const { action_uuid: action, work, progress, again } = input;
      const { asked = false, follow_only: followOnly = false } = input;
      const plan = planOfWorkflow();
      const calls = made.get(plan) ?? [];
      const call = { activity, action, work, asked, followOnly, progress, again };
      const turn = calls.filter((one) => one.action === action).length;
      calls.push(call);
      const answers = scriptOf(plan).answers?.[action] ?? [DONE];
      const answer = answers[Math.min(turn, answers.length - 1)] ?? DONE;
      return typeof answer === 'function' ? await answer(call) : answer;
    };
  return {
    async readActionPlan({ action_plan_uuid: uuid, request }, layOut) {
      const script = scriptOf(uuid);
      const usual = async (): Promise<PlanReading> => {
        const isWanted = layOut !== undefined && script.olderWorker !== true;
        if (isWanted) await script.layOut?.();
        return {
          ...(isWanted && { layout: { compensations: script.compensations, notes: [] } }),
          plan: {
            uuid,
            state: 'SUCCEEDED',
            strategy_name: 'host_maintenance',
            ended_at: new Date(Date.now() - 60_000).toISOString(),
            action_states: { SUCCEEDED: Math.max(1, script.compensations.length) },
            ...script.reading,
          },
          options: completeOptions(request.options, LIMITS.default_max_age),
          limits: { ...LIMITS, ...script.limits },
        };
      };
      return (await script.readActionPlan?.(usual)) ?? (await usual());
    },
    async layOutRollback({ action_plan_uuid: uuid }) {
      const script = scriptOf(uuid);
      await script.layOut?.();
      return { compensations: script.compensations, notes: [] };
    },
    previewRollback({ action_plan_uuid: uuid }) {
      const { compensations, layOutPreview = (usual) => usual } = scriptOf(uuid);
      const preview = {
        order: compensations.map(({ action_uuid }) => action_uuid),
        hosts: [],
        audits: [],
        newer_plans: [],
        needs: {},
        warnings: ['as scripted'],
      };
      return Promise.resolve(layOutPreview({ compensations, notes: [], preview }));
    },
    async notify(input) {
      const { action_plan_uuid: plan } = input.rollback;
      notified.set(plan, [...(notified.get(plan) ?? []), input]);
      await scriptOf(plan).notify?.(input);
    },
    liveMigrateServer: act('liveMigrateServer'),
    coldMigrateServer: act('coldMigrateServer'),
    revertResize: act('revertResize'),
    startServer: act('startServer'),
    setComputeServiceStatus: act('setComputeServiceStatus'),
    setNodePowerState: act('setNodePowerState'),
    async verifyRollback(input) {
      const verify = scriptOf(input.action_plan_uuid).verify;
      return (await verify?.(input)) ?? { differing: [], verified_at: new Date().toISOString() };
    },
  };
}

let priority = 0;
/** A compensation as the layout would make it; priorities count up, so that the order made is the order wanted. */
export function compensation(
  actionUuid: string,
  work: CompensationWork | null,
  change: Partial<LaidOutCompensation> = {},
): LaidOutCompensation {
  priority += 1;
  return {
    action_uuid: actionUuid,
    action_type: work === null ? 'nop' : 'migrate',
    kind: work?.kind ?? null,
    resource_type: work === null ? null : 'server',
    resource_id: work === null ? null : `r-${actionUuid}`,
    resource_name: work === null ? null : `vm-${actionUuid}`,
    before: work !== null && 'to' in work ? { host: work.to } : null,
    after: null,
    now: null,
    state: work === null ? 'SKIPPED' : 'PENDING',
    reason: null,
    parents: [],
    attempts: 0,
    started_at: null,
    finished_at: null,
    evidence: {},
    work,
    priority,
    residue: null,
    ...change,
  };
}

/** Begun so long ago that the end looks at it once more. */
export function longAgo(one: LaidOutCompensation): LaidOutCompensation {
  return { ...one, started_at: new Date(Date.now() - 60_000).toISOString() };
}

export function migrate(name: string, from: string, to: string): CompensationWork {
  return {
    kind: 'live_migrate',
    serverId: `s-${name}`,
    serverName: name,
    from,
    to,
    allowCold: false,
    sinceMigrationId: 0,
  };
}

export function enable(host: string): CompensationWork {
  return { kind: 'set_service_status', host, to: 'enabled', reason: 'watcher_maintaining' };
}

const gates: (() => void)[] = [];
/** An answer that waits until the test lets it go. */
export function gate(report: CompensationReport = DONE): {
  answer: () => Promise<CompensationReport>;
  open: () => void;
  entered: Promise<void>;
} {
  let open = (): void => {};
  let enter = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  gates.push(() => open());
  return {
    answer: async () => {
      enter();
      await opened;
      return report;
    },
    open: () => open(),
    entered,
  };
}
