/** The longest chains of operations that must follow one another. Pure, linear in operations and edges. */
import { openOnes, type Operation } from './operations.js';

export interface Chain {
  /** Time that must have passed before the operation can begin, milliseconds. */
  head: number;
  /** Time that must pass after its end. */
  tail: number;
}

/** By the id of every operation that takes time. */
export function chainsOf(operations: readonly Operation[]): Map<string, Chain> {
  const open = new Map(openOnes(operations).map((one) => [one.action_uuid, one]));
  const parents = new Map<string, Operation[]>();
  const children = new Map<string, Operation[]>();
  for (const one of open.values()) {
    for (const uuid of new Set(one.parents)) {
      const parent = open.get(uuid);
      if (parent === undefined) continue;
      add(parents, one.action_uuid, parent);
      add(children, uuid, one);
    }
  }
  const order = inOrder(open, parents, children);
  const heads = longestBefore(order, parents);
  const tails = longestBefore(order.toReversed(), children);
  return new Map(
    order.map(({ action_uuid: id }) => [
      id,
      { head: heads.get(id) ?? 0, tail: tails.get(id) ?? 0 },
    ]),
  );
}

/** Every operation after its parents. */
function inOrder(
  open: ReadonlyMap<string, Operation>,
  parents: ReadonlyMap<string, Operation[]>,
  children: ReadonlyMap<string, Operation[]>,
): Operation[] {
  const left = new Map<string, number>();
  const order: Operation[] = [];
  for (const one of open.values()) {
    const count = parents.get(one.action_uuid)?.length ?? 0;
    left.set(one.action_uuid, count);
    if (count === 0) order.push(one);
  }
  // It grows while it is walked.
  for (const { action_uuid: id } of order) {
    for (const child of children.get(id) ?? []) {
      const count = (left.get(child.action_uuid) ?? 0) - 1;
      left.set(child.action_uuid, count);
      if (count === 0) order.push(child);
    }
  }
  if (order.length < open.size) throw new Error('the operations wait for one another in a circle');
  return order;
}

function longestBefore(
  order: readonly Operation[],
  before: ReadonlyMap<string, Operation[]>,
): Map<string, number> {
  const longest = new Map<string, number>();
  for (const { action_uuid: id } of order) {
    let most = 0;
    for (const { action_uuid: other, duration } of before.get(id) ?? []) {
      most = Math.max(most, (longest.get(other) ?? 0) + duration);
    }
    longest.set(id, most);
  }
  return longest;
}

function add(map: Map<string, Operation[]>, key: string, one: Operation): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [one]);
  else known.push(one);
}
