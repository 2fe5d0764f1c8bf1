/**
 * Below this no schedule of the operations can be, whoever makes it: the longest chain that must follow one another, and for
 * every bound the work that has to go through it. Pure, O(n log n). That it can be reached is not said.
 */
import type { ScheduleBounds } from '../../src/domain/schedule.js';
import { chainsOf, type Chain } from './chains.js';
import { hostsOf, liveSourceOf, openOnes, type Operation } from './operations.js';

export interface ModelBounds extends ScheduleBounds {
  /** Nova's max_concurrent_live_migrations, counted on the source; without it Nova has no bound of its own. */
  liveMigrationsPerSource?: number;
}

export interface LowerBound {
  /** The greatest of all, milliseconds. */
  ms: number;
  /** What it comes from: "chain", "concurrency", "host compute-1" or "source compute-1". */
  why: string;
  /** The longest chain alone. */
  chain: number;
  /** The greatest of the bounds alone. */
  work: number;
}

interface Part extends Chain {
  duration: number;
}

/** Operations that share so many places. */
interface Resource {
  name: string;
  places: number;
  parts: Part[];
}

export function lowerBound(operations: readonly Operation[], bounds: ModelBounds): LowerBound {
  const chains = chainsOf(operations);
  const parts = new Map<string, Part>();
  let chain = 0;
  for (const { action_uuid: id, duration } of openOnes(operations)) {
    const { head, tail } = chains.get(id) ?? { head: 0, tail: 0 };
    parts.set(id, { head, tail, duration });
    chain = Math.max(chain, head + duration + tail);
  }
  let [work, why] = [0, 'chain'];
  for (const resource of resourcesOf(operations, parts, bounds)) {
    const least = leastOf(resource);
    if (least <= work) continue;
    work = least;
    if (work > chain) why = resource.name;
  }
  return { ms: Math.max(chain, work), why, chain, work };
}

function resourcesOf(
  operations: readonly Operation[],
  parts: ReadonlyMap<string, Part>,
  bounds: ModelBounds,
): Iterable<Resource> {
  const all: Resource = { name: 'concurrency', places: bounds.concurrency, parts: [] };
  const resources = new Map<string, Resource>();
  const add = (name: string, places: number, part: Part): void => {
    const known = resources.get(name);
    if (known === undefined) resources.set(name, { name, places, parts: [part] });
    else known.parts.push(part);
  };
  for (const one of operations) {
    const part = parts.get(one.action_uuid);
    if (part === undefined) continue;
    all.parts.push(part);
    for (const host of hostsOf(one)) add(`host ${host}`, bounds.migrationsPerHost, part);
    const source = liveSourceOf(one);
    if (source !== null && bounds.liveMigrationsPerSource !== undefined) {
      add(`source ${source}`, bounds.liveMigrationsPerSource, part);
    }
  }
  return [all, ...resources.values()];
}

/** The greatest of what the places alone demand, looked at from the beginning, from the end, and whole. */
function leastOf({ parts, places }: Resource): number {
  const mirrored = parts.map(({ head, tail, duration }) => ({ head: tail, tail: head, duration }));
  const head = parts.reduce((least, part) => Math.min(least, part.head), Infinity);
  const tail = parts.reduce((least, part) => Math.min(least, part.tail), Infinity);
  return parts.length === 0
    ? 0
    : Math.max(
        afterHeads(parts, places),
        afterHeads(mirrored, places),
        head + indivisible(parts, places) + tail,
      );
}

/**
 * What cannot begin before a head has to go through the places after it, and the shortest of its tails is still to come when
 * the last has gone through. All heads are tried; of what shares one, the longest tails first.
 */
function afterHeads(parts: readonly Part[], places: number): number {
  let [least, work, tail] = [0, 0, Infinity];
  for (const part of parts.toSorted((a, b) => b.head - a.head || b.tail - a.tail)) {
    work += part.duration;
    tail = Math.min(tail, part.tail);
    least = Math.max(least, part.head + work / places + tail);
  }
  return least;
}

/**
 * An operation cannot be cut: of the k × places + 1 longest, one place gets k + 1, which last at least as long as the
 * k + 1 shortest of them.
 */
function indivisible(parts: readonly Part[], places: number): number {
  const longest = parts.map(({ duration }) => duration).toSorted((a, b) => b - a);
  const sums = [0];
  for (const duration of longest) sums.push((sums.at(-1) ?? 0) + duration);
  const upTo = (count: number): number => sums[count] ?? 0;
  let most = 0;
  for (let k = 0; k * places < longest.length; k += 1) {
    const count = k * places + 1;
    most = Math.max(most, upTo(count) - upTo(count - k - 1));
  }
  return most;
}
