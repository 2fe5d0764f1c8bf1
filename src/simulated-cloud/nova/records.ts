/** Making and ending Nova's records: migrations and instance actions. Knows nothing of HTTP. */
import { randomUUID } from 'node:crypto';
import type { Caller, InstanceAction, Migration, Server } from '../state.js';
import type { World } from '../world.js';

/** What an operation on a server writes down while it runs. */
export interface Operation {
  server: Server;
  caller: Caller;
  /** As in LedgerEntry. */
  effect: string;
  action: InstanceAction;
}

export function beginAction(
  world: World,
  server: Server,
  caller: Caller,
  action: string,
  now = world.clock.stamp(),
): InstanceAction {
  const record: InstanceAction = {
    serverId: server.id,
    action,
    requestId: caller.requestId,
    userId: caller.userId,
    projectId: caller.projectId,
    startedAt: now,
    updatedAt: now,
    message: null,
    events: [],
  };
  const records = world.state.instanceActions.get(server.id) ?? [];
  records.push(record);
  world.state.instanceActions.set(server.id, records);
  return record;
}

/** One event of an action; with `details` it failed, and the action shows "Error". */
export function addEvent(
  world: World,
  action: InstanceAction,
  event: string,
  details: string | null,
): void {
  const now = world.clock.stamp();
  action.events.push({
    event,
    startedAt: action.updatedAt,
    finishedAt: now,
    result: details === null ? 'Success' : 'Error',
    details,
  });
  action.updatedAt = now;
  if (details !== null) action.message = 'Error';
}

export function addMigration(
  world: World,
  server: Server,
  caller: Caller,
  fields: Pick<Migration, 'type' | 'status' | 'sourceCompute'> & { newFlavorId?: string },
  now = world.clock.stamp(),
): Migration {
  const flavorNumber = (id: string): number =>
    world.state.flavors.find((flavor) => flavor.id === id)?.number ?? 0;
  const migration: Migration = {
    id: ++world.state.counters.migration,
    uuid: randomUUID(),
    serverId: server.id,
    type: fields.type,
    status: fields.status,
    sourceCompute: fields.sourceCompute,
    sourceNode: null,
    destCompute: null,
    destNode: null,
    destHost: null,
    oldFlavor: flavorNumber(server.flavorId),
    newFlavor: flavorNumber(fields.newFlavorId ?? server.flavorId),
    userId: caller.userId,
    projectId: caller.projectId,
    createdAt: now,
    updatedAt: now,
    bytes: null,
  };
  world.state.migrations.push(migration);
  world.state.lastMigrations.set(server.id, migration);
  return migration;
}

export function setMigrationStatus(world: World, migration: Migration, status: string): void {
  migration.status = status;
  migration.updatedAt = world.clock.stamp();
}

export function setDestination(world: World, migration: Migration, hostName: string): void {
  const { hosts } = world.state;
  migration.sourceNode = hosts.get(migration.sourceCompute)?.hypervisorHostname ?? null;
  migration.destCompute = hostName;
  migration.destNode = hosts.get(hostName)?.hypervisorHostname ?? null;
  migration.updatedAt = world.clock.stamp();
}

export function touch(world: World, server: Server): void {
  server.updatedAt = world.clock.stamp();
}

export function ledgerOf(
  world: World,
  operation: Operation,
  outcome: 'started' | 'applied' | 'failed',
  detail: string | null,
): void {
  world.ledger.add({
    service: 'compute',
    effect: operation.effect,
    resourceId: operation.server.id,
    detail,
    outcome,
    userId: operation.caller.userId,
  });
}
