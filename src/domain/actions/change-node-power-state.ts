/**
 * `change_node_power_state`: powers an Ironic node on or off.
 *
 * Parameters (watcher/applier/actions/change_node_power_state.py): resource_id (node), state "on" or "off".
 * Before: the opposite, inferred (the action also succeeds where the node was so already). Undone through Ironic; off
 * only where it is known which compute host runs on the node, so that somebody can see that it is empty.
 */
import { hasSucceeded } from '../action-states.js';
import type { Context, Member } from '../context.js';
import type { Host, Node } from '../facts.js';
import { isUndoneByValue, newerChange } from '../newer.js';
import { nodePower } from '../property.js';
import {
  doubtfulReason,
  judge,
  sortOut,
  unprovedReason,
  verdict,
  type Group,
  type Resource,
  type Stake,
  type Verdict,
  type Verdicts,
} from '../verdict.js';
import { ownReason } from './change-nova-service-state.js';
import { missing, text, type Change, type Parameters, type PowerChange } from './change.js';

export function readChangeNodePowerState(parameters: Parameters): Change {
  const type = 'change_node_power_state';
  const nodeId = text(parameters, 'resource_id');
  if (nodeId === null) return missing(type, 'resource_id', parameters);
  const state = text(parameters, 'state');
  if (state !== 'on' && state !== 'off') return missing(type, 'state', parameters);
  return { kind: 'power', nodeId, to: state === 'on' ? 'power on' : 'power off' };
}

type PowerMember = Member<PowerChange>;

/** All power changes of one node. Nothing in Ironic proves one that Watcher does not vouch for. */
export function judgePowers(context: Context, members: PowerMember[], verdicts: Verdicts): void {
  const nodeId = members[0]?.change.nodeId ?? '';
  const node = context.nodes.get(nodeId);
  const resource: Resource = { type: 'node', id: nodeId, name: node?.name ?? null };
  const group = sortOut(members, ({ action }) => hasSucceeded(action.state), resource, verdicts);
  if (group === null) return;
  verdicts.set(
    group.owner.action.uuid,
    node === undefined
      ? verdict('NOT_REVERSIBLE', `Node ${nodeId} no longer exists in Ironic.`, { resource })
      : judgePower(context, group, node, resource),
  );
}

function judgePower(
  context: Context,
  { owner, last, isProved, doubtful }: Group<PowerMember>,
  node: Node,
  resource: Resource,
): Verdict {
  const before = owner.change.to === 'power on' ? 'power off' : 'power on';
  const name = `node ${node.name ?? node.uuid}`;
  const host = context.hosts.ofHypervisor(node.hypervisorId);
  const isBefore = node.powerState === before && node.targetPowerState === null;
  const isAfter = node.powerState === last.change.to;
  const isUndone = isUndoneByValue(
    isBefore || isAfter,
    (change) => change.kind === 'power' && change.to === node.powerState,
  );
  const nowIs = `is "${node.powerState ?? 'unknown'}"`;
  const states = {
    resource,
    before: { power_state: before, inferred: true },
    after: { power_state: last.change.to },
    now: { power_state: node.powerState },
    stake: { kind: 'node', host: host?.name ?? null, to: before },
  } as const;
  if (context.options.hosts === 'keep' && !isBefore) {
    return verdict('KEPT', `${name} ${nowIs}: left so, because hosts is "keep".`, states);
  }
  const maker =
    before === 'power off' ? doubtful.find(({ change }) => change.to === before) : undefined;
  if (isProved && maker !== undefined) {
    // Whatever needs this host up can name it: nobody is going to bring it up.
    const stake: Stake = { kind: 'node', host: host?.name ?? null, to: 'power on' };
    const reason = doubtfulReason(maker, name);
    return verdict('NOT_REVERSIBLE', reason, { ...states, before: null, stake });
  }
  const judgement = judge({
    name,
    nowIs,
    isBefore,
    isAfter,
    unproved: isProved ? null : unprovedReason(owner, name, 'Ironic keeps no record of who did'),
    neverOurs: nodeNeverOurs(node, name),
    newer: newerChange(context, nodePower(node.uuid), last.end, isUndone),
    policy: context.options.on_drift,
  });
  if (judgement !== 'restore') {
    return verdict(judgement.state, judgement.reason, { ...judgement, ...states });
  }
  if (before === 'power off' && host === undefined) {
    return verdict('NOT_REVERSIBLE', unknownHost(node, name), states);
  }
  return verdict('PENDING', null, { ...states, work: workOf(context, node, host, before) });
}

function workOf(
  context: Context,
  node: Node,
  host: Host | undefined,
  to: 'power on' | 'power off',
): NonNullable<Verdict['work']> {
  return {
    kind: 'set_node_power',
    nodeId: node.uuid,
    nodeName: node.name ?? node.uuid,
    host: host?.name ?? null,
    to,
    reason: ownReason(context.facts.plan.uuid),
  };
}

function unknownHost(node: Node, name: string): string {
  const why =
    node.hypervisorId === null
      ? 'its extra.compute_node_id is not set'
      : `hypervisor ${node.hypervisorId} of its extra.compute_node_id is gone`;
  return `${name} is not powered off, because nobody can see which compute host runs on it and whether that is empty: ${why}.`;
}

/** Provision states in which Ironic itself is at work. Source: ironic/common/states.py. */
const AT_WORK: ReadonlySet<string> = new Set([
  'adopting',
  'clean wait',
  'cleaning',
  'deleting',
  'deploying',
  'inspect wait',
  'inspecting',
  'rebuild',
  'rescue wait',
  'rescuing',
  'service wait',
  'servicing',
  'unrescuing',
  'verifying',
  'wait call-back',
]);

function nodeNeverOurs(node: Node, name: string): string | null {
  const left = 'it is left alone';
  if (node.maintenance) {
    const why = node.maintenanceReason === null ? '' : ` ("${node.maintenanceReason}")`;
    return `${name} is in maintenance${why}: ${left}.`;
  }
  if (node.fault !== null) return `${name} has a fault ("${node.fault}"): ${left}.`;
  if (node.targetPowerState !== null) {
    return `${name} is in transition to "${node.targetPowerState}": ${left}. Ask again when it is done.`;
  }
  if (node.targetProvisionState !== null || AT_WORK.has(node.provisionState ?? '')) {
    return `${name} is in transition (provision state "${node.provisionState ?? 'unknown'}"): ${left}. Ask again when it is done.`;
  }
  if (node.reservation !== null) {
    return `${name} is reserved by ${node.reservation}, which is at work on it: ${left}. Ask again when it is done.`;
  }
  return null;
}
