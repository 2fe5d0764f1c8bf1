/**
 * The host of a server: what `migrate` and `resize` change, judged for all actions of the plan on one server together.
 * Pure.
 *
 * Each action that took effect is a step from one host to the next. The earliest step's action owns the compensation, which
 * goes straight back to where that step began; the others are covered by it. A resize also changed the flavor,
 * which only a revert brings back.
 */
import { hasSucceeded } from './action-states.js';
import type { Context } from './context.js';
import type { Migration, Server } from './facts.js';
import type { MoveServerWork } from './layout-types.js';
import { isReverted } from './migrations.js';
import { knownUntil, liveHost, type Moved, type Step } from './moved-server.js';
import type { MoveMember } from './proof.js';
import { serverNeverOurs, wayToMove } from './server-rules.js';
import { unreachable } from './unreachable.js';
import {
  covered,
  judge,
  neverTookEffect,
  unprovedReason,
  verdict,
  type Verdict,
  type Verdicts,
} from './verdict.js';

/** `isStarted`: the server is SHUTOFF by the plan, and its start goes first. */
export function judgeMoves(
  context: Context,
  moved: Moved,
  isStarted: boolean,
  verdicts: Verdicts,
): void {
  const first = moved.steps.find(({ member }) => member.selected);
  const { toRevert } = moved;
  // Where the revert alone brings the server home, it is the compensation.
  const owner =
    toRevert !== null && first !== undefined && first.from === toRevert.from ? toRevert : first;
  const stepBy = new Map(moved.steps.map((step) => [step.member, step]));
  for (const member of moved.members) {
    const step = stepBy.get(member);
    verdicts.set(member.action.uuid, judgeMember(context, moved, member, step, owner, isStarted));
  }
}

function judgeMember(
  context: Context,
  moved: Moved,
  member: MoveMember,
  step: Step | undefined,
  owner: Step | undefined,
  isStarted: boolean,
): Verdict {
  const { server, resource, toRevert, serverId } = moved;
  if (server === undefined) {
    return verdict('NOT_REVERSIBLE', `Server ${serverId} no longer exists.`, { resource });
  }
  if (member === toRevert?.member) return revertVerdict(moved, server, toRevert);
  if (member === owner?.member) {
    return withFlavor(member, ownerVerdict(context, moved, server, owner, isStarted), owner);
  }
  if (step !== undefined && owner !== undefined) {
    const rest = covered(owner.member, resource);
    return withFlavor(member, rest, step);
  }
  return idleVerdict(context, moved, member, server, owner);
}

function revertVerdict(moved: Moved, server: Server, { record, from, to }: Step): Verdict {
  const current = server.host ?? to ?? from;
  return verdict('PENDING', null, {
    resource: moved.resource,
    before: { host: from },
    after: { host: to },
    now: { host: server.host },
    evidence: record === null ? {} : { proof_migration_uuid: record.uuid },
    stake: { kind: 'revert', serverId: server.id, from: current, to: from },
    work: {
      kind: 'revert_resize',
      serverId: server.id,
      serverName: server.name,
      from: current,
      to: from,
      migrationId: record?.id ?? 0,
    },
  });
}

function ownerVerdict(
  context: Context,
  moved: Moved,
  server: Server,
  owner: Step,
  isStarted: boolean,
): Verdict {
  const { records, resource, toRevert } = moved;
  const last = moved.steps.at(-1) ?? owner;
  const live = liveHost(moved, server, owner, last);
  // It is where it was, but not at rest: the move has to be confirmed before it is done.
  const unconfirmed = live.isBefore ? moved.unconfirmed : null;
  const flavor = owner.member.change.flavor;
  const states: Partial<Verdict> = {
    resource,
    before: { host: owner.from, ...(owner.record === null && { inferred: true }) },
    after: {
      host: last.to,
      ...(last.record === null && { inferred: true }),
      ...(flavor !== null && { flavor }),
    },
    now: {
      host: server.host,
      ...(flavor !== null && { flavor: server.flavor }),
      ...(live.since !== null && { since: live.since }),
    },
    evidence: owner.record === null ? {} : { proof_migration_uuid: owner.record.uuid },
    stake: { kind: 'migrate', serverId: server.id, from: live.host, to: owner.from },
  };
  const judgement = judge({
    name: server.name,
    nowIs: live.text,
    // Where a revert goes first, it leaves the server where the plan's last step found it, wherever it is now.
    isBefore: live.isBefore && toRevert === null && unconfirmed === null,
    isAfter: live.isAfter || toRevert !== null || unconfirmed !== null,
    unproved: null,
    neverOurs: serverNeverOurs(server),
    newer: moved.newerThan(last),
    policy: context.options.on_drift,
  });
  if (judgement !== 'restore') {
    const evidence = { ...states.evidence, ...judgement.evidence };
    return verdict(judgement.state, judgement.reason, { ...judgement, ...states, evidence });
  }
  if (owner.doubt !== null) {
    const reason = doubtfulBefore(server, owner.from, owner.doubt);
    return verdict('NOT_REVERSIBLE', reason, { ...states, before: null });
  }
  if (context.hosts.get(owner.from) === undefined) {
    const reason = `${server.name} was on compute host ${owner.from}, which is gone: Nova has no such host.`;
    return verdict('NOT_REVERSIBLE', reason, states);
  }
  const isConfirming = last.record?.status === 'confirming';
  const way =
    unconfirmed !== null
      ? ({ kind: 'cold_migrate' } as const)
      : toRevert !== null || isConfirming || last.underWay
        ? ({
            kind: isStarted || server.status !== 'SHUTOFF' ? 'live_migrate' : 'cold_migrate',
          } as const)
        : wayToMove(server, isStarted);
  if ('unreachable' in way) return verdict('NOT_REVERSIBLE', way.unreachable, states);
  const from = toRevert?.from ?? live.host ?? owner.from;
  const work: MoveServerWork = {
    kind: way.kind,
    serverId: server.id,
    serverName: server.name,
    from,
    to: owner.from,
    allowCold: context.options.allow_cold,
    // What the activity may take for its own begins after this one.
    sinceMigrationId: unconfirmed === null ? (records.at(-1)?.id ?? 0) : unconfirmed.id - 1,
    since: knownUntil(context, records),
  };
  const stake = { kind: 'migrate', serverId: server.id, from, to: owner.from } as const;
  return verdict('PENDING', null, { ...states, work, stake });
}

