/**
 * Proof that a plan moved a server: Nova's migration records. Pure.
 *
 * Watcher's word is not enough. It says FAILED while Nova goes on (a live migration without a named destination is
 * judged at once, nova_helper.live_migrate_instance), CANCELLED for actions that ran and for actions that never did,
 * and its model of where a server was may be stale. A migration record says from where to where, when and for whom.
 *
 * A record belongs to the action in whose window (windows.ts) it was *created*: Watcher asks Nova at the action's
 * start, whenever Nova is done with it. The clocks of the two differ, so a record just outside may be the action's as
 * well, where nothing speaks against it (fit.ts).
 */
import { hasSucceeded, needsProof } from './action-states.js';
import type { MoveChange } from './actions/change.js';
import { groupBy, type Context, type Member } from './context.js';
import type { ActionPlan, Migration } from './facts.js';
import { fitOf, isBeyondDoubt, timed, type MoveWindow, type Timed, type Users } from './fit.js';
import { hasArrived } from './migrations.js';
import {
  assignInOrder,
  CLOCK_TOLERANCE_MS,
  isWithin,
  windowsOf,
  type Candidate,
} from './windows.js';

export type MoveMember = Member<MoveChange>;

export interface Proofs {
  /** The record of each action that has one, by action uuid. */
  byAction: ReadonlyMap<string, Migration>;
  /** Watcher's users, as far as records tell that are SUCCEEDED actions' beyond doubt. */
  watcherUsers: ReadonlySet<string>;
  /**
   * By SUCCEEDED action without a record: one near its time that may be its own after all, and says otherwise than the
   * plan where the server was. Then the plan's own fields are no more than a guess.
   */
  doubts: ReadonlyMap<string, Migration>;
}

/** Whose moves, and what is known before their records are looked at. */
export interface Movers {
  plan: ActionPlan;
  /** Ends of the actions that may be parents. */
  ends: Context['ends'];
  /** Ids of records that are another plan's. */
  claimed: ReadonlySet<number>;
  watcherUsers: ReadonlySet<string>;
}

/** The moves of one server, in order, and its records, oldest first. */
interface Group {
  windows: MoveWindow[];
  records: readonly Timed[];
}

type Fit = (window: MoveWindow, one: Timed) => number;

/**
 * SUCCEEDED actions choose first; the user ids of their records are Watcher's. Then the others, whose records must be of
 * one of those users where any is known: between Watcher giving up and today, anybody may have moved the server.
 */
export function proveMoves(context: Context, moves: MoveMember[], movers: Movers): Proofs {
  const groups = groupsOf(context, moves, movers);
  const watcherUsers = new Set([...movers.watcherUsers, ...usersBeyondDoubt(groups)]);
  const users: Users = { watchers: watcherUsers, own: context.facts.ownUserId };
  const byAction = new Map<string, Migration>();
  const ofSucceeded: Fit = (window, one) =>
    hasSucceeded(window.member.action.state) ? fitOf(window, one, users) : 0;
  for (const group of groups) assign(group, byAction, ofSucceeded);
  const seen = new Set([...byAction.values()].map(({ userId }) => userId));
  seen.delete(null);
  const ofOthers: Fit = (window, one) => {
    if (!needsProof(window.member.action.state)) return 0;
    return seen.size === 0 || seen.has(one.record.userId) ? fitOf(window, one, users) : 0;
  };
  for (const group of groups) {
    if (group.windows.some(({ member }) => needsProof(member.action.state))) {
      assign(group, byAction, ofOthers);
    }
  }
  return { byAction, watcherUsers, doubts: doubtsOf(context, groups, byAction) };
}

function groupsOf(context: Context, moves: MoveMember[], { plan, ends, claimed }: Movers): Group[] {
  const resolve = (name: string | null): string | null =>
    name === null ? null : (context.hosts.resolve(name)?.name ?? null);
  return [...groupBy(moves, ({ change }) => change.serverId)].map(([serverId, members]) => ({
    windows: windowsOf(plan, ends, members).map((window) => ({
      ...window,
      destination: resolve(window.member.change.destination),
      source: resolve(window.member.change.source),
    })),
    records: (context.migrations.get(serverId) ?? [])
      .filter(({ id }) => !claimed.has(id))
      .map(timed),
  }));
}

function usersBeyondDoubt(groups: Group[]): Set<string> {
  const users = new Set<string>();
  for (const { windows, records } of groups) {
    for (const window of windows) {
      for (const [, one] of near(window, records, 0)) {
        const { userId } = one.record;
        if (userId !== null && isBeyondDoubt(window, one)) users.add(userId);
      }
    }
  }
  return users;
}

/** More than all fits of a server's records together: what is proved already stays so. */
const PROVED = 1e9;

/** Assigns records to those windows that `measure` lets have any, around the records that have an action already. */
function assign({ windows, records }: Group, byAction: Map<string, Migration>, measure: Fit): void {
  const candidates = windows.map((window): Candidate[] => {
    const proof = byAction.get(window.member.action.uuid);
    return near(window, records, CLOCK_TOLERANCE_MS)
      .map(([at, one]) => {
        if (proof === undefined) return { at, value: measure(window, one) };
        return { at, value: one.record === proof ? PROVED : 0 };
      })
      .filter(({ value }) => value > 0);
  });
  for (const [index, at] of assignInOrder(candidates).entries()) {
    const [window, one] = [windows[index], at === null ? undefined : records[at]];
    if (window !== undefined && one !== undefined) {
      byAction.set(window.member.action.uuid, one.record);
    }
  }
}

/** As far as the clocks of hosts may differ where nobody keeps them together. */
const DOUBTFUL_WITHIN_MS = 60_000;

function doubtsOf(
  context: Context,
  groups: Group[],
  byAction: ReadonlyMap<string, Migration>,
): Map<string, Migration> {
  const doubts = new Map<string, Migration>();
  const taken = new Set([...byAction.values()].map(({ id }) => id));
  for (const { windows, records } of groups) {
    for (const window of windows) {
      const { action, change } = window.member;
      if (!hasSucceeded(action.state) || byAction.has(action.uuid)) continue;
      const now = context.servers.get(change.serverId)?.host ?? null;
      const doubt = near(window, records, DOUBTFUL_WITHIN_MS).findLast(
        ([, { record }]) => !taken.has(record.id) && isDoubt(window, record, now),
      );
      if (doubt !== undefined) doubts.set(action.uuid, doubt[1].record);
    }
  }
  return doubts;
}

/** It brought the server to where the action was to bring it, or to where it is now, but not from where the plan says. */
function isDoubt({ destination, source }: MoveWindow, record: Migration, now: string | null) {
  const { sourceCompute, destCompute } = record;
  if (!hasArrived(record) || destCompute === null || sourceCompute === source) return false;
  // It goes on from where the plan put the server: somebody's later move.
  if (destination !== null && sourceCompute === destination) return false;
  return destCompute === destination || destCompute === now;
}

/** A bound for records without end in one window, of which no real plan has more than a few: the latest count. */
const RECORDS_MAX = 50;

/** Records created in the window or within `margin` milliseconds of it, oldest first, each with its place. */
function near(window: MoveWindow, records: readonly Timed[], margin: number): [number, Timed][] {
  const found: [number, Timed][] = [];
  const end = firstAfter(records, window.to + margin);
  for (let at = end - 1; at >= 0 && end - at <= RECORDS_MAX; at -= 1) {
    const one = records[at];
    if (one === undefined || !isWithin(window, one.created, margin)) break;
    found.push([at, one]);
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
