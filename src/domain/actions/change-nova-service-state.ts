/**
 * `change_nova_service_state`: enables or disables the nova-compute service of a host.
 *
 * Parameters (watcher/applier/actions/change_nova_service_state.py): resource_id and resource_name name the host (as uuid
 * and name, or the name in resource_id), state, disabled_reason.
 * Before: the opposite, inferred. Undone by setting it back, but enabled only where it is disabled with exactly the
 * action's reason: any other reason is somebody else's decision.
 */
import { hasSucceeded, needsProof } from '../action-states.js';
import { byEnd, type Context, type Member } from '../context.js';
import type { Host } from '../facts.js';
import { isUndoneByValue, newerChange } from '../newer.js';
import { hostOfService, serviceStatus } from '../property.js';
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
import { missing, text, type Change, type Parameters, type ServiceChange } from './change.js';

export function readChangeNovaServiceState(parameters: Parameters): Change {
  const type = 'change_nova_service_state';
  // Watcher calls Nova with resource_name alone; resource_id is a uuid in some strategies, the name in others.
  const hostNames = [text(parameters, 'resource_name'), text(parameters, 'resource_id')].filter(
    (name) => name !== null,
  );
  if (hostNames.length === 0) return missing(type, 'resource_id', parameters);
  const state = text(parameters, 'state');
  if (state === 'up' || state === 'down') {
    // The schema permits these; execute() then raises IllegalArgumentException before it calls Nova.
    return { kind: 'nothing', reason: `Watcher does nothing for the service state "${state}".` };
  }
  if (state !== 'enabled' && state !== 'disabled') return missing(type, 'state', parameters);
  return {
    kind: 'service',
    hostNames,
    to: state,
    reason: text(parameters, 'disabled_reason'),
  };
}

type ServiceMember = Member<ServiceChange>;

/** All actions on the service of one host. */
export function judgeServices(
  context: Context,
  members: ServiceMember[],
  verdicts: Verdicts,
): void {
  const names = members[0]?.change.hostNames ?? [];
  const host = hostOfService(names, context.hosts);
  const name = host?.name ?? names[0] ?? null;
  const resource: Resource = { type: 'compute_service', id: name, name };
  const lastVouchedFor = byEnd(members).findLast(({ action }) => hasSucceeded(action.state));
  const took = (member: ServiceMember): boolean => tookEffect(member, host, lastVouchedFor);
  const group = sortOut(members, took, resource, verdicts);
  if (group === null) return;
  verdicts.set(
    group.owner.action.uuid,
    host === undefined
      ? verdict('NOT_REVERSIBLE', `Compute host ${name} is gone: Nova has no such service.`, {
          resource,
        })
      : judgeService(context, group, host, resource),
  );
}

/** The live reason is the word of the last that disabled it: an action before a SUCCEEDED one cannot be proved by it. */
function tookEffect(
  { action, change, end }: ServiceMember,
  host: Host | undefined,
  lastVouchedFor: ServiceMember | undefined,
): boolean {
  if (hasSucceeded(action.state)) return true;
  return (
    needsProof(action.state) &&
    end > (lastVouchedFor?.end ?? -Infinity) &&
    change.to === 'disabled' &&
    change.reason !== null &&
    host?.status === 'disabled' &&
    host.disabledReason === change.reason
  );
}

function judgeService(
  context: Context,
  group: Group<ServiceMember>,
  host: Host,
  resource: Resource,
): Verdict {
  const { owner, effective, last, isProved, doubtful } = group;
  const name = `nova-compute on ${host.name}`;
  const before = owner.change.to === 'disabled' ? 'enabled' : 'disabled';
  const lastDisable = effective.findLast(({ change }) => change.to === 'disabled');
  const ourReason = lastDisable?.change.reason ?? null;
  const disabledByUs =
    host.status === 'disabled' && lastDisable !== undefined && host.disabledReason === ourReason;
  const isBefore = host.status === before;
  const isAfter = host.status === last.change.to;
  const isUndone = isUndoneByValue(isBefore || isAfter, (change) => isAsSet(host, change));
  const states = {
    resource,
    before: { status: before, inferred: true },
    after: {
      status: last.change.to,
      ...(last.change.to === 'disabled' && { disabled_reason: last.change.reason }),
    },
    now: {
      status: host.status,
      ...(host.status === 'disabled' && { disabled_reason: host.disabledReason }),
    },
    stake: { kind: 'service', host: host.name, to: before },
  } as const;
  if (context.options.hosts === 'keep' && !isBefore) {
    const reason = `${name} ${sayStatus(host)}: left so, because hosts is "keep".`;
    return verdict('KEPT', reason, states);
  }
  const maker =
    before === 'disabled' ? doubtful.find(({ change }) => change.to === before) : undefined;
  if (isProved && maker !== undefined) {
    // Whatever needs this host up can name it: nobody is going to bring it up.
    const stake: Stake = { kind: 'service', host: host.name, to: 'enabled' };
    const reason = doubtfulReason(maker, name);
    return verdict('NOT_REVERSIBLE', reason, { ...states, before: null, stake });
  }
  const judgement = judge({
    name,
    nowIs: sayStatus(host),
    isBefore,
    isAfter,
    unproved: isProved
      ? null
      : unprovedReason(owner, name, "its disabled_reason is not the action's"),
    neverOurs: isProved ? serviceNeverOurs(host, before, disabledByUs) : null,
    newer: newerChange(context, serviceStatus(host.name), last.end, isUndone),
    policy: context.options.on_drift,
  });
  if (judgement !== 'restore') {
    return verdict(judgement.state, judgement.reason, { ...judgement, ...states });
  }
  return verdict('PENDING', null, {
    ...states,
    work: {
      kind: 'set_service_status',
      host: host.name,
      to: before,
      // Nobody recorded the reason of a service that the plan enabled, unless the plan itself says it.
      reason:
        before === 'enabled'
          ? host.disabledReason
          : (owner.change.reason ?? ownReason(context.facts.plan.uuid)),
    },
  });
}

/** Whether the service is as a change sets it, reason and all. */
function isAsSet(host: Host, change: Change): boolean {
  if (change.kind !== 'service' || host.status !== change.to) return false;
  return change.to === 'enabled' || host.disabledReason === change.reason;
}

/** The disabled_reason that this service writes. */
export function ownReason(planUuid: string): string {
  return `watcher-rollback: action plan ${planUuid}`;
}

function sayStatus(host: Host): string {
  if (host.status === 'enabled') return 'is enabled';
  return host.disabledReason === null
    ? 'is disabled without a reason'
    : `is disabled ("${host.disabledReason}")`;
}

/** Nova itself disables a service that keeps failing to build with this prefix (nova/compute/manager.py). */
const NOVAS_OWN_PREFIX = 'AUTO:';

function serviceNeverOurs(
  host: Host,
  before: 'enabled' | 'disabled',
  disabledByUs: boolean,
): string | null {
  const name = `nova-compute on ${host.name}`;
  if (host.forcedDown) return `${name} is forced down: it is left alone.`;
  if (host.status !== 'disabled') return null;
  if (host.disabledReason?.startsWith(NOVAS_OWN_PREFIX) === true) {
    return `${name} was disabled by Nova itself ("${host.disabledReason}"): it is left alone.`;
  }
  if (before === 'enabled' && !disabledByUs) {
    return `${name} ${sayStatus(host)}, which is not the action's reason: somebody else disabled it, so it is left alone.`;
  }
  return null;
}
