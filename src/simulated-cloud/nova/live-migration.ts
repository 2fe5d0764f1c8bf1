/**
 * A live migration from request to end, as Nova's conductor and compute managers run it.
 * Statuses: accepted → queued → preparing → running → completed, or error (nova/compute/manager.py, live_migration;
 * nova/conductor/manager.py, _live_migrate). Knows nothing of HTTP.
 */
import type { Caller, Migration, Server } from '../state.js';
import type { World } from '../world.js';
import {
  addEvent,
  addMigration,
  beginAction,
  ledgerOf,
  setDestination,
  setMigrationStatus,
  touch,
} from './records.js';
import type { Operation } from './records.js';
import { findDestination, isUp } from './scheduler.js';

export const NO_VALID_HOST = 'No valid host was found. ';

/** Ends with whether the server moved. */
export type Done = (succeeded: boolean) => void;

interface LiveMigration extends Operation {
  migration: Migration;
  done: Done;
  /** It has run as long as a migration takes. */
  timeIsUp: boolean;
  ended: boolean;
}

export function startLiveMigration(
  world: World,
  server: Server,
  wanted: string | null,
  caller: Caller,
  done: Done = () => undefined,
): void {
  server.taskState = 'migrating';
  touch(world, server);
  const action = beginAction(world, server, caller, 'live-migration');
  const operation = { server, caller, effect: 'live-migrate', action };
  ledgerOf(world, operation, 'started', wanted);
  // Nova's API only casts to the conductor: the migration record is not there yet when the 202 arrives.
  world.clock.after(world.times.conductor, () => {
    conduct(world, operation, wanted, done);
  });
}

function conduct(world: World, operation: Operation, wanted: string | null, done: Done): void {
  const { server, caller } = operation;
  if (server.host === null || !world.state.servers.has(server.id)) {
    done(false);
    return;
  }
  const migration = addMigration(world, server, caller, {
    type: 'live-migration',
    status: 'accepted',
    sourceCompute: server.host,
  });
  const live = { ...operation, migration, done, timeIsUp: false, ended: false };
  const planned = world.state.failures.get(server.id)?.[0];
  // A planned failure that reads like the scheduler's comes before any destination, every other one at the end.
  const unfit = planned?.startsWith('No valid host') === true ? planned : null;
  if (unfit !== null) world.state.failures.get(server.id)?.shift();
  const source = world.state.hosts.get(server.host);
  const sourceDown =
    source && !isUp(source)
      ? `Compute service of ${source.name} is unavailable at this time.`
      : null;
  const diverted = world.state.diversions.get(server.id) ?? null;
  world.state.diversions.delete(server.id);
  const destination = findDestination(world, server, diverted ?? wanted);
  if (unfit !== null || sourceDown !== null || destination === null) {
    const reason = unfit ?? sourceDown ?? NO_VALID_HOST;
    fail(world, live, 'conductor_live_migrate_instance', reason);
    return;
  }
  setDestination(world, migration, destination);
  addEvent(world, operation.action, 'conductor_live_migrate_instance', null);
  setMigrationStatus(world, migration, 'queued');
  waiting(world).push(live);
  startWaiting(world);
}

/** Live migrations in the order in which they wait for their source host (max_concurrent_live_migrations). */
const queues = new WeakMap<World, LiveMigration[]>();
const running = new WeakMap<World, Map<string, number>>();

function waiting(world: World): LiveMigration[] {
  const queue = queues.get(world) ?? [];
  queues.set(world, queue);
  return queue;
}
function runningFrom(world: World): Map<string, number> {
  const counts = running.get(world) ?? new Map<string, number>();
  running.set(world, counts);
  return counts;
}

function startWaiting(world: World): void {
  const counts = runningFrom(world);
  for (const live of waiting(world).slice()) {
    const source = live.migration.sourceCompute;
    if ((counts.get(source) ?? 0) >= world.maxConcurrentLiveMigrations) continue;
    counts.set(source, (counts.get(source) ?? 0) + 1);
    queues.set(
      world,
      waiting(world).filter((other) => other !== live),
    );
    run(world, live);
  }
}

