/**
 * Accept or refuse a rollback: read the plan, check its age, lay out the compensations. Nothing is touched here, and whatever
 * is thrown is a refusal that reaches the caller: a non-retryable ApplicationFailure of a type of failures.ts.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  patched,
  rootCause,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  LayOutInput,
  LayOutToo,
  PlanReading,
  ReadActionPlanInput,
  RollbackRequest,
} from '../activities/types.js';
import {
  type CloudId,
  isCloudId,
  isSameCloud,
  otherCloudSentence,
} from '../src/domain/cloud-id.js';
import { refusePlan } from '../src/domain/acceptance.js';
import { isFailureType, type FailureType } from '../src/domain/failures.js';
import type { Parts } from '../src/domain/parts.js';
import type { Layout } from '../src/domain/layout-types.js';
import { acceptanceReads, quickReads } from './activity-proxies.js';
import { wasCut } from './cut-short.js';

/** A start that did not come through the API has no caller who waits. */
const UNHURRIED_MS = 10 * 60 * 1000;
/** Less than this is not worth beginning a read for. */
const SHORTEST_READ_MS = 1000;
/** Actions of a plan that is read and laid out in a moment, and whose layout is a small payload. */
const SMALL_PLAN = 100;

export interface Acceptance<L> {
  reading: PlanReading;
  layout: L;
}

/** How the layout is read: for a rollback, or for a preview that wants to know more. */
export type ReadLayout<L> = (timeLeftMs: number, question: LayOutInput) => Promise<L>;

interface Asked {
  request: RollbackRequest;
  cloud: CloudId | undefined;
  quickly?: boolean;
}

/**
 * Plan and layout at once where a worker of this version has taken the start (`isUnmixed`). Before everything else it says so in
 * the history: version 0.1.0 can decide nothing in such a run, not even by what it reads from inputs and answers that it does not
 * understand. Where version 0.1.0 took the start, the layout is read after the plan, as it has begun.
 */
export async function acceptRollback(
  planUuid: string,
  asked: Asked,
  parts: Parts,
): Promise<Acceptance<Layout> & { isUnmixed: boolean }> {
  const isUnmixed = patched('rollback-timeout');
  const { request, cloud } = asked;
  if (!isUnmixed)
    return { ...(await accept(planUuid, { request, cloud }, layOutWhole)), isUnmixed };
  const layOut = { requested_at: requestedAt(asked.request), ...ofCloud(asked.cloud) };
  const reading = await judged(planUuid, asked, layOut);
  // The activity of an older worker has read the plan alone; and so has ours of one that is large.
  const layout =
    reading.layout ??
    (await laidOut(planUuid, asked, reading, (timeLeftMs, question) =>
      acceptanceReads(timeLeftMs).layOutRollback({ ...question, in_parts: true }),
    ));
  timeLeft(asked.request);
  if (layout.parts === undefined) return { reading, layout, isUnmixed };
  // They were sent before it.
  const whole = { ...layout, compensations: parts.take(layout.parts) };
  return { reading, layout: whole, isUnmixed };
}

const layOutWhole: ReadLayout<Layout> = (timeLeftMs, question) =>
  acceptanceReads(timeLeftMs).layOutRollback(question);

export async function accept<L>(
  planUuid: string,
  asked: Asked,
  readLayout: ReadLayout<L>,
): Promise<Acceptance<L>> {
  const reading = await judged(planUuid, asked);
  const layout = await laidOut(planUuid, asked, reading, readLayout);
  timeLeft(asked.request);
  return { reading, layout };
}

function requestedAt({ requested_at }: RollbackRequest): string {
  return requested_at ?? workflowInfo().startTime.toISOString();
}

/** Of a plan that may be rolled back. */
async function judged(
  planUuid: string,
  { request, cloud, quickly }: Asked,
  ...layOut: LayOutToo[]
): Promise<PlanReading> {
  const question = { action_plan_uuid: planUuid, request };
  const quick = quickly === true ? await readQuickly(question, cloud, ...layOut) : null;
  const reading =
    quick ??
    (await asRefusal(
      acceptanceReads(timeLeft(request)).readActionPlan(question, ...layOut),
      cloud,
    ));
  refuseOther(cloud, reading.cloud);
  const refusal = refusePlan({
    planUuid,
    planState: reading.plan.state,
    actionStates: reading.plan.action_states,
    endedAt: reading.plan.ended_at,
    requestedAt: requestedAt(request),
    maxAge: reading.options.max_age,
    maxAgeCeiling: reading.limits.max_age_ceiling,
    resumed: request.previous_run_id !== null,
  });
  if (refusal !== null) throw refused(refusal.type, refusal.message);
  return reading;
}

