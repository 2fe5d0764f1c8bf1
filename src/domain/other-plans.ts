/**
 * Other plans: one that is running on the same resources refuses the rollback, one that changed a property later
 * than this plan wins ("the newer plan wins"). Pure.
 */
import { readChange } from './actions/read-change.js';
import type { Change } from './actions/change.js';
import { hasSucceeded } from './action-states.js';
import { groupBy, type OtherChange } from './context.js';
import type { Action, Facts, Node, OtherPlan } from './facts.js';
import type { HostIndex } from './hosts.js';
import type { Refusal } from './layout-types.js';
import { hostOfService, propertyOf } from './property.js';
import { endOf } from './time.js';
import { unreachable } from './unreachable.js';

/**
 * Per property, its changes by other plans, in the order in which they ended. Only SUCCEEDED actions: what a failed
 * one left behind shows in the live state, and is drift by its value.
 */
export function changesByOthers(plans: OtherPlan[], hosts: HostIndex): Map<string, OtherChange[]> {
  const changes: (OtherChange & { property: string })[] = [];
  for (const { plan, actions } of plans) {
    for (const action of actions) {
      if (!hasSucceeded(action.state)) continue;
      const change = readChange(action.type, action.parameters);
      const property = propertyOf(change, hosts);
      if (property !== null) changes.push({ property, plan, action, change, end: endOf(action) });
    }
  }
  changes.sort((a, b) => a.end - b.end);
  return groupBy(changes, ({ property }) => property);
}

/** PENDING too: it begins at any moment, under our hands. */
const RUNNING_STATES: ReadonlySet<string> = new Set(['ONGOING', 'PENDING', 'CANCELLING']);
const NAMED_AT_MOST = 5;

/**
 * Refuses where another running plan touches a server, a node or a compute host that this plan touched. A host that is
 * only the destination (or source) of a migration is not touched by it: two plans may well fill the same host.
 */
export function refuseOngoing(
  facts: Facts,
  hosts: HostIndex,
  nodes: ReadonlyMap<string, Node>,
  ours: Iterable<Change>,
): Refusal | null {
  const touched = new Set<string>();
  for (const change of ours) for (const name of touchedBy(change, hosts, nodes)) touched.add(name);
  for (const { plan, actions } of facts.otherPlans) {
    if (plan.uuid === facts.plan.uuid || !RUNNING_STATES.has(plan.state)) continue;
    const shared = sharedNames(actions, touched, hosts, nodes);
    if (shared.length === 0) continue;
    const more = shared.length > NAMED_AT_MOST ? ` and ${shared.length - NAMED_AT_MOST} more` : '';
    return {
      type: 'OtherPlanOngoing',
      message:
        `Action plan ${plan.uuid} is ${plan.state} and concerns what is to be rolled back: ` +
        `${shared.slice(0, NAMED_AT_MOST).join(', ')}${more}. ` +
        'Wait for its end, or cancel it, and ask again.',
    };
  }
  return null;
}

/** What of another plan's actions is touched by ours too: "server <id>", "compute host <name>", "node <id>". */
export function sharedResources(
  actions: Action[],
  ours: Iterable<Change>,
  hosts: HostIndex,
  nodes: ReadonlyMap<string, Node>,
): string[] {
  const touched = new Set<string>();
  for (const change of ours) for (const name of touchedBy(change, hosts, nodes)) touched.add(name);
  return sharedNames(actions, touched, hosts, nodes);
}

function sharedNames(
  actions: Action[],
  touched: ReadonlySet<string>,
  hosts: HostIndex,
  nodes: ReadonlyMap<string, Node>,
): string[] {
  const shared = new Set<string>();
  for (const action of actions) {
    const change = readChange(action.type, action.parameters);
    for (const name of touchedBy(change, hosts, nodes)) if (touched.has(name)) shared.add(name);
  }
  return [...shared];
}

function touchedBy(change: Change, hosts: HostIndex, nodes: ReadonlyMap<string, Node>): string[] {
  switch (change.kind) {
    case 'move':
    case 'stop':
      return [`server ${change.serverId}`];
    case 'service': {
      const host = hostOfService(change.hostNames, hosts)?.name ?? change.hostNames[0];
      return host === undefined ? [] : [`compute host ${host}`];
    }
    case 'power': {
      // The node is the host: powering it and enabling its service are about one machine.
      const host = hosts.ofHypervisor(nodes.get(change.nodeId)?.hypervisorId ?? null);
      const node = `node ${change.nodeId}`;
      return host === undefined ? [node] : [node, `compute host ${host.name}`];
    }
    case 'opaque':
      return change.volumeId === null ? [] : [`volume ${change.volumeId}`];
    case 'nothing':
      return [];
    default:
      return unreachable(change);
  }
}
