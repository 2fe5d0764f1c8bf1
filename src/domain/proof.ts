/**
 * Proof that the plan moved a server: Nova's migration records. Pure.
 *
 * Watcher's word is not enough. It says FAILED while Nova goes on (a live migration without a named destination is
 * judged at once, nova_helper.live_migrate_instance), CANCELLED for actions that ran and for actions that never did,
 * and its model of where a server was may be stale. A migration record says from where to where, when and for whom.
 *
 * Per server, the actions that move it are taken in the order in which they ended. The window of one reaches from the
 * latest of (the end of the one before it, the ends of its parents, the plan's creation) to its own end, both included
 * because the services write whole seconds. A record belongs to the action in whose window it was *created*: Watcher
 * asks Nova at the action's start, whenever Nova is done with it.
 */
import { hasSucceeded, needsProof } from './action-states.js';
import type { MoveChange } from './actions/change.js';
import { byEnd, groupBy, type Context, type Member } from './context.js';
import type { Migration } from './facts.js';
import { endOf, timeOf } from './time.js';

export type MoveMember = Member<MoveChange>;

/**
 * The server got to the destination. `finished` awaits confirmation (VERIFY_RESIZE), `done` is an evacuation's.
 * Source: the assignments to migration.status in nova/compute/{api,manager,resource_tracker}.py.
 */
const ARRIVED: ReadonlySet<string> = new Set([
  'completed',
  'finished',
  'confirming',
  'confirmed',
  'done',
]);

/** Still going on: it may yet arrive. */
const UNDER_WAY: ReadonlySet<string> = new Set([
  'accepted',
  'queued',
  'preparing',
  'running',
  'pre-migrating',
  'migrating',
  'post-migrating',
]);

/** It arrived and was then brought back. */
const REVERTED: ReadonlySet<string> = new Set(['reverting', 'reverted']);

export const hasArrived = (record: Migration): boolean => ARRIVED.has(record.status);
export const isUnderWay = (record: Migration): boolean => UNDER_WAY.has(record.status);
export const isReverted = (record: Migration): boolean => REVERTED.has(record.status);

/** The record of each action that has one, by action uuid. */
export type Proofs = ReadonlyMap<string, Migration>;

/** A record with its times read once, milliseconds. */
interface Timed {
  record: Migration;
  created: number;
  ended: number;
}

interface Window {
  member: MoveMember;
  from: number;
  to: number;
  /** All of the server, oldest first. */
  records: readonly Timed[];
}

/**
 * SUCCEEDED actions choose first; the user ids of their records are Watcher's. Then the others, whose records must be of
 * one of those users where any is known: between Watcher giving up and today, anybody may have moved the server.
 */
export function proveMoves(context: Context, moves: MoveMember[]): Proofs {
  const proofs = new Map<string, Migration>();
  const taken = new Set<number>();
  const watcherUsers = new Set<string>();
  const windows = windowsOf(context, moves);
  const prove = (window: Window, candidates: Timed[]): Migration | undefined => {
    const record = choose(context, window, candidates);
    if (record === undefined) return undefined;
    taken.add(record.id);
    proofs.set(window.member.action.uuid, record);
    return record;
  };
  for (const window of windows) {
    if (!hasSucceeded(window.member.action.state)) continue;
    const record = prove(window, recordsIn(window, taken));
    if (record?.userId !== undefined && record.userId !== null) watcherUsers.add(record.userId);
  }
  for (const window of windows) {
    if (!needsProof(window.member.action.state)) continue;
    const records = recordsIn(window, taken);
    prove(
      window,
      watcherUsers.size === 0
        ? records
        : records.filter(({ record: { userId } }) => userId !== null && watcherUsers.has(userId)),
    );
  }
  return proofs;
}

function windowsOf(context: Context, moves: MoveMember[]): Window[] {
  const windows: Window[] = [];
  const planStart = timeOf(context.facts.plan.createdAt) ?? 0;
  const planEnd = endOf(context.facts.plan);
  for (const [serverId, members] of groupBy(moves, ({ change }) => change.serverId)) {
    const records = (context.migrations.get(serverId) ?? []).map(timed);
    let previousEnd = planStart;
    for (const member of byEnd(members)) {
      const { action, end } = member;
      const parentEnds = action.parents
        .map((uuid) => context.ends.get(uuid) ?? 0)
        // A parent that "ended" later (CANCELLED at a restart) says nothing about this one's start.
        .filter((parentEnd) => parentEnd <= end);
      const from = parentEnds.reduce((latest, one) => Math.max(latest, one), previousEnd);
      // An ONGOING action's updated_at is its start: Watcher never wrote its end.
      const to = action.state === 'ONGOING' ? Math.max(end, planEnd) : end;
      windows.push({ member, from, to, records });
      previousEnd = Math.max(previousEnd, end);
    }
  }
  return windows;
}

function timed(record: Migration): Timed {
  return { record, created: timeOf(record.createdAt) ?? 0, ended: endOf(record) };
}

/** A bound for records without end in one window, of which no real plan has more than a few: the latest count. */
const RECORDS_MAX = 200;

/** Untaken records of the server that were created in the window, oldest first. */
function recordsIn({ records, from, to }: Window, taken: ReadonlySet<number>): Timed[] {
  const found: Timed[] = [];
  const end = firstAfter(records, to);
  for (let at = end - 1; at >= 0 && end - at <= RECORDS_MAX; at -= 1) {
    const one = records[at];
    if (one === undefined || one.created < from) break;
    if (!taken.has(one.record.id)) found.push(one);
  }
  return found.toReversed();
}

/** Index of the first record created after a time. Ids, by which they are sorted, grow with time. */
function firstAfter(records: readonly Timed[], time: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const one = records[middle];
    if (one !== undefined && one.created <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The record that fits best: one that arrived, to the destination that the plan names; else one that arrived before the
 * action ended (Watcher saw it); else any that arrived; else one that is still under way; else one that was
 * reverted since, which proves that the move happened and needs no undoing.
 */
function choose(context: Context, window: Window, records: Timed[]): Migration | undefined {
  const { action, change, end } = window.member;
  const arrived = records.filter(({ record }) => hasArrived(record));
  const named =
    change.destination === null ? undefined : context.hosts.resolve(change.destination)?.name;
  const seen = hasSucceeded(action.state) ? arrived.filter(({ ended }) => ended <= end) : arrived;
  const best =
    arrived.findLast(({ record }) => named !== undefined && record.destCompute === named) ??
    seen.at(-1) ??
    arrived.at(-1) ??
    records.findLast(({ record }) => isUnderWay(record)) ??
    records.findLast(({ record }) => isReverted(record));
  return best?.record;
}
