/**
 * Whether a rollback could be accepted and carried out now: Temporal, a worker that polls, and OpenStack (Keystone,
 * Nova and Watcher; Ironic only matters to plans that switch nodes). Anybody may ask, so the answer is kept for a
 * few seconds and asked for once at a time.
 */
import { isNotFound } from '../openstack/errors.js';
import { within } from '../within.js';
import type { ApiCloud } from './deps.js';
import type { Rollbacks } from './rollbacks.js';

export interface Check {
  ok: boolean;
  /** What is wrong; null where nothing is. */
  message: string | null;
}

export interface ReadinessReport {
  ready: boolean;
  temporal: Check;
  worker: Check;
  openstack: Check;
}

const KEPT_MS = 2000;
/** Short, so that whoever waits for a service that starts learns at once that it has. */
const KEPT_NOT_READY_MS = 250;
const TIMEOUT_MS = 5000;
const NO_PLAN = '00000000-0000-0000-0000-000000000000';
const NO_HOST = 'readiness-check';

export function readinessChecker(
  rollbacks: Pick<Rollbacks, 'ready'>,
  cloud: ApiCloud,
  now: () => number = Date.now,
): () => Promise<ReadinessReport> {
  let last: { report: Promise<ReadinessReport>; at: number; keptMs: number } | null = null;
  return () => {
    if (last === null || now() - last.at >= last.keptMs) {
      const asked = { report: check(rollbacks, cloud), at: now(), keptMs: KEPT_MS };
      asked.report = asked.report.then((report) => {
        if (!report.ready) asked.keptMs = KEPT_NOT_READY_MS;
        return report;
      });
      last = asked;
    }
    return last.report;
  };
}

async function check(
  rollbacks: Pick<Rollbacks, 'ready'>,
  cloud: ApiCloud,
): Promise<ReadinessReport> {
  const [ours, openstack] = await Promise.all([temporalAndWorker(rollbacks), openStack(cloud)]);
  const ready = ours.temporal.ok && ours.worker.ok && openstack.ok;
  return { ready, ...ours, openstack };
}

async function temporalAndWorker(
  rollbacks: Pick<Rollbacks, 'ready'>,
): Promise<{ temporal: Check; worker: Check }> {
  const unknown: Check = { ok: false, message: 'Not known while Temporal cannot be reached.' };
  try {
    const { temporal, worker, message } = await within(rollbacks.ready(), TIMEOUT_MS);
    if (!temporal) return { temporal: failed(message), worker: unknown };
    return { temporal: good(), worker: worker ? good() : failed(message) };
  } catch (error) {
    return { temporal: failed(reasonOf(error)), worker: unknown };
  }
}

async function openStack(cloud: ApiCloud): Promise<Check> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const calls: Promise<unknown>[] = [
    cloud.identity.ownUserId({ signal }),
    cloud.compute.listServices({ host: NO_HOST }, { signal }),
    // No plan has this uuid: "not found" is the cheapest answer that shows that Watcher is well.
    cloud.optimizer.getActionPlan(NO_PLAN, { signal }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
    }),
  ];
  const reasons = (await Promise.allSettled(calls.map((call) => within(call, TIMEOUT_MS)))).flatMap(
    (outcome) => (outcome.status === 'rejected' ? [reasonOf(outcome.reason)] : []),
  );
  return reasons.length === 0 ? good() : failed([...new Set(reasons)].join('; '));
}

function good(): Check {
  return { ok: true, message: null };
}

function failed(message: string | null): Check {
  return { ok: false, message: message ?? 'Not ready.' };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
