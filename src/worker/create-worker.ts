/** The one composition root of activities: a worker from a connection, a cloud and settings. */
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { PayloadCodec } from '@temporalio/common';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import type { RollbackActivities, TurnActivities } from '../../activities/types.js';
import { dataConverter } from '../temporal/connection.js';

/**
 * Activities that wait (most of them, most of the time) cost next to nothing: what bounds the load on Nova are the limits per
 * rollback and per host. This only keeps one worker from being buried.
 */
const ACTIVITIES_AT_ONCE = 1000;
/**
 * Workflow tasks at once. Each may hold its place for the 2 s of a local read (ADR 0020): more than several API processes start
 * at once, so that rollbacks under way always find one.
 */
const WORKFLOW_TASKS_AT_ONCE = 200;
/** After the grace an activity is told to end; it hands over to another worker within this. */
const FORCE_AFTER_MS = 5_000;
/** How long a workflow task waits for the worker that has it cached, before any other may take it: dead ones cost that. */
const STICKY_MS = 3_000;
/**
 * As many activities as the answer of one workflow task may bring back to this worker at once, without a way through Temporal's
 * matching and a poll: a rollback begins up to ROLLBACK_CONCURRENCY together (32 by default), and the SDK's 3 left most of them to
 * the long way. Counted: with 32 here 26 ms of processor time for each compensation of plans of twenty in place of 35 (the server's
 * among them); with 128, where 100 begin at once, 3.4 ms of the server's in place of 5. Only where the server grants it
 * (system.enableActivityEagerExecution).
 */
const EAGER_PER_TASK = 128;

const TURNS: TurnActivities = { nextTurn: () => Promise.resolve() };

export interface RollbackWorkerOptions {
  connection: NativeConnection;
  namespace: string;
  taskQueue: string;
  activities: RollbackActivities;
  /** Where the prebuilt bundle of workflows/ is; or the bundle itself (tests). */
  workflowBundle: NonNullable<WorkerOptions['workflowBundle']>;
  shutdownGraceMs: number;
  /** Default: what is large is compressed, nothing is encrypted. */
  payloadCodecs?: PayloadCodec[];
  /** 0: every workflow task replays from the start (tests). */
  maxCachedWorkflows?: number;
}

/**
 * Kept with every task that a worker takes, three times per compensation: the SDK's own name of it has 90 characters. Tells
 * workers of different workflow code apart, and decides nothing (ADR 0016).
 */
function buildIdOf(bundle: RollbackWorkerOptions['workflowBundle']): string {
  const code = 'code' in bundle ? bundle.code : readFileSync(bundle.codePath);
  return createHash('sha256').update(code).digest('hex').slice(0, 12);
}

/**
 * Frames of a stack in workflow code. The SDK takes one for every promise that is made there, for the Web UI's call stack of a
 * workflow that waits: with V8's ten, more than half of the workflow thread's time went into it. The first few say where an error came from.
 */
const WORKFLOW_STACK_FRAMES = 3;
const DEFAULT_STACK_FRAMES = 10;

/**
 * Of what is in use: so much a heap may grow before V8 collects it. By itself V8 waits for up to three times as much, which with
 * two heaps (activities, workflows) is half of what a worker takes for a large plan (ADR 0024).
 */
const HEAP_GROWING_PERCENT = 50;

export async function createWorker(options: RollbackWorkerOptions): Promise<Worker> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  // The threads that are made here have no other way to be told: they take the flag as it is while they begin.
  setFlagsFromString(`--stack-trace-limit=${WORKFLOW_STACK_FRAMES}`);
  try {
    return await Worker.create({
      connection: options.connection,
      namespace: options.namespace,
      taskQueue: options.taskQueue,
      workflowBundle: options.workflowBundle,
      buildId: buildIdOf(options.workflowBundle),
      // The SDK takes any object of functions; RollbackActivities is an interface and so has no index signature.
      activities: { ...options.activities, ...TURNS },
      dataConverter:
        options.payloadCodecs === undefined
          ? dataConverter
          : { payloadCodecs: options.payloadCodecs },
      maxConcurrentActivityTaskExecutions: ACTIVITIES_AT_ONCE,
      maxEagerActivityReservationsPerWorkflowTask: EAGER_PER_TASK,
      maxConcurrentLocalActivityExecutions: WORKFLOW_TASKS_AT_ONCE,
      maxConcurrentWorkflowTaskExecutions: WORKFLOW_TASKS_AT_ONCE,
      stickyQueueScheduleToStartTimeout: STICKY_MS,
      shutdownGraceTime: options.shutdownGraceMs,
      shutdownForceTime: options.shutdownGraceMs + FORCE_AFTER_MS,
      ...(options.maxCachedWorkflows === undefined
        ? {}
        : { maxCachedWorkflows: options.maxCachedWorkflows }),
    });
  } finally {
    setFlagsFromString(`--stack-trace-limit=${DEFAULT_STACK_FRAMES}`);
  }
}
