/**
 * Looks at the executions of one rollback workflow: which run is the rollback, whether it runs, how it ended. A run whose
 * request was refused is no rollback and is passed over.
 */
import {
  type Client,
  type WorkflowExecutionDescription,
  WorkflowFailedError,
} from '@temporalio/client';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import { type CloudId, isCloudId, isSameCloud, otherCloudSentence } from '../domain/cloud-id.js';
import { ApiError } from '../api/errors.js';
import { FixedWidth } from './gate-width.js';
import { Gate } from './gate.js';
import { tooManyLooks } from './refusals.js';
import { goesOnInNewRun, untilKnown } from './taking-over.js';
import type { RollbackResult } from '../domain/result.js';
import {
  type CompensationsPage,
  compensationsQuery,
  type PageAsked,
  resultQuery,
  WORKFLOW_TYPE,
} from '../../workflows/messages.js';
import type { RollbackActionPlan } from '../../workflows/rollback-action-plan.js';
import { MEMO_KEY, REFUSED, stateKey } from '../../workflows/search-attributes.js';
import { workflowIdOf } from '../domain/workflow-id.js';

/** A call that only reads: longer than this and the server is as good as away. */
export const READ_DEADLINE_MS = 5_000;
/**
 * Looks at once. Temporal answers a thousand of them together, and what each caller goes on to do then would keep this process
 * from everything else for a tenth of a second.
 */
const LOOKS_AT_ONCE = 32;
const TURN_WITHIN_MS = 20_000;

export interface Execution {
  workflowId: string;
  runId: string;
  status: string;
  startTime: Date;
  /** undefined: not known. */
  cloud: CloudId | undefined;
}

export class Executions {
  private readonly looks = new Gate(new FixedWidth(LOOKS_AT_ONCE));

  /** `ownCloud`: what is known to be another cloud's is not given out. */
  constructor(
    private readonly client: Client,
    private readonly ownCloud?: () => Promise<CloudId>,
  ) {}

  /** The latest run of the plan's workflow, refused or not; null where there is none. */
  async latest(planUuid: string): Promise<WorkflowExecutionDescription | null> {
    try {
      const look = (): Promise<WorkflowExecutionDescription> =>
        this.described(workflowIdOf(planUuid));
      return await this.looks.pass(Date.now() + TURN_WITHIN_MS, look, tooManyLooks);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw error;
    }
  }

  /** Whether the latest run of a workflow has not ended. */
  async isRunning(workflowId: string): Promise<boolean> {
    return (await this.described(workflowId)).status.name === 'RUNNING';
  }

  /** The same, and whether that run was accepted: one that does not know its state then is still taking it over. */
  async goesOn(workflowId: string): Promise<boolean> {
    const latest = await this.described(workflowId);
    return latest.status.name === 'RUNNING' && isAccepted(latest);
  }

  /**
   * The latest run that is a rollback: accepted once, whatever became of it. null where there is none. Throws OtherCloud: a
   * copy of this cloud has the same plans, and shares this namespace.
   */
  async latestAccepted(planUuid: string): Promise<Execution | null> {
    const latest = await this.latest(planUuid);
    if (latest === null) return null;
    const found = isAccepted(latest)
      ? executionOf(latest)
      : await this.reading(() => this.earlierAccepted(planUuid));
    const own = found?.cloud === undefined ? undefined : await this.ownCloud?.();
    if (found?.cloud === undefined || own === undefined || isSameCloud(own, found.cloud)) {
      return found;
    }
    throw new ApiError('OtherCloud', otherCloudSentence(own, found.cloud, WHOSE));
  }

  /** By visibility, which lags by a second or so: only for runs before the latest. */
  async earlierAccepted(planUuid: string): Promise<Execution | null> {
    const query = `WorkflowId = '${workflowIdOf(planUuid)}' AND WorkflowType = '${WORKFLOW_TYPE}' AND RollbackState != '${REFUSED}' AND ExecutionStatus != 'ContinuedAsNew'`;
    let found: Execution | null = null;
    let seen = 0;
    for await (const run of this.client.workflow.list({ query })) {
      if (found === null || run.startTime > found.startTime) found = executionOf(run);
      seen += 1;
      if (seen === EARLIER_RUNS_MAX) break;
    }
    return found;
  }

