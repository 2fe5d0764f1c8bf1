/**
 * Why a migration came to nothing. A record in `error` never says; the server's instance action does, in the
 * `details` of its failed events (microversion 2.84; nova/compute/utils.py, wrap_instance_event). Reads only.
 */
import type { ComputeInstanceActionDetail } from '../src/openstack/cloud.js';
import type { Kit } from './kit.js';
import { poll } from './waiting.js';
import type { Run } from './waiting.js';

/** Longest sentence that is handed on. */
const REASON_MAX = 500;

/**
 * The cloud's own sentence, or null. The action is found by the request id of the 202, else it is the latest of
 * these names. Nova writes the event after the record, so it is awaited for a moment. Never throws for what it
 * cannot read: the migration has failed whatever the reason is.
 */
export async function failureReason(
  kit: Kit,
  run: Run,
  serverId: string,
  requestId: string | null,
  actions: string[],
): Promise<string | null> {
  try {
    const found = await poll(kit, run, kit.timing.record_settles / 10, async () => {
      const detail = await readAction(kit, run, serverId, requestId, actions);
      return detail === null ? undefined : (reasonOf(detail) ?? undefined);
    });
    return found ?? null;
  } catch (error) {
    if (run.signal.aborted) throw error;
    return null;
  }
}

async function readAction(
  kit: Kit,
  run: Run,
  serverId: string,
  requestId: string | null,
  actions: string[],
): Promise<ComputeInstanceActionDetail | null> {
  const { compute } = kit.cloud;
  const options = { signal: run.signal };
  if (requestId !== null) return compute.getInstanceAction(serverId, requestId, options);
  const listed = await compute.listInstanceActions(serverId, options);
  const [latest] = listed
    .filter((one) => actions.includes(one.action))
    .toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  return latest === undefined
    ? null
    : compute.getInstanceAction(serverId, latest.requestId, options);
}

function reasonOf(detail: ComputeInstanceActionDetail): string | null {
  const failed = detail.events.filter((event) => event.result === 'Error');
  if (failed.length === 0) return null;
  const sentences = new Set(failed.map((event) => (event.details ?? event.event).trim()));
  return [...sentences].join(' ').slice(0, REASON_MAX);
}

/** The scheduler, or the claim on the destination, found no room (nova/exception.py). */
export function isNoRoom(reason: string): boolean {
  return /no valid host was found|insufficient compute resources|exceeded max scheduling/iu.test(
    reason,
  );
}

/** The server itself cannot go live, here or anywhere like it (nova/exception.py, MigrationPreCheckError and others). */
export function cannotGoLive(reason: string): boolean {
  return /pre-?check|live.?migrat\w{0,20} (is |are )?not (supported|possible|allowed)|does not support live|(cannot|can't|could not) (be )?live.?migrat|unacceptable cpu|invalid cpu|cpu.{0,80}not compatible|shared storage|local storage|hostdev|passthrough|pci device|vgpu|numa/iu.test(
    reason,
  );
}
