/**
 * previewRollback: the layout's own reads and decisions, and what they would meet: room on the hosts, audits that would
 * move servers again, newer plans. Reads only. What only adds to the picture (Placement, audits) may be missing: then a
 * warning says so.
 */
import { isFailureType } from '../src/domain/failures.js';
import { layOut } from '../src/domain/layout.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import { hostsOf, needsOf, newerPlansOf, orderOf } from '../src/domain/preview-layout.js';
import type { Preview, PreviewAudit, PreviewHost, PreviewLayout } from '../src/domain/preview.js';
import type { HostRoom, WatcherAudit } from '../src/openstack/cloud.js';
import { isOpenStackError } from '../src/openstack/errors.js';
import { mapBounded } from './bounded.js';
import { failure } from './failures.js';
import type { Kit } from './kit.js';
import { readFacts } from './read-facts.js';
import type { LayOutInput } from './types.js';
import type { Run } from './waiting.js';

const CALLS_AT_ONCE = 8;
/** Two calls each: more hosts than this would make the caller wait. */
const ROOMS_MAX = 100;
/** As Watcher's continuous handler has them (watcher/objects/audit.py, INACTIVE_STATES). */
const INACTIVE = new Set(['CANCELLED', 'CANCELLING', 'DELETED', 'FAILED', 'SUSPENDED']);

export async function previewRollback(
  kit: Kit,
  run: Run,
  input: LayOutInput,
): Promise<PreviewLayout> {
  const warnings: string[] = [];
  const [{ facts, plansLeftOut }, audits] = await Promise.all([
    readFacts(kit, run, input.action_plan_uuid),
    readAudits(kit, run, warnings),
  ]);
  const laidOut = layOut(facts, input.options);
  if ('refusal' in laidOut) {
    const { type, message } = laidOut.refusal;
    throw failure(isFailureType(type) ? type : 'InternalError', message);
  }
  if (plansLeftOut > 0) {
    warnings.push(`${plansLeftOut} other plans that ran since were not looked into.`);
  }
  const hosts = await withRoom(kit, run, hostsOf(facts, laidOut.compensations), warnings);
  const preview: Preview = {
    order: orderOf(laidOut.compensations),
    hosts,
    audits,
    newer_plans: newerPlansOf(facts, input.options),
    needs: needsOf(facts, input.options),
    warnings: [...warnings, ...warningsOf(hosts, audits, laidOut.compensations)],
  };
  return { compensations: laidOut.compensations, notes: laidOut.notes, preview };
}

async function readAudits(kit: Kit, run: Run, warnings: string[]): Promise<PreviewAudit[]> {
  try {
    const audits = await kit.cloud.optimizer.listAudits({ signal: run.signal });
    return audits
      .filter(({ type, state }) => type === 'CONTINUOUS' && !INACTIVE.has(state))
      .map(auditView);
  } catch (error) {
    if (run.signal.aborted || !isOpenStackError(error)) throw error;
    warnings.push(`Whether CONTINUOUS audits are active is not known: ${error.message}.`);
    return [];
  }
}

function auditView(audit: WatcherAudit): PreviewAudit {
  const every = audit.interval === null ? '' : ` (interval ${audit.interval})`;
  return {
    uuid: audit.uuid,
    name: audit.name,
    goal: audit.goalName,
    strategy: audit.strategyName,
    interval: audit.interval,
    state: audit.state,
    message: `Audit ${audit.name} is CONTINUOUS and ${audit.state}${every}: its next plan may move servers again.`,
  };
}

async function withRoom(
  kit: Kit,
  run: Run,
  hosts: ReturnType<typeof hostsOf>,
  warnings: string[],
): Promise<PreviewHost[]> {
  let failed: string | null = null;
  const asked = new Set(hosts.filter(({ view }) => view.incoming > 0).slice(0, ROOMS_MAX));
  const views = await mapBounded(hosts, CALLS_AT_ONCE, async (one): Promise<PreviewHost> => {
    const { hypervisorId } = one.host;
    if (!asked.has(one) || hypervisorId === null) return one.view;
    try {
      const room = await kit.cloud.placement.roomOf(hypervisorId, { signal: run.signal });
      return { ...one.view, room: room === null ? null : roomView(room) };
    } catch (error) {
      if (run.signal.aborted || !isOpenStackError(error)) throw error;
      failed ??= error.message;
      return one.view;
    }
  });
  if (failed !== null) warnings.push(`The room on the hosts is not known: ${failed as string}.`);
  return views.map(withRoomMessage);
}

function roomView(room: HostRoom): NonNullable<PreviewHost['room']> {
  return {
    vcpus_free: room.vcpusFree,
    memory_mb_free: room.memoryMbFree,
    disk_gb_free: room.diskGbFree,
  };
}

/** Every server needs a VCPU and memory, whatever its flavor; less than that is certainly too little. */
function withRoomMessage(host: PreviewHost): PreviewHost {
  const { room, incoming } = host;
  if (host.message !== null || room === null || incoming === 0) return host;
  if (room.vcpus_free >= incoming && room.memory_mb_free >= incoming) return host;
  return {
    ...host,
    message: `${host.host} has ${room.vcpus_free} VCPUs and ${room.memory_mb_free} MB free for ${incoming} servers: not all have room unless something leaves it.`,
  };
}

function warningsOf(
  hosts: readonly PreviewHost[],
  audits: readonly PreviewAudit[],
  compensations: readonly LaidOutCompensation[],
): string[] {
  const cannot = compensations.filter(({ state }) => state === 'NOT_REVERSIBLE').length;
  return [
    ...hosts.flatMap(({ message }) => (message === null ? [] : [message])),
    ...audits.map(({ message }) => message),
    ...(cannot === 0 ? [] : [`${cannot} actions cannot be undone; each says why.`]),
  ];
}
