/** The facts, indexed: everything that the rules look up, so that no rule searches a list. Pure. */
import type { Change } from './actions/change.js';
import type {
  Action,
  ActionPlan,
  Facts,
  InstanceAction,
  Migration,
  Node,
  Server,
} from './facts.js';
import type { HostIndex } from './hosts.js';
import type { RollbackOptions } from './options.js';

/** A SUCCEEDED action of another plan that changed the same property. */
export interface OtherChange {
  plan: ActionPlan;
  action: Action;
  change: Change;
  /** When it ended, milliseconds. */
  end: number;
}

/** One action of the plan with what it asks for. */
export interface Member<C extends Change = Change> {
  action: Action;
  /** Place in the plan. */
  index: number;
  change: C;
  /** When it ended, milliseconds: orders the actions on one property. */
  end: number;
  /** Whether the caller wants its compensation (options.actions). */
  selected: boolean;
}

export interface Context {
  facts: Facts;
  options: RollbackOptions;
  hosts: HostIndex;
  servers: ReadonlyMap<string, Server>;
  nodes: ReadonlyMap<string, Node>;
  /** By action of the plan: when it ended, milliseconds. */
  ends: ReadonlyMap<string, number>;
  /** By server, oldest first. */
  migrations: ReadonlyMap<string, Migration[]>;
  /** When the latest change of a migration record was made, Nova's time; null without records. */
  recordsUntil: string | null;
  instanceActions: ReadonlyMap<string, InstanceAction[]>;
  /** By property (see property.ts): its changes by other plans, in the order in which they ended. */
  byOthers: ReadonlyMap<string, readonly OtherChange[]>;
  members: Member[];
}

/** In the order given, per key. */
export function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** The actions on one property in the order in which they ended; those that ended together, in the plan's. */
export function byEnd<M extends Member>(members: M[]): M[] {
  return members.toSorted((a, b) => a.end - b.end || a.index - b.index);
}
