/**
 * The rollbacks of a namespace as the API asks for them: look first; only where nothing runs, start. Results come from the
 * workflow itself: its return value, its failure's details, or its query.
 */
import { type Client } from '@temporalio/client';
import type { RollbackRequest } from '../../activities/types.js';
import type { CompensationsPage, PageAsked } from '../../workflows/messages.js';
import type {
  ControlCall,
  ControlVerb,
  Readiness,
  RollbackList,
  Rollbacks,
} from '../api/rollbacks.js';
import { covers, differingOptions, type RollbackOptions } from '../domain/options.js';
import type { CloudId } from '../domain/cloud-id.js';
import type { PreviewResult } from '../domain/preview.js';
import type { RollbackResult } from '../domain/result.js';
import type { RollbackState } from '../domain/states.js';
import type { StopSwitch } from '../domain/stop-switch.js';
import { controlRollback } from './control.js';
import { endedFromOutside } from './ended-from-outside.js';
import { FittingWidth } from './gate-width.js';
import { Gate } from './gate.js';
import { type Execution, Executions } from './executions.js';
import { listRollbacks } from './listing.js';
import { previewRollback, whole } from './preview.js';
import { WorkerPresence, workerPolls } from './readiness.js';
import { noRollback, optionsDiffer, silentWorker, tooManyStarts } from './refusals.js';
import { startRollback } from './start.js';
import { readStopSwitch, setStopSwitch, type SwitchChange } from './stop-switch.js';
import { asUnreachable, isGoneMeanwhile, isUnanswered } from './translate-error.js';

/** How often a call is begun again because the workflow ended between two looks. */
const LOOKS_MAX = 3;

export interface TemporalRollbacksOptions {
  client: Client;
  taskQueue: string;
  /** Address of the Web UI, or null. */
  webUrl: string | null;
  /** Starts under way at once, and as many previews, at most; more wait for half of their time, then are refused. */
  startsAtOnce: number;
  /** The cloud that requests through here are for; absent: that of the worker which takes them. */
  ownCloud?: () => Promise<CloudId>;
}

interface Asked {
  request: RollbackRequest;
  /** Complete. */
  options: RollbackOptions;
  /** As of Start. */
  brief: boolean;
}

export class TemporalRollbacks implements Rollbacks {
  private readonly executions: Executions;
  /** What is being asked of Temporal now, by plan and options. */
  private readonly asking = new Map<string, Promise<RollbackResult>>();
  private readonly starts: Gate;
  /** Of their own: they take longer, and would make starts look slow. */
  private readonly previews: Gate;
  private readonly workers: WorkerPresence;

  constructor(private readonly options: TemporalRollbacksOptions) {
    this.executions = new Executions(options.client, options.ownCloud);
    this.starts = new Gate(new FittingWidth(options.startsAtOnce));
    this.previews = new Gate(new FittingWidth(options.startsAtOnce));
    this.workers = new WorkerPresence(options.client, options.taskQueue);
  }

  request(
    planUuid: string,
    request: RollbackRequest,
    completeOptions: RollbackOptions,
    brief = false,
  ): Promise<RollbackResult> {
    // Temporal takes ten updates of a workflow at a time: callers who ask the same at the same time share one.
    const key = JSON.stringify([planUuid.toLowerCase(), completeOptions, brief]);
    const same = this.asking.get(key);
    if (same !== undefined) return same;
    const asked = this.reaching(() =>
      this.lookAndAsk(planUuid, { request, options: completeOptions, brief }),
    ).finally(() => this.asking.delete(key));
    this.asking.set(key, asked);
    return asked;
  }

  private async lookAndAsk(planUuid: string, asked: Asked): Promise<RollbackResult> {
    for (let look = 1; ; look += 1) {
      try {
        return await this.joinOrStart(planUuid, asked);
      } catch (error) {
        if (!isGoneMeanwhile(error) || look === LOOKS_MAX) throw error;
      }
    }
  }

  private async joinOrStart(
    planUuid: string,
    { request, options: asked, brief }: Asked,
  ): Promise<RollbackResult> {
    // Asked beside the look: mostly there is nothing yet, and a worker is needed.
    const polled = this.workers.demand();
    polled.catch(() => undefined);
    const cloud = await this.options.ownCloud?.();
    const accepted = await this.executions.latestAccepted(planUuid);
    if (accepted !== null && accepted.status === 'RUNNING') {
      const running = await this.read(accepted);
      // A max_age that the caller leaves out is the worker's affair, not a difference.
      const named = { ...asked, max_age: request.options.max_age ?? running?.options.max_age ?? 0 };
      if (running !== null) return this.joined(running, named);
    }
    const hasEnded = accepted !== null && accepted.status !== 'RUNNING';
    const ended = hasEnded ? await this.endOf(accepted) : null;
    if (ended !== null && ended.state === 'SUCCEEDED' && covers(ended.options, asked)) return ended;
    await polled;
    const resumes = accepted !== null && ended?.state !== 'SUCCEEDED';
    const previous_run_id = resumes ? accepted.runId : null;
    const { client, taskQueue } = this.options;
    const afterSuccess = ended?.state === 'SUCCEEDED';
    const start = { client, taskQueue, planUuid, cloud, afterSuccess, brief };
    return await this.inTurn(this.starts, request, () =>
      startRollback(start, { ...request, previous_run_id }),
    );
  }

  /** What makes a worker read a whole plan: only as many at once as it can serve within their time. */
  private async inTurn<R extends RollbackResult>(
    gate: Gate,
    { accept_by }: RollbackRequest,
    ask: () => Promise<R>,
  ): Promise<R> {
    const now = Date.now();
    const turnBy = accept_by === null ? now : (now + Date.parse(accept_by)) / 2;
    return this.withUrl(await gate.pass(turnBy, ask, tooManyStarts));
  }