function run(world: World, live: LiveMigration): void {
  const { clock } = world;
  const takesMs = world.liveMigrationOf(live.server.name);
  setMigrationStatus(world, live.migration, 'preparing');
  clock.after(takesMs * 0.3, () => {
    if (!live.ended && world.state.servers.has(live.server.id))
      setMigrationStatus(world, live.migration, 'running');
  });
  underWay(world).add(live);
  clock.after(takesMs, () => {
    live.timeIsUp = true;
    if (!world.state.hanging.has(live.server.id)) leave(world, live, finish);
  });
}

const going = new WeakMap<World, Set<LiveMigration>>();
function underWay(world: World): Set<LiveMigration> {
  const all = going.get(world) ?? new Set<LiveMigration>();
  going.set(world, all);
  return all;
}

/** It ends, one way or the other, and makes room for the next. */
function leave(
  world: World,
  live: LiveMigration,
  end: (world: World, live: LiveMigration) => void,
): void {
  if (live.ended) return;
  live.ended = true;
  underWay(world).delete(live);
  const counts = runningFrom(world);
  const source = live.migration.sourceCompute;
  counts.set(source, (counts.get(source) ?? 1) - 1);
  end(world, live);
  startWaiting(world);
}

/** What hung goes on. */
export function letGo(world: World): void {
  world.state.hanging.clear();
  for (const live of underWay(world)) if (live.timeIsUp) leave(world, live, finish);
}

/**
 * As Nova does after DELETE /servers/{id}/migrations/{id}: the record ends `cancelled` and the server stays where it is
 * (nova/compute/manager.py, live_migration_abort and _rollback_live_migration). false: nothing of it waits or runs.
 * `migrationId`: that one only.
 */
export function abortLiveMigration(world: World, serverId: string, migrationId?: number): boolean {
  const isIt = ({ server, migration }: LiveMigration): boolean =>
    server.id === serverId && (migrationId === undefined || migration.id === migrationId);
  const queued = waiting(world).find(isIt);
  if (queued !== undefined) {
    const others = waiting(world).filter((live) => live !== queued);
    queues.set(world, others);
    cancelled(world, queued);
    return true;
  }
  const live = [...underWay(world)].find(isIt);
  if (live === undefined) return false;
  leave(world, live, cancelled);
  return true;
}

function cancelled(world: World, live: LiveMigration): void {
  setMigrationStatus(world, live.migration, 'cancelled');
  live.server.taskState = null;
  touch(world, live.server);
  // No reason is written down, as in Nova (recorded: nova-instance-action-after-abort).
  addEvent(world, live.action, 'compute_live_migration', null);
  ledgerOf(world, live, 'failed', 'aborted');
  live.done(false);
}

function finish(world: World, live: LiveMigration): void {
  const { server, migration, action } = live;
  if (!world.state.servers.has(server.id)) {
    setMigrationStatus(world, migration, 'error');
    ledgerOf(world, live, 'failed', 'the server was deleted');
    live.done(false);
    return;
  }
  const reason = world.state.failures.get(server.id)?.shift();
  if (reason !== undefined) {
    fail(world, live, 'compute_live_migration', reason);
    return;
  }
  server.host = migration.destCompute;
  server.taskState = null;
  touch(world, server);
  addEvent(world, action, 'compute_live_migration', null);
  setMigrationStatus(world, migration, 'completed');
  ledgerOf(world, live, 'applied', migration.destCompute);
  live.done(true);
}

function fail(world: World, live: LiveMigration, event: string, reason: string): void {
  setMigrationStatus(world, live.migration, 'error');
  live.server.taskState = null;
  touch(world, live.server);
  addEvent(world, live.action, event, reason);
  ledgerOf(world, live, 'failed', reason);
  live.done(false);
}
