/**
 * `stop`: shuts a server down.
 *
 * Parameters: resource_id (server), resource_name. Not in Watcher 9; newer releases and plugins bring it.
 * Before: ACTIVE, inferred, because Watcher's nova_helper.stop_instance also answers "done" for one that was stopped
 * already. Undone by starting it. Nova starts only a server that is stopped (nova/compute/api.py, start).
 */
import { hasSucceeded, needsProof } from '../action-states.js';
import type { Context, Member } from '../context.js';
import type { InstanceAction, Server } from '../facts.js';
import { isUndoneByValue, newerChange } from '../newer.js';
import { serverPower } from '../property.js';
import { serverNeverOurs } from '../server-rules.js';
import { timeOf } from '../time.js';
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
import { assignInOrder, CLOCK_TOLERANCE_MS, isWithin, windowsOf } from '../windows.js';
import { missing, text, type Change, type Parameters, type StopChange } from './change.js';

export function readStop(parameters: Parameters): Change {
  const serverId = text(parameters, 'resource_id');
  if (serverId === null) return missing('stop', 'resource_id', parameters);
  return { kind: 'stop', serverId, serverName: text(parameters, 'resource_name') };
}

type StopMember = Member<StopChange>;

/** What the judging of a server's moves tells. */
interface Stopped {
  /** The plan left it in VERIFY_RESIZE, and reverting that comes first. */
  isReverted: boolean;
  /** Empty where nothing tells. */
  watcherUsers: ReadonlySet<string>;
}

/** All stops of one server. */
export function judgeStops(
  context: Context,
  members: StopMember[],
  { isReverted, watcherUsers }: Stopped,
  verdicts: Verdicts,
): void {
  const first = members[0];
  if (first === undefined) return;
  const { serverId, serverName } = first.change;
  const server = context.servers.get(serverId);
  const resource: Resource = { type: 'server', id: serverId, name: server?.name ?? serverName };
  const proved = proveStops(context, members, serverId, watcherUsers);
  const took = (member: StopMember): boolean =>
    !needsProof(member.action.state) || proved.has(member);
  const group = sortOut(members, took, resource, verdicts);
  if (group === null) return;
  verdicts.set(
    group.owner.action.uuid,
    server === undefined
      ? verdict('NOT_REVERSIBLE', `Server ${serverId} no longer exists.`, { resource })
      : judgeStop(context, group, server, resource, isReverted),
  );
}

function judgeStop(
  context: Context,
  { owner, last, isProved }: Group<StopMember>,
  server: Server,
  resource: Resource,
  resizeIsReverted: boolean,
): Verdict {
  const isBefore = server.status === 'ACTIVE';
  const isUndone = isUndoneByValue(isBefore, () => server.status === 'SHUTOFF');
  const judgement = judge({
    name: server.name,
    nowIs: `is ${server.status}`,
    isBefore,
    // In VERIFY_RESIZE the server's power is hidden behind that status; a revert brings it to light again.
    isAfter: server.status === 'SHUTOFF' || (resizeIsReverted && server.status === 'VERIFY_RESIZE'),
    unproved: isProved
      ? null
      : unprovedReason(owner, server.name, 'Nova has no "stop" of it in the time of the action'),
    neverOurs: serverNeverOurs(server),
    newer: newerChange(context, serverPower(server.id), last.end, isUndone),
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

/**
 * An instance action "stop" that began in the action's time proves it, or one that began so shortly before or after that
 * clocks may differ by that, unless somebody else is known to have asked for it. Each proves one stop, SUCCEEDED ones first.
 */
function proveStops(
  context: Context,
  members: StopMember[],
  serverId: string,
  watcherUsers: ReadonlySet<string>,
): Set<StopMember> {
  const windows = windowsOf(context.facts.plan, context.ends, members);
  const stops = (context.instanceActions.get(serverId) ?? [])
    .filter(({ action }) => action === 'stop')
    .map((one) => ({ one, started: timeOf(one.startedAt) ?? 0 }))
    .toSorted((a, b) => a.started - b.started);
  const isForeign = ({ userId }: InstanceAction): boolean =>
    userId !== null &&
    (watcherUsers.size > 0 ? !watcherUsers.has(userId) : userId === context.facts.ownUserId);
  const assigned = assignInOrder(
    windows.map((window) =>
      stops.flatMap(({ one, started }, at) => {
        const isExact = isWithin(window, started);
        const mayBe = isWithin(window, started, CLOCK_TOLERANCE_MS) && !isForeign(one);
        if (!isExact && !mayBe) return [];
        const first = hasSucceeded(window.member.action.state) ? 1_000 : 0;
        return [{ at, value: first + (isExact ? 2 : 1) }];
      }),
    ),
  );
  return new Set(
    windows.flatMap(({ member }, index) => (assigned[index] === null ? [] : [member])),
  );
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
