/** Builds the indexed facts of context.ts. Pure. */
import { readChange } from './actions/read-change.js';
import { groupBy, type Context } from './context.js';
import type { Facts, Migration } from './facts.js';
import { HostIndex } from './hosts.js';
import type { RollbackOptions } from './options.js';
import { changesByOthers } from './other-plans.js';
import { endOf } from './time.js';

export function contextOf(facts: Facts, options: RollbackOptions): Context {
  const hosts = new HostIndex(facts.hosts);
  const nodes = new Map(facts.nodes.map((node) => [node.uuid, node]));
  const selected = options.actions === null ? null : new Set(options.actions);
  const members = facts.actions.map((action, index) => ({
    action,
    index,
    change: readChange(action.type, action.parameters),
    end: endOf(action),
    selected: selected === null || selected.has(action.uuid),
  }));
  return {
    facts,
    options,
    hosts,
    nodes,
    servers: new Map(facts.servers.map((server) => [server.id, server])),
    ends: new Map(members.map(({ action, end }) => [action.uuid, end])),
    migrations: groupBy(
      facts.migrations.toSorted((a, b) => a.id - b.id),
      (record) => record.serverId,
    ),
    recordsUntil: latestChange(facts.migrations),
    instanceActions: groupBy(facts.instanceActions, (action) => action.serverId),
    byOthers: changesByOthers(facts.otherPlans, hosts),
    members,
  };
}

function latestChange(records: readonly Migration[]): string | null {
  const [latest] = records.toSorted((a, b) => endOf(b) - endOf(a));
  return latest === undefined ? null : (latest.updatedAt ?? latest.createdAt);
}
