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
import { hasArrived, isReverted, isUnderWay, type MoveMember, type Proofs } from './proof.js';
import { serverHost } from './property.js';
import { isBusy, serverNeverOurs, wayToMove } from './server-rules.js';
import { timeOf } from './time.js';
import { unreachable } from './unreachable.js';
import {
  covered,
  judge,
  neverTookEffect,
  unprovedReason,
  verdict,
  type Resource,
  type Verdict,
  type Verdicts,
} from './verdict.js';

/** What one action did to the server's host. */
export interface Step {
  member: MoveMember;
  /** null: concluded from the plan's own fields. */
  record: Migration | null;
  from: string;
  /** null: not named and not recorded. */
  to: string | null;
  /** Still going on, although Watcher says that the action is over. */
  underWay: boolean;
}

/** One server with everything that the judging of its host needs. */
export interface Moved {
  serverId: string;
  server: Server | undefined;
  resource: Resource;
  /** In the order in which they ended. */
  members: MoveMember[];
  /** Of the members that took effect, in the same order. */
  steps: Step[];
  /** Oldest first. */
  records: readonly Migration[];
  /** The step whose VERIFY_RESIZE the plan left behind and a revert undoes. */
  toRevert: Step | null;
}

export function movedServer(context: Context, members: MoveMember[], proofs: Proofs): Moved | null {
  const first = members[0];
  if (first === undefined) return null;
  const { serverId } = first.change;
  const server = context.servers.get(serverId);
  const steps: Step[] = [];
  for (const member of members) {
    const step = stepOf(context, member, proofs.get(member.action.uuid), server);
    if (step !== null) steps.push(step);
  }
  const name = server?.name ?? members.find(({ change }) => change.serverName)?.change.serverName;
  const moved: Moved = {
    serverId,
    server,
    resource: { type: 'server', id: serverId, name: name ?? null },
    members,
    steps,
    records: context.migrations.get(serverId) ?? [],
    toRevert: null,
  };
  moved.toRevert = findRevert(context, moved);
  return moved;
}

function stepOf(
  context: Context,
  member: MoveMember,
  record: Migration | undefined,
  server: Server | undefined,
): Step | null {
  const { source, destination } = member.change;
  const resolve = (name: string | null): string | null =>
    name === null ? null : (context.hosts.resolve(name)?.name ?? name);
  if (record !== undefined) {
    const from = record.sourceCompute ?? resolve(source);
    if (from === null) return null;
    // Reverted since: it came back to where it was, so for the rest of the chain it never left.
    const to = isReverted(record) ? from : (record.destCompute ?? resolve(destination));
    const underWay = isUnderWay(record) && server !== undefined && isBusy(server);
    return { member, record, from, to, underWay };
  }
  const from = resolve(source);
  if (!hasSucceeded(member.action.state) || from === null) return null;
  return { member, record: null, from, to: resolve(destination), underWay: false };
}

/** The step that a revert undoes: the server's last migration, awaiting confirmation, made by the plan. */
function findRevert(context: Context, { server, records, steps }: Moved): Step | null {
  if (server?.status !== 'VERIFY_RESIZE' || serverNeverOurs(server) !== null) return null;
  const last = records.findLast(hasArrived);
  if (last?.status !== 'finished' || last.sourceCompute === null) return null;
  const step = steps.findLast(({ record }) => record?.id === last.id);
  if (step === undefined || !step.member.selected) return null;
  if (context.hosts.get(last.sourceCompute) === undefined) return null;
  const newer = newerMove(context, server.id, step);
  return newer !== undefined && context.options.on_drift !== 'restore' ? null : step;
}

/** Another plan's change of the server's host after the last step of ours. */
function newerMove(context: Context, serverId: string, last: Step) {
  const newer = context.newer.get(serverHost(serverId));
  return newer !== undefined && newer.end > last.member.end ? newer : undefined;
}

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
    isBefore: live.isBefore && toRevert === null,
    isAfter: live.isAfter || toRevert !== null,
    unproved: null,
    neverOurs: serverNeverOurs(server),
    newer: newerMove(context, server.id, last),
    policy: context.options.on_drift,
  });
  if (judgement !== 'restore') {
    const evidence = { ...states.evidence, ...judgement.evidence };
    return verdict(judgement.state, judgement.reason, { ...judgement, ...states, evidence });
  }
  if (context.hosts.get(owner.from) === undefined) {
    const reason = `${server.name} was on compute host ${owner.from}, which is gone: Nova has no such host.`;
    return verdict('NOT_REVERSIBLE', reason, states);
  }
  const isConfirming = last.record?.status === 'confirming';
  const way =
    toRevert !== null || isConfirming || last.underWay
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
    sinceMigrationId: records.at(-1)?.id ?? 0,
  };
  const stake = { kind: 'migrate', serverId: server.id, from, to: owner.from } as const;
  return verdict('PENDING', null, { ...states, work, stake });
}

interface LiveHost {
  /** Where it is, or where a migration under way is about to bring it. */
  host: string | null;
  since: string | null;
  text: string;
  isBefore: boolean;
  isAfter: boolean;
}

/** Where the server is, who brought it there as far as Nova tells, and how that compares. */
function liveHost(moved: Moved, server: Server, owner: Step, last: Step): LiveHost {
  const latest = moved.records.at(-1);
  // Records stay "running" for ever where a nova-compute died; a migration that really goes on keeps its server busy.
  const moving = latest !== undefined && isUnderWay(latest) && isBusy(server) ? latest : undefined;
  if (moving !== undefined) {
    const to = moving.destCompute ?? (moving.id === last.record?.id ? last.to : null);
    // The plan's own migration goes on, or one that goes where we want it (an earlier run of ours): wait for it.
    const ours = moving.id === last.record?.id || to === owner.from;
    return {
      host: to ?? server.host,
      since: null,
      text: `is being moved to ${to ?? 'a host that Nova chooses'} (migration ${moving.uuid})`,
      isBefore: false,
      isAfter: ours,
    };
  }
  const arrival = moved.records.findLast(
    (record) => hasArrived(record) && record.destCompute === server.host,
  );
  const since = arrival === undefined ? null : (arrival.updatedAt ?? arrival.createdAt);
  const where = server.host === null ? `is on no host (${server.status})` : `is on ${server.host}`;
  // Nobody named the destination and Nova kept no record: then whatever host it is on now counts as the plan's
  // doing, as long as Watcher vouches for the move and no record shows anybody else moving it later.
  const isUnnamed = last.to === null && hasSucceeded(last.member.action.state);
  const movedSince =
    isUnnamed && moved.records.some((record) => hasArrived(record) && isLater(record, last));
  return {
    host: server.host,
    since,
    text: since === null ? where : `${where} since ${since}`,
    isBefore: server.host === owner.from,
    isAfter: server.host !== null && (server.host === last.to || (isUnnamed && !movedSince)),
  };
}

function isLater(record: Migration, step: Step): boolean {
  return step.record !== null
    ? record.id > step.record.id
    : (timeOf(record.createdAt) ?? 0) > step.member.end;
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
      return { ...host, residue: FLAVOR_LOST };
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
