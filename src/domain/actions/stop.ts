/**
 * `stop`: shuts a server down.
 *
 * Parameters: resource_id (server), resource_name. Not in Watcher 9; newer releases and plugins bring it.
 * Before: ACTIVE, inferred, because Watcher's nova_helper.stop_instance also answers "done" for one that was stopped
 * already. Undone by starting it. Nova starts only a server that is stopped (nova/compute/api.py, start).
 */
import { needsProof } from '../action-states.js';
import type { Context, Member } from '../context.js';
import type { Server } from '../facts.js';
import { serverPower } from '../property.js';
import { serverNeverOurs } from '../server-rules.js';
import { endOf, timeOf } from '../time.js';
import {
  judge,
  sortOut,
  unprovedReason,
  verdict,
  type Group,
  type Resource,
  type Verdict,
  type Verdicts,
} from '../verdict.js';
import { missing, text, type Change, type Parameters, type StopChange } from './change.js';

export function readStop(parameters: Parameters): Change {
  const serverId = text(parameters, 'resource_id');
  if (serverId === null) return missing('stop', 'resource_id', parameters);
  return { kind: 'stop', serverId, serverName: text(parameters, 'resource_name') };
}

type StopMember = Member<StopChange>;

/**
 * All stops of one server. `resizeIsReverted`: the plan left it in VERIFY_RESIZE, and reverting that comes first.
 */
export function judgeStops(
  context: Context,
  members: StopMember[],
  resizeIsReverted: boolean,
  verdicts: Verdicts,
): void {
  const first = members[0];
  if (first === undefined) return;
  const { serverId, serverName } = first.change;
  const server = context.servers.get(serverId);
  const resource: Resource = { type: 'server', id: serverId, name: server?.name ?? serverName };
  const group = sortOut(members, (member) => !isUnproved(context, member), resource, verdicts);
  if (group === null) return;
  verdicts.set(
    group.owner.action.uuid,
    server === undefined
      ? verdict('NOT_REVERSIBLE', `Server ${serverId} no longer exists.`, { resource })
      : judgeStop(context, group, server, resource, resizeIsReverted),
  );
}

function judgeStop(
  context: Context,
  { owner, last, isProved }: Group<StopMember>,
  server: Server,
  resource: Resource,
  resizeIsReverted: boolean,
): Verdict {
  const newer = context.newer.get(serverPower(server.id));
  const judgement = judge({
    name: server.name,
    nowIs: `is ${server.status}`,
    isBefore: server.status === 'ACTIVE',
    // In VERIFY_RESIZE the server's power is hidden behind that status; a revert brings it to light again.
    isAfter: server.status === 'SHUTOFF' || (resizeIsReverted && server.status === 'VERIFY_RESIZE'),
    unproved: isProved
      ? null
      : unprovedReason(owner, server.name, 'Nova has no "stop" of it in the time of the action'),
    neverOurs: serverNeverOurs(server),
    newer: newer !== undefined && newer.end > last.end ? newer : undefined,
    policy: context.options.on_drift,
  });
  const states = {
    resource,
    before: { status: 'ACTIVE', inferred: true },
    after: { status: 'SHUTOFF' },
    now: { status: server.status },
    stake: { kind: 'start', serverId: server.id, host: server.host },
  } as const;
  if (judgement !== 'restore') {
    return verdict(judgement.state, judgement.reason, { ...judgement, ...states });
  }
  if (server.status !== 'SHUTOFF' && !resizeIsReverted) {
    const reason = `${server.name} is ${server.status}; Nova starts only a server that is SHUTOFF.`;
    return verdict('NOT_REVERSIBLE', reason, states);
  }
  return verdict('PENDING', null, {
    ...states,
    work: {
      kind: 'start_server',
      serverId: server.id,
      serverName: server.name,
      host: server.host ?? '',
    },
  });
}

/** An instance action "stop" that began in the action's time proves it. */
function isUnproved(context: Context, { action, change, end }: StopMember): boolean {
  if (!needsProof(action.state)) return false;
  const { plan } = context.facts;
  const from = action.parents
    .map((uuid) => context.ends.get(uuid) ?? 0)
    .filter((parentEnd) => parentEnd <= end)
    .reduce((latest, one) => Math.max(latest, one), timeOf(plan.createdAt) ?? 0);
  const to = action.state === 'ONGOING' ? Math.max(end, endOf(plan)) : end;
  const stops = context.instanceActions.get(change.serverId) ?? [];
  return !stops.some((one) => {
    const started = timeOf(one.startedAt) ?? 0;
    return one.action === 'stop' && started >= from && started <= to;
  });
}

/**
 * Ids of the servers whose instance actions the rules need: only for stops that Watcher does not vouch for, because
 * Nova answers them one server at a time.
 */
export function stopsToProve(actions: Iterable<{ state: string; change: Change }>): Set<string> {
  const ids = new Set<string>();
  for (const { state, change } of actions) {
    if (change.kind === 'stop' && needsProof(state)) ids.add(change.serverId);
  }
  return ids;
}
