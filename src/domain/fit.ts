/** How well a migration record fits an action: which of several is the action's own. Pure. */
import { hasSucceeded } from './action-states.js';
import type { MoveChange } from './actions/change.js';
import type { Member } from './context.js';
import type { Migration } from './facts.js';
import { hasArrived, isReverted, isUnderWay } from './migrations.js';
import { endOf, timeOf } from './time.js';
import { CLOCK_TOLERANCE_MS, isWithin, type Window } from './windows.js';

/** Between Nova's end of a migration and Watcher's of the action, at most two seconds by one clock (measured). */
const NOTICED_WITHIN_MS = 2_000;

/** A record with its times read once, milliseconds. */
export interface Timed {
  record: Migration;
  created: number;
  ended: number;
}

export interface MoveWindow extends Window<Member<MoveChange>> {
  /** Service hosts that the plan names; null where it names none that exists. */
  destination: string | null;
  source: string | null;
}

/** What is known of who asks Nova for migrations. */
export interface Users {
  /** Watcher's; empty where nothing tells. */
  watchers: ReadonlySet<string>;
  /** This service's own. */
  own: string | null;
}

export function timed(record: Migration): Timed {
  return { record, created: timeOf(record.createdAt) ?? 0, ended: endOf(record) };
}

/**
 * 0 where the record is not the action's; else greater, the better it fits. In this order: it arrived, it went to the
 * host that the plan names, and then, of about the same weight, that it came from the host that the plan names,
 * was created in the exact window, was asked for by Watcher and ended when the action did. They are added up, because
 * each can be wrong alone: Watcher's model is stale, clocks differ, anybody can move a server in the plan's time.
 */
export function fitOf(window: MoveWindow, one: Timed, users: Users): number {
  const { record, created, ended } = one;
  const isExact = isWithin(window, created);
  if (!isExact && !mayBeOutside(window, one, users)) return 0;
  if (isUnderWay(record)) return isExact ? 0.5 : 0.4;
  if (isReverted(record)) return isExact ? 0.3 : 0.2;
  if (!hasArrived(record)) return 0;
  const { member, destination, source } = window;
  let value = 1;
  if (destination === null) value += 16;
  else if (record.destCompute === destination) value += 64;
  if (source !== null && record.sourceCompute === source) value += 4;
  if (isExact) value += 3;
  if (record.userId !== null && users.watchers.has(record.userId)) value += 4;
  if (hasSucceeded(member.action.state)) {
    // Watcher saw its end.
    if (ended <= member.end) value += 1;
    const gap = Math.abs(member.end - ended);
    if (gap <= NOTICED_WITHIN_MS + CLOCK_TOLERANCE_MS) value += 3;
  }
  return value;
}

/** Created within the tolerance: the action's only where nothing speaks against it. */
function mayBeOutside(
  window: MoveWindow,
  { record, created, ended }: Timed,
  users: Users,
): boolean {
  const { member, to, destination } = window;
  if (!isWithin(window, created, CLOCK_TOLERANCE_MS)) return false;
  if (isForeign(record, users) || !isOfItsKind(window, record)) return false;
  const isThere = destination !== null && record.destCompute === destination;
  if (destination !== null && record.destCompute !== null && !isThere) return false;
  if (hasSucceeded(member.action.state)) {
    return created <= to || ended <= to + CLOCK_TOLERANCE_MS;
  }
  return isThere || users.watchers.size > 0 || cameFrom(window, record);
}

/** Somebody's who is known not to be Watcher. */
function isForeign({ userId }: Migration, { watchers, own }: Users): boolean {
  if (userId === null) return false;
  return watchers.size > 0 ? !watchers.has(userId) : userId === own;
}

function isOfItsKind({ member }: MoveWindow, { type }: Migration): boolean {
  if (member.change.flavor !== null) return type === 'resize';
  return type === 'live-migration' || type === 'migration';
}

/** A resize names no source. */
function cameFrom({ member, source }: MoveWindow, record: Migration): boolean {
  return member.change.source === null || record.sourceCompute === source;
}

/** Says in all that the two have to say what the other says: the record of a SUCCEEDED action beyond doubt. */
export function isBeyondDoubt(window: MoveWindow, { record, created }: Timed): boolean {
  if (!hasSucceeded(window.member.action.state) || !isWithin(window, created)) return false;
  if (!hasArrived(record) || !isOfItsKind(window, record)) return false;
  return window.destination === null
    ? cameFrom(window, record)
    : record.destCompute === window.destination;
}
