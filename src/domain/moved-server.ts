/**
 * What the plan did to the host of one server, step by step, and where the server is now. Judged in server-host.ts. Pure.
 */
import { hasSucceeded } from './action-states.js';
import type { Context, OtherChange } from './context.js';
import type { Migration, Server } from './facts.js';
import { hasArrived, isReverted, isUnderWay } from './migrations.js';
import { newerMove } from './newer.js';
import type { MoveMember, Proofs } from './proof.js';
import { isBusy, serverNeverOurs } from './server-rules.js';
import { timeOf } from './time.js';
import type { Resource } from './verdict.js';

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
  /** A record that makes what was concluded from the plan's own fields doubtful. */
  doubt: Migration | null;
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
  /** The change of its host by a newer plan since a step of ours, if it still counts. */
  newerThan: (step: Step) => OtherChange | undefined;
  /** The step whose VERIFY_RESIZE the plan left behind and a revert undoes. */
  toRevert: Step | null;
  /** A cold migration of an earlier rollback that ended before it was confirmed: the server is still in VERIFY_RESIZE. */
  unconfirmed: Migration | null;
}

export function movedServer(context: Context, members: MoveMember[], proofs: Proofs): Moved | null {
  const first = members[0];
  if (first === undefined) return null;
  const { serverId } = first.change;
  const server = context.servers.get(serverId);
  const steps: Step[] = [];
  for (const member of members) {
    const step = stepOf(context, member, proofs, server);
    if (step !== null) steps.push(step);
  }
  const name = server?.name ?? members.find(({ change }) => change.serverName)?.change.serverName;
  const claimed = new Set(steps.flatMap(({ record }) => (record === null ? [] : [record.id])));
  const known = { claimed, watcherUsers: proofs.watcherUsers };
  const moved: Moved = {
    serverId,
    server,
    resource: { type: 'server', id: serverId, name: name ?? null },
    members,
    steps,
    records: context.migrations.get(serverId) ?? [],
    newerThan: ({ member }) => newerMove(context, serverId, member.end, known),
    toRevert: null,
    unconfirmed: null,
  };
  moved.toRevert = findRevert(context, moved);
  moved.unconfirmed = findUnconfirmed(context, moved, claimed);
  return moved;
}

function stepOf(
  context: Context,
  member: MoveMember,
  proofs: Proofs,
  server: Server | undefined,
): Step | null {
  const record = proofs.byAction.get(member.action.uuid);
  const { source, destination } = member.change;
  const resolve = (name: string | null): string | null =>
    name === null ? null : (context.hosts.resolve(name)?.name ?? name);
  if (record !== undefined) {
    const from = record.sourceCompute ?? resolve(source);
    if (from === null) return null;
    // Reverted since: it came back to where it was, so for the rest of the chain it never left.
    const to = isReverted(record) ? from : (record.destCompute ?? resolve(destination));
    const underWay = isUnderWay(record) && server !== undefined && isBusy(server);
    return { member, record, from, to, underWay, doubt: null };
  }
  const from = resolve(source);
  if (!hasSucceeded(member.action.state) || from === null) return null;
  const doubt = proofs.doubts.get(member.action.uuid) ?? null;
  return { member, record: null, from, to: resolve(destination), underWay: false, doubt };
}

/** The step that a revert undoes: the server's last migration, awaiting confirmation, made by the plan. */
function findRevert(context: Context, moved: Moved): Step | null {
  const { server, records, steps } = moved;
  if (server?.status !== 'VERIFY_RESIZE' || serverNeverOurs(server) !== null) return null;
  const last = records.findLast(hasArrived);
  if (last?.status !== 'finished' || last.sourceCompute === null) return null;
  const step = steps.findLast(({ record }) => record?.id === last.id);
  if (step === undefined || !step.member.selected) return null;
  if (context.hosts.get(last.sourceCompute) === undefined) return null;
  return context.options.on_drift !== 'restore' && moved.newerThan(step) !== undefined
    ? null
    : step;
}

/** Made by our own user, and by no action of this plan: so by a rollback. Only the last arrival can await confirmation. */
function findUnconfirmed(
  { facts }: Context,
  { server, records }: Moved,
  claimed: ReadonlySet<number>,
): Migration | null {
  if (server?.status !== 'VERIFY_RESIZE' || facts.ownUserId === null) return null;
  const last = records.findLast(hasArrived);
  if (last?.status !== 'finished' || last.type !== 'migration') return null;
  if (last.userId !== facts.ownUserId || claimed.has(last.id)) return null;
  return last.destCompute === server.host ? last : null;
}

export interface LiveHost {
  /** Where it is, or where a migration under way is about to bring it. */
  host: string | null;
  since: string | null;
  text: string;
  isBefore: boolean;
  isAfter: boolean;
}

/** Where the server is, who brought it there as far as Nova tells, and how that compares. */
export function liveHost(moved: Moved, server: Server, owner: Step, last: Step): LiveHost {
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

const CLOSED = new Set([
  'completed',
  'confirmed',
  'reverted',
  'error',
  'failed',
  'cancelled',
  'done',
]);

/**
 * Nova's time from which on a change of the server's records may be of interest: when the last record that was read
 * had changed, whichever server's; earlier where this server's latest record is not closed.
 */
export function knownUntil(context: Context, records: readonly Migration[]): string | null {
  const latest = records.at(-1);
  if (latest === undefined || CLOSED.has(latest.status)) return context.recordsUntil;
  return latest.updatedAt ?? latest.createdAt;
}
