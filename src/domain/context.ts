/** The facts, indexed: everything that the rules look up, so that no rule searches a list. Pure. */
import { readChange } from './actions/read-change.js';
import type { Change } from './actions/change.js';
import type { Action, Facts, InstanceAction, Migration, Node, Server } from './facts.js';
import { HostIndex } from './hosts.js';
import { newerChanges, type NewerChange } from './other-plans.js';
import type { RollbackOptions } from './options.js';
import { endOf } from './time.js';

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
  actions: ReadonlyMap<string, Action>;
  /** By server, oldest first. */
  migrations: ReadonlyMap<string, Migration[]>;
  instanceActions: ReadonlyMap<string, InstanceAction[]>;
  /** By property (see property.ts): the last change of it by another plan. */
  newer: ReadonlyMap<string, NewerChange>;
  members: Member[];
}

export function contextOf(facts: Facts, options: RollbackOptions): Context {
  const hosts = new HostIndex(facts.hosts);
  const nodes = new Map(facts.nodes.map((node) => [node.uuid, node]));
  const selected = options.actions === null ? null : new Set(options.actions);
  return {
    facts,
    options,
    hosts,
    nodes,
    servers: new Map(facts.servers.map((server) => [server.id, server])),
    actions: new Map(facts.actions.map((action) => [action.uuid, action])),
    migrations: groupBy(
      facts.migrations.toSorted((a, b) => a.id - b.id),
      (record) => record.serverId,
    ),
    instanceActions: groupBy(facts.instanceActions, (action) => action.serverId),
    newer: newerChanges(facts.otherPlans, hosts),
    members: facts.actions.map((action, index) => ({
      action,
      index,
      change: readChange(action.type, action.parameters),
      end: endOf(action),
      selected: selected === null || selected.has(action.uuid),
    })),
  };
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