/** null: not in this moment. Whatever kept it from that, the patient way will find out. */
async function readQuickly(
  question: ReadActionPlanInput,
  cloud: CloudId | undefined,
  ...layOut: LayOutToo[]
): Promise<PlanReading | null> {
  const small = layOut.map((wanted) => ({ ...wanted, up_to: SMALL_PLAN }));
  try {
    return await quickReads(timeLeft(question.request)).readActionPlan(question, ...small);
  } catch (error) {
    // What the reading itself says comes as it is; what Temporal says of it comes in an ActivityFailure, or as it is in a replay.
    if (error instanceof ApplicationFailure) {
      if (error.nonRetryable !== true) return null;
      refuseOther(cloud, cloudOf(error));
      throw refused(error.type ?? 'InternalError', error.message);
    }
    if (wasCut(error)) throw cancelledBefore();
    if (error instanceof ActivityFailure || error instanceof TimeoutFailure) return null;
    throw error;
  }
}

async function laidOut<L>(
  planUuid: string,
  { request }: Asked,
  { options, cloud }: PlanReading,
  readLayout: ReadLayout<L>,
): Promise<L> {
  return await asRefusal(
    readLayout(timeLeft(request), {
      action_plan_uuid: planUuid,
      options,
      request_id: request.requested_by.request_id,
      ...ofCloud(cloud),
    }),
  );
}

/** Milliseconds until accept_by; past it the request is dropped, so that it cannot surprise anybody later. */
function timeLeft(request: RollbackRequest): number {
  if (request.accept_by === null) return UNHURRIED_MS;
  const left = Date.parse(request.accept_by) - Date.now();
  if (left > SHORTEST_READ_MS) return left;
  throw refused(
    'RequestExpired',
    `The request was to be accepted by ${request.accept_by} and was taken up too late. Nothing was touched; ask again.`,
  );
}

/** Nothing to compare where the start did not come through the API, or an older worker took it. */
function refuseOther(asked: CloudId | undefined, own: CloudId | undefined): void {
  if (asked === undefined || own === undefined || isSameCloud(asked, own)) return;
  throw refused('OtherCloud', otherCloudSentence(asked, own, 'the worker that took it'));
}

function cloudOf(cause: unknown): CloudId | undefined {
  const details: unknown = cause instanceof ApplicationFailure ? cause.details?.[0] : null;
  if (typeof details !== 'object' || details === null || !('cloud' in details)) return undefined;
  return isCloudId(details.cloud) ? details.cloud : undefined;
}

/** What travels with every activity of a rollback; nothing where an older worker did not say its cloud. */
export function ofCloud(cloud: CloudId | undefined): { cloud?: CloudId } {
  return cloud === undefined ? {} : { cloud };
}

export function refused(type: string, message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, type);
}

export function cancelledBefore(): ApplicationFailure {
  return refused('RequestExpired', 'Cancelled before it was accepted. Nothing was touched.');
}

/** `cloud`: what is said by a worker of another one is not about what was asked for. */
async function asRefusal<T>(reading: Promise<T>, cloud?: CloudId): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (wasCut(error)) throw cancelledBefore();
    if (!(error instanceof ActivityFailure)) throw error;
    refuseOther(cloud, cloudOf(error.cause));
    const { type, message } = causeOf(error);
    if (type !== 'CompensationTimeout') throw refused(type, message);
    throw refused(
      'RequestExpired',
      `${message}: OpenStack is slow, or the worker that read it died. Nothing was touched; ask again.`,
    );
  }
}

/** The failure type and sentence of a failed activity; time-outs and defects have a type too. */
export function causeOf(failure: ActivityFailure): { type: FailureType; message: string } {
  const cause = failure.cause;
  if (cause instanceof ApplicationFailure) {
    const known = isFailureType(cause.type) ? cause.type : 'InternalError';
    return { type: known, message: cause.message };
  }
  if (cause instanceof TimeoutFailure) {
    const reason = cause.cause instanceof Error ? `: ${cause.cause.message}` : '';
    return {
      type: 'CompensationTimeout',
      message: `${failure.activityType} did not end within its time limit (${cause.timeoutType})${reason}`,
    };
  }
  return { type: 'InternalError', message: rootCause(failure) ?? failure.message };
}