  /** The result that the workflow itself left; null where its end holds none (cancelled, terminated, timed out). */
  async endResult(execution: Execution): Promise<RollbackResult | null> {
    const handle = this.client.workflow.getHandle<typeof RollbackActionPlan>(
      execution.workflowId,
      execution.runId,
      { followRuns: false },
    );
    return await this.reading(() => resultOf(handle.result()));
  }

  /** The same of the run that is the latest by then, once it has ended. */
  async untilEnd(planUuid: string): Promise<RollbackResult | null> {
    const handle = this.client.workflow.getHandle<typeof RollbackActionPlan>(
      workflowIdOf(planUuid),
    );
    return await resultOf(handle.result());
  }

  /** The result so far, from the workflow's own state: a worker must be there to answer. */
  async queried(execution: Execution): Promise<RollbackResult | null> {
    const { workflowId, runId } = execution;
    // Without a run id: whichever run is the latest, so that a rollback that continues as new is not lost.
    const handle = this.client.workflow.getHandle(workflowId, runId === '' ? undefined : runId);
    return await this.reading(() => handle.query(resultQuery));
  }

  /** A page of all compensations, of a preview too. */
  compensations(
    { workflowId, runId }: Pick<Execution, 'workflowId' | 'runId'>,
    page: PageAsked,
  ): Promise<CompensationsPage | null> {
    const handle = this.client.workflow.getHandle(workflowId, runId);
    return this.reading(() => handle.query(compensationsQuery, page));
  }

  /** What that run knows once it has taken over. Throws ApiError where it goes on, and stays silent; null: it has ended so. */
  known<T>(execution: Execution, query: () => Promise<T | null>): Promise<T | null> {
    const ran = execution.status === 'RUNNING';
    const goesOn = async () => ran && (await this.goesOn(execution.workflowId));
    return untilKnown({ query, goesOn, silent: goesOnInNewRun });
  }

  private described(workflowId: string): Promise<WorkflowExecutionDescription> {
    return this.reading(() => this.client.workflow.getHandle(workflowId).describe());
  }

  reading<T>(call: () => Promise<T>): Promise<T> {
    return this.client.withDeadline(Date.now() + READ_DEADLINE_MS, call);
  }
}

const WHOSE = 'the rollback of that plan';
/** More runs of one plan than this within the retention are looked at no further. */
const EARLIER_RUNS_MAX = 200;

/** Set by the workflow when it accepts or refuses; a run that was ended from outside before that has none. */
export function isAccepted(
  run: Pick<WorkflowExecutionDescription, 'typedSearchAttributes'>,
): boolean {
  const state = run.typedSearchAttributes.get(stateKey);
  return state !== undefined && state !== REFUSED;
}

export function executionOf(
  run: Pick<WorkflowExecutionDescription, 'workflowId' | 'runId' | 'status' | 'startTime' | 'memo'>,
): Execution {
  return {
    workflowId: run.workflowId,
    runId: run.runId,
    status: run.status.name,
    startTime: run.startTime,
    cloud: cloudOfMemo(run.memo),
  };
}

/** The cloud of a run, as its memo says it. */
export function cloudOfMemo(memo: Record<string, unknown> | undefined): CloudId | undefined {
  const own = memo?.[MEMO_KEY];
  if (typeof own !== 'object' || own === null || !('cloud' in own)) return undefined;
  return isCloudId(own.cloud) ? own.cloud : undefined;
}

/** null: its end holds none. */
async function resultOf(end: Promise<RollbackResult>): Promise<RollbackResult | null> {
  try {
    return await end;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    const incomplete = cause instanceof ApplicationFailure && cause.type === 'RollbackIncomplete';
    const [result] = incomplete ? (cause.details ?? []) : [];
    return isResult(result) ? result : null;
  }
}

function isResult(value: unknown): value is RollbackResult {
  return typeof value === 'object' && value !== null && 'compensations' in value;
}
