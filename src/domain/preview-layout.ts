/** What a preview says beyond the compensations themselves, from the same facts. Pure: no audits, no room. */
import { readChange } from './actions/read-change.js';
import { contextOf } from './build-context.js';
import type { Facts, Host } from './facts.js';
import { layOut } from './layout.js';
import type { LaidOutCompensation } from './layout-types.js';
import type { RollbackOptions } from './options.js';
import { sharedResources } from './other-plans.js';
import type { PreviewHost, PreviewPlan } from './preview.js';

/** Actions with work, as they would begin: parents before children, and among the ready ones the lower priority first. */
export function orderOf(compensations: readonly LaidOutCompensation[]): string[] {
  const open = compensations
    .filter(({ work }) => work !== null)
    .toSorted((a, b) => a.priority - b.priority);
  const waiting = new Set(open.map(({ action_uuid }) => action_uuid));
  const order: string[] = [];
  // Every edge leads from a lower level to a higher one, and there are few levels: so there are few rounds.
  while (waiting.size > 0) {
    const before = order.length;
    const ready = open.filter(
      ({ action_uuid, parents }) =>
        waiting.has(action_uuid) && !parents.some((parent) => waiting.has(parent)),
    );
    for (const { action_uuid } of ready) order.push(action_uuid);
    for (const { action_uuid } of ready) waiting.delete(action_uuid);
    if (order.length === before) break;
  }
  return order;
}

/** For chosen actions: which others' compensations they would have waited for, had all been chosen. */
export function needsOf(facts: Facts, options: RollbackOptions): Record<string, string[]> {
  if (options.actions === null) return {};
  const whole = layOut(facts, { ...options, actions: null, on_drift: leaveDrift(options) });
  if ('refusal' in whole) return {};
  const all = new Map(whole.compensations.map((one) => [one.action_uuid, one]));
  const chosen = new Set(options.actions);
  const needs: Record<string, string[]> = {};
  for (const uuid of chosen) {
    const parents = all.get(uuid)?.parents ?? [];
    const missing = parents.filter((parent) => !chosen.has(parent) && isOpen(all.get(parent)));
    if (missing.length > 0) needs[uuid] = missing;
  }
  return needs;
}

/** "fail" would refuse for what was not chosen. */
function leaveDrift({ on_drift }: RollbackOptions): RollbackOptions['on_drift'] {
  return on_drift === 'fail' ? 'keep' : on_drift;
}

function isOpen(compensation: LaidOutCompensation | undefined): boolean {
  return compensation !== undefined && compensation.state === 'PENDING';
}

/** Of one plan, and of all: a person reads them, and each has a uuid that nothing can compress. */
const RESOURCES_MAX = { ofPlan: 100, ofAll: 2000 };

/** Newer plans that ran or run on what this plan touched. */
export function newerPlansOf(facts: Facts, options: RollbackOptions): PreviewPlan[] {
  let left = RESOURCES_MAX.ofAll;
  const { hosts, nodes } = contextOf(facts, options);
  const ours = facts.actions.map((action) => readChange(action.type, action.parameters));
  return facts.otherPlans.flatMap(({ plan, actions }) => {
    const shared = sharedResources(actions, ours, hosts, nodes);
    if (shared.length === 0) return [];
    const resources = firstOf(shared, Math.min(RESOURCES_MAX.ofPlan, left));
    left = Math.max(0, left - resources.length);
    return [{ uuid: plan.uuid, state: plan.state, resources }];
  });
}

function firstOf(names: readonly string[], most: number): string[] {
  if (names.length <= most) return [...names];
  return [...names.slice(0, most), `${names.length - most} more`];
}

/** Hosts that the rollback brings something to, or switches; without room, which Placement knows. */
export function hostsOf(
  facts: Facts,
  compensations: readonly LaidOutCompensation[],
): { host: Host; view: PreviewHost }[] {
  const incoming = new Map<string, number>();
  const enabled = new Set<string>();
  const concerned = new Set<string>();
  for (const { work } of compensations) {
    if (work === null) continue;
    if ('from' in work) {
      incoming.set(work.to, (incoming.get(work.to) ?? 0) + 1);
      concerned.add(work.to);
    }
    if ('host' in work && work.host !== null) concerned.add(work.host);
    if (work.kind === 'set_service_status' && work.to === 'enabled') enabled.add(work.host);
    if (work.kind === 'set_node_power' && work.to === 'power on' && work.host !== null) {
      enabled.add(`on ${work.host}`);
    }
  }
  return facts.hosts
    .filter(({ name }) => concerned.has(name))
    .map((host) => ({
      host,
      view: {
        host: host.name,
        status: host.status,
        state: host.state,
        disabled_reason: host.disabledReason,
        servers: facts.servers.filter((server) => server.host === host.name).length,
        room: null,
        incoming: incoming.get(host.name) ?? 0,
        message: obstacleOf(host, (incoming.get(host.name) ?? 0) > 0, enabled),
      },
    }));
}

/** What stands in the way of servers that would come here, unless the rollback itself moves it out of the way first. */
function obstacleOf(host: Host, hasIncoming: boolean, enabled: ReadonlySet<string>): string | null {
  if (!hasIncoming) return null;
  if (host.forcedDown) return `${host.name} is forced down, so Nova moves nothing onto it.`;
  if (host.state === 'down' && !enabled.has(`on ${host.name}`)) {
    return `nova-compute of ${host.name} is down, so nothing can be moved onto it.`;
  }
  if (host.status === 'disabled' && !enabled.has(host.name)) {
    const why = host.disabledReason === null ? '' : ` (${host.disabledReason})`;
    return `${host.name} is disabled${why} and the rollback does not enable it, so Nova moves nothing onto it.`;
  }
  return null;
}
