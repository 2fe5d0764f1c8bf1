/**
 * What a rollback does to the cloud, as the scheduler model sees it: operations with their order, as the rules of
 * src/domain give it, and with the time that each takes there. Knows nothing of HTTP, Temporal or a clock.
 */
import type { CompensationWork } from '../../src/domain/layout-types.js';
import { orderCompensations } from '../../src/domain/order.js';
import type { CompensationResult } from '../../src/domain/result.js';
import type { Schedulable } from '../../src/domain/schedule.js';
import { isFinal } from '../../src/domain/states.js';
import type { Stake } from '../../src/domain/verdict.js';

export interface Operation extends Schedulable {
  /** How long the cloud takes, milliseconds. */
  duration: number;
}

/** One compensation that has work, before it is known what it waits for. */
export interface Step {
  id: string;
  work: CompensationWork;
  duration: number;
}

/** Operations of a plan whose compensations are these, in the order of its actions: the last goes first, as in a layout. */
export function operationsOf(steps: readonly Step[]): Operation[] {
  const parents = orderCompensations(
    steps.map(({ id, work }) => ({ id, verdict: { state: 'PENDING', stake: stakeOf(work) } })),
  );
  return steps.map(({ id, work, duration }, index) => ({
    action_uuid: id,
    priority: steps.length - 1 - index,
    parents: parents.get(id) ?? [],
    state: 'PENDING',
    work,
    duration,
  }));
}

/**
 * The operations of a rollback that has ended, from its result: what it has done, with the parents that it really had.
 * `durationOf`: what the cloud took for it.
 */
export function operationsOfResult(
  compensations: readonly CompensationResult[],
  durationOf: (compensation: CompensationResult) => number,
): Operation[] {
  return compensations.map((one, index) => {
    const work = one.state === 'SUCCEEDED' ? workOf(one) : null;
    return {
      action_uuid: one.action_uuid,
      priority: compensations.length - 1 - index,
      parents: one.parents,
      state: work === null ? 'SKIPPED' : 'PENDING',
      work,
      duration: work === null ? 0 : durationOf(one),
    };
  });
}

/** Those that take time and a place; the others were over before anything began and hold nothing back. */
export function openOnes(operations: readonly Operation[]): Operation[] {
  return operations.filter(({ work, state }) => work !== null && !isFinal(state));
}

/** The hosts on which it takes a place of the bound per host: both ends of a move, none for anything else. */
export function hostsOf({ work }: Pick<Operation, 'work'>): string[] {
  return work !== null && 'from' in work ? [...new Set([work.from, work.to])] : [];
}

/** Of a live migration, the host whose nova-compute runs it; null for anything else. */
export function liveSourceOf({ work }: Pick<Operation, 'work'>): string | null {
  return work?.kind === 'live_migrate' ? work.from : null;
}

function stakeOf(work: CompensationWork): Stake {
  switch (work.kind) {
    case 'live_migrate':
    case 'cold_migrate':
      return { kind: 'migrate', serverId: work.serverId, from: work.from, to: work.to };
    case 'revert_resize':
      return { kind: 'revert', serverId: work.serverId, from: work.from, to: work.to };
    case 'start_server':
      return { kind: 'start', serverId: work.serverId, host: work.host };
    case 'set_service_status':
      return { kind: 'service', host: work.host, to: work.to };
    default:
      return { kind: 'node', host: work.host, to: work.to };
  }
}

/** Of the work only what order and bounds ask for is in a result; the rest is left empty. */
function workOf(one: CompensationResult): CompensationWork | null {
  const serverId = one.resource_id ?? one.action_uuid;
  const serverName = one.resource_name ?? serverId;
  const server = { serverId, serverName };
  const from = one.after?.host ?? null;
  const to = one.before?.host ?? null;
  const ends = (): { from: string; to: string } => {
    if (from === null || to === null) throw new Error(`no hosts of the move ${one.action_uuid}`);
    return { from, to };
  };
  switch (one.kind) {
    case 'live_migrate':
    case 'cold_migrate':
      return { kind: one.kind, ...server, ...ends(), allowCold: false, sinceMigrationId: 0 };
    case 'revert_resize':
      return { kind: one.kind, ...server, ...ends(), migrationId: 0 };
    case 'start_server':
      return { kind: one.kind, ...server, host: to ?? '' };
    case 'set_service_status': {
      const status = one.before?.status === 'enabled' ? 'enabled' : 'disabled';
      return { kind: one.kind, host: serverName, to: status, reason: null };
    }
    case 'set_node_power': {
      const power = one.before?.power_state === 'power off' ? 'power off' : 'power on';
      const node = { nodeId: serverId, nodeName: serverName, host: null };
      return { kind: one.kind, ...node, to: power, reason: '' };
    }
    default:
      return null;
  }
}
