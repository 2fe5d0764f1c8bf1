/**
 * When an action can have changed its property, and which of the cloud's records is whose. Pure; knows nothing of what
 * the records say.
 */
import { byEnd, type Context, type Member } from './context.js';
import type { ActionPlan } from './facts.js';
import { endOf, timeOf } from './time.js';

/**
 * Watcher writes an action's times, Nova its records'. Their hosts keep time by NTP, but may be a few seconds apart, and
 * all of these times are cut to whole seconds. What lies this far outside a window may still belong to it.
 */
export const CLOCK_TOLERANCE_MS = 5_000;

/** The time of one action, milliseconds, by Watcher's clock; both ends included. */
export interface Window<M extends Member> {
  member: M;
  from: number;
  to: number;
}

/**
 * The windows of actions on one property, in the order in which they ended. One reaches from the latest of (the end of the
 * one before it, the ends of its parents, the plan's creation) to its own end.
 */
export function windowsOf<M extends Member>(
  plan: ActionPlan,
  ends: Context['ends'],
  members: M[],
): Window<M>[] {
  const planEnd = endOf(plan);
  let previousEnd = timeOf(plan.createdAt) ?? 0;
  return byEnd(members).map((member) => {
    const { action, end } = member;
    const from = action.parents
      .map((uuid) => ends.get(uuid) ?? 0)
      // A parent that "ended" later (CANCELLED at a restart) says nothing about this one's start.
      .filter((parentEnd) => parentEnd <= end)
      .reduce((latest, one) => Math.max(latest, one), previousEnd);
    // An ONGOING action's updated_at is its start: Watcher never wrote its end.
    const to = action.state === 'ONGOING' ? Math.max(end, planEnd) : end;
    previousEnd = Math.max(previousEnd, end);
    return { member, from, to };
  });
}

/** Whether a time lies in the window, with the given milliseconds more at both ends. */
export function isWithin({ from, to }: Window<Member>, time: number, margin = 0): boolean {
  return time >= from - margin && time <= to + margin;
}

/** A record that may belong to a window. */
export interface Candidate {
  /** Its place among the property's records. */
  at: number;
  /** How well it fits; more than 0. */
  value: number;
}

/** The end of a chain of choices. */
interface Choice extends Candidate {
  window: number;
  previous: Choice | null;
}

/**
 * For each window the place of its record, or null: one record for one window, later windows later records, and the
 * greatest sum of values. What one action's time alone leaves open, its neighbours' records mostly decide. Of
 * equals, the earlier window has the record, and has the later record.
 */
export function assignInOrder(windows: readonly (readonly Candidate[])[]): (number | null)[] {
  const size = windows.flat().reduce((most, { at }) => Math.max(most, at + 1), 0);
  // A Fenwick tree over the places: at each, the best chain that ends in its range.
  const best = Array.from<Choice | null>({ length: size + 1 }).fill(null);
  const bestBefore = (place: number): Choice | null => {
    let found: Choice | null = null;
    for (let cell = place; cell > 0; cell -= cell & -cell) {
      found = better(best[cell] ?? null, found);
    }
    return found;
  };
  for (const [window, candidates] of windows.entries()) {
    const choices = candidates.map(({ at, value }): Choice => {
      const previous = bestBefore(at);
      return { at, value: value + (previous?.value ?? 0), window, previous };
    });
    for (const choice of choices) {
      for (let cell = choice.at + 1; cell <= size; cell += cell & -cell) {
        best[cell] = better(choice, best[cell] ?? null);
      }
    }
  }
  const assigned = Array.from<number | null>({ length: windows.length }).fill(null);
  for (let choice = bestBefore(size); choice !== null; choice = choice.previous) {
    assigned[choice.window] = choice.at;
  }
  return assigned;
}

function better(one: Choice | null, other: Choice | null): Choice | null {
  if (one === null || other === null) return one ?? other;
  if (one.value !== other.value) return one.value > other.value ? one : other;
  if (one.window !== other.window) return one.window < other.window ? one : other;
  return one.at > other.at ? one : other;
}