function doubtfulBefore(server: Server, from: string, doubt: Migration): string {
  return (
    `Where ${server.name} was is not certain. The plan says on ${from}, and Nova has no migration record of it from ` +
    `the time of the action; but its migration ${doubt.uuid} moved the server from ${doubt.sourceCompute} to ` +
    `${doubt.destCompute} at ${doubt.createdAt}, shortly before or after. Somebody who knows has to move it by hand.`
  );
}

/** An action that moved nothing as far as anybody can tell. */
function idleVerdict(
  context: Context,
  moved: Moved,
  member: MoveMember,
  server: Server,
  owner: Step | undefined,
): Verdict {
  const { resource } = moved;
  const { source, flavor } = member.change;
  if (hasSucceeded(member.action.state)) {
    const lost =
      flavor !== null
        ? `${FLAVOR_LOST} Nova has no migration record of it either, so its host before is not known.`
        : 'Where the server was is not known: the parameter "source_node" is missing and Nova has no migration record.';
    return verdict('NOT_REVERSIBLE', lost, { resource, now: { host: server.host } });
  }
  if (owner !== undefined) return neverTookEffect(member, owner.member, resource);
  const noRecord = 'Nova has no migration record of it from the time of the action';
  if (flavor !== null) {
    const states = { resource, now: { host: server.host, flavor: server.flavor } };
    return server.flavor === flavor
      ? verdict('NOT_REVERSIBLE', `${server.name} has flavor ${flavor}, but ${noRecord}.`, states)
      : verdict('SKIPPED', `The action never took effect: ${noRecord}.`, states);
  }
  if (source === null) {
    const reason = `Where the server was is not known: the parameter "source_node" is missing and ${noRecord}.`;
    return verdict('NOT_REVERSIBLE', reason, { resource, now: { host: server.host } });
  }
  return unprovedMove(context, moved, member, server, source, noRecord);
}

function unprovedMove(
  context: Context,
  moved: Moved,
  member: MoveMember,
  server: Server,
  source: string,
  noRecord: string,
): Verdict {
  const before = context.hosts.resolve(source)?.name ?? source;
  const judgement = judge({
    name: server.name,
    nowIs: server.host === null ? `is on no host (${server.status})` : `is on ${server.host}`,
    isBefore: server.host === before,
    isAfter: false,
    unproved: unprovedReason(member, server.name, noRecord),
    neverOurs: serverNeverOurs(server),
    newer: undefined,
    policy: 'keep',
  });
  const states: Partial<Verdict> = {
    resource: moved.resource,
    before: { host: before, inferred: true },
    now: { host: server.host },
    stake: { kind: 'migrate', serverId: server.id, from: server.host, to: before },
  };
  return judgement === 'restore'
    ? verdict('NOT_REVERSIBLE', noRecord, states)
    : verdict(judgement.state, judgement.reason, { ...judgement, ...states });
}

const FLAVOR_LOST =
  'The flavor before is not in the plan: a checkpoint taken before the plan would be needed.';

/** A resize's verdict on its host, with what is to be said of its flavor. */
function withFlavor(member: MoveMember, host: Verdict, step: Step): Verdict {
  if (member.change.flavor === null) return host;
  // A revert, by whomever, brings the flavor back.
  if (step.record !== null && isReverted(step.record)) return host;
  switch (host.state) {
    case 'PENDING':
      // A clause, not a sentence: what was done is said after it.
      return { ...host, residue: FLAVOR_LOST.slice(0, -1) };
    case 'SKIPPED':
      return { ...host, state: 'NOT_REVERSIBLE', reason: `${FLAVOR_LOST} ${hostPart(host)}` };
    case 'KEPT':
    case 'NOT_REVERSIBLE':
      return { ...host, reason: `${host.reason} ${FLAVOR_LOST}` };
    default:
      return unreachable(host.state);
  }
}

function hostPart(host: Verdict): string {
  return host.before === null
    ? `Its host: ${lowerFirst(host.reason ?? '')}`
    : `Its host needs nothing: ${host.reason ?? ''}`;
}

function lowerFirst(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