  private joined(running: RollbackResult, asked: RollbackOptions): RollbackResult {
    const differing = differingOptions(asked, running.options);
    if (differing.length > 0) throw optionsDiffer(differing);
    return running;
  }

  waitForEnd(planUuid: string, timeoutMs: number, signal: AbortSignal): Promise<RollbackResult> {
    return this.reaching(async () => {
      const ended = timeoutMs > 0 ? await this.untilEnded(planUuid, timeoutMs, signal) : null;
      const result = ended ?? (await this.get(planUuid));
      if (result === null) throw noRollback(planUuid);
      return result;
    });
  }

  /** Follows the chain of runs; the end, the time or the caller's leaving, whichever comes first. */
  private async untilEnded(
    planUuid: string,
    timeoutMs: number,
    caller: AbortSignal,
  ): Promise<RollbackResult | null> {
    const signal = AbortSignal.any([caller, AbortSignal.timeout(timeoutMs)]);
    try {
      const ended = await this.options.client.withAbortSignal(signal, () =>
        this.executions.untilEnd(planUuid),
      );
      return ended === null ? null : this.withUrl(ended);
    } catch {
      // The time is over, the caller left or Temporal is away: the read that follows says which.
      return null;
    }
  }

  get(planUuid: string): Promise<RollbackResult | null> {
    return this.reaching(async () => {
      const execution = await this.executions.latestAccepted(planUuid);
      if (execution === null) return null;
      const running = execution.status === 'RUNNING' ? await this.read(execution) : null;
      return running ?? (await this.endOf(execution));
    });
  }

  compensations(planUuid: string, page: PageAsked): Promise<CompensationsPage | null> {
    return this.reaching(async () => {
      const execution = await this.executions.latestAccepted(planUuid);
      if (execution === null) return null;
      const ask = () => this.executions.compensations(execution, page);
      return await this.executions.known(execution, () => this.answered(ask));
    });
  }

  list(page: {
    limit: number;
    marker: string | null;
    state?: RollbackState;
  }): Promise<RollbackList> {
    return this.reaching(async () => {
      const own = await this.options.ownCloud?.();
      return await this.executions.reading(() => listRollbacks(this.options.client, page, own));
    });
  }

  control(planUuid: string, verb: ControlVerb, call: ControlCall): Promise<RollbackResult> {
    return this.reaching(async () => {
      const execution = await this.executions.latestAccepted(planUuid);
      if (execution === null) throw noRollback(planUuid);
      const { client } = this.options;
      return this.withUrl(
        await this.answered(() => controlRollback(client, execution, verb, call)),
      );
    });
  }

  preview(planUuid: string, request: RollbackRequest): Promise<PreviewResult> {
    const { client, taskQueue } = this.options;
    return this.reaching(async () => {
      const cloud = await this.options.ownCloud?.();
      await this.workers.demand();
      const start = { client, taskQueue, planUuid, cloud };
      return await this.inTurn(this.previews, request, async () => {
        const made = await previewRollback(start, request);
        const { id: workflowId, run_id: runId } = made.workflow;
        const run = { workflowId, runId };
        return whole(made, (page) => this.answered(() => this.executions.compensations(run, page)));
      });
    });
  }

  stopSwitch(): Promise<StopSwitch> {
    return this.reaching(() => readStopSwitch(this.options.client));
  }

  setStopSwitch(change: SwitchChange): Promise<StopSwitch> {
    const { client, taskQueue } = this.options;
    return this.reaching(() => setStopSwitch(client, taskQueue, change));
  }

  async ready(): Promise<Readiness> {
    const { client, taskQueue } = this.options;
    try {
      const worker = await workerPolls(client, taskQueue);
      const message = worker ? null : `No worker polls the task queue ${taskQueue}.`;
      return { temporal: true, worker, message };
    } catch (error) {
      const why = asUnreachable(error);
      const message = why instanceof Error ? why.message : String(why);
      return { temporal: false, worker: false, message };
    }
  }

  /** A rollback that has ended: by its own end, or as the workflow last knew it. */
  private async endOf(execution: Execution): Promise<RollbackResult | null> {
    const own = await this.executions.endResult(execution);
    if (own !== null) return this.withUrl(own);
    const last = await this.read(execution);
    if (last === null || execution.status === 'CANCELLED') return last;
    return endedFromOutside(last, execution.status);
  }

  private async read(execution: Execution): Promise<RollbackResult | null> {
    const ask = () => this.executions.queried(execution);
    const result = await this.executions.known(execution, () => this.answered(ask));
    return result === null ? null : this.withUrl(result);
  }

  /** A query that nobody answers: no worker is there, it has too much to do, or Temporal lost it. Then it is asked once more. */
  private async answered<T>(query: () => Promise<T>): Promise<T> {
    try {
      return await query();
    } catch (error) {
      if (!isUnanswered(error)) throw error;
    }
    await this.workers.demand();
    try {
      return await query();
    } catch (error) {
      if (!isUnanswered(error)) throw error;
      throw silentWorker(this.options.taskQueue);
    }
  }

  private withUrl<R extends RollbackResult>(result: R): R {
    const { webUrl } = this.options;
    if (webUrl === null) return result;
    const { id, run_id: runId, namespace } = result.workflow;
    const path = `namespaces/${namespace}/workflows/${encodeURIComponent(id)}/${runId}/history`;
    return { ...result, workflow: { ...result.workflow, web_url: `${webUrl}/${path}` } };
  }

  private async reaching<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw asUnreachable(error);
    }
  }
}
