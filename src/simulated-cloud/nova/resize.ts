/**
 * Cold migration and resize, and what ends them: confirm or revert (nova/compute/manager.py: prep_resize,
 * resize_instance, finish_resize, confirm_resize, revert_resize). Knows nothing of HTTP.
 */
import type { Caller, Migration, Server } from '../state.js';
import type { World } from '../world.js';
import type { Done } from './live-migration.js';
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
import { findDestination } from './scheduler.js';

/** Where the move goes to: a named host or the scheduler's choice, with another flavor or the same. */
export interface ResizeTarget {
  host: string | null;
  flavorId: string | null;
}

export function startResize(
  world: World,
  server: Server,
  target: ResizeTarget,
  caller: Caller,
  done: Done = () => undefined,
): void {
  const resize = target.flavorId !== null;
  server.taskState = 'resize_prep';
  touch(world, server);
  const action = beginAction(world, server, caller, resize ? 'resize' : 'migrate');
  const operation = { server, caller, effect: resize ? 'resize' : 'cold-migrate', action };
  ledgerOf(world, operation, 'started', target.host ?? target.flavorId);
  world.clock.after(world.times.conductor, () => {
    conduct(world, operation, target, done);
  });
}

function conduct(world: World, operation: Operation, target: ResizeTarget, done: Done): void {
  const { server, caller } = operation;
  if (server.host === null || !world.state.servers.has(server.id)) {
    done(false);
    return;
  }
  const migration = addMigration(world, server, caller, {
    type: target.flavorId === null ? 'migration' : 'resize',
    status: 'pre-migrating',
    sourceCompute: server.host,
    newFlavorId: target.flavorId ?? server.flavorId,
  });
  const planned = world.state.failures.get(server.id)?.shift();
  const destination = planned === undefined ? findDestination(world, server, target.host) : null;
  if (destination === null) {
    const why = target.flavorId === null ? 'cold migrate' : 'resize';
    const reason = planned ?? `No valid host was found. No valid host found for ${why}`;
    setMigrationStatus(world, migration, 'error');
    server.taskState = null;
    touch(world, server);
    addEvent(world, operation.action, 'conductor_migrate_server', reason);
    ledgerOf(world, operation, 'failed', reason);
    done(false);
    return;
  }
  setDestination(world, migration, destination);
  migration.destHost = '192.168.0.1';
  addEvent(world, operation.action, 'compute_prep_resize', null);
  setMigrationStatus(world, migration, 'migrating');
  server.taskState = 'resize_migrating';
  touch(world, server);
  world.clock.after(world.times.coldMigration, () => {
    finish(world, operation, migration, target, done);
  });
}

function finish(
  world: World,
  operation: Operation,
  migration: Migration,
  target: ResizeTarget,
  done: Done,
): void {
  const { server } = operation;
  if (server.host === null || !world.state.servers.has(server.id)) {
    setMigrationStatus(world, migration, 'error');
    ledgerOf(world, operation, 'failed', 'the server was deleted');
    done(false);
    return;
  }
  server.beforeResize = {
    vmState: server.vmState,
    host: server.host,
    flavorId: server.flavorId,
    migrationId: migration.id,
  };
  server.host = migration.destCompute;
  server.flavorId = target.flavorId ?? server.flavorId;
  server.vmState = 'resized';
  server.taskState = null;
  server.launchedAt = world.clock.stamp();
  touch(world, server);
  addEvent(world, operation.action, 'compute_finish_resize', null);
  setMigrationStatus(world, migration, 'finished');
  ledgerOf(world, operation, 'applied', migration.destCompute);
  done(true);
}

/** The `finished` record that a confirm or revert is about; null: "Instance has not been resized." */
export function finishedMigration(world: World, server: Server): Migration | null {
  return (
    world.state.migrations.findLast(
      (migration) => migration.serverId === server.id && migration.status === 'finished',
    ) ?? null
  );
}

/** End an unconfirmed resize: `confirm` leaves the server where it is, `revert` puts it back. */
export function endResize(
  world: World,
  server: Server,
  migration: Migration,
  how: 'confirm' | 'revert',
  caller: Caller,
  done: Done = () => undefined,
): void {
  const action = beginAction(world, server, caller, `${how}Resize`);
  const operation = { server, caller, effect: `${how}-resize`, action };
  setMigrationStatus(world, migration, how === 'confirm' ? 'confirming' : 'reverting');
  if (how === 'revert') server.taskState = 'resize_reverting';
  touch(world, server);
  ledgerOf(world, operation, 'started', null);
  world.clock.after(world.times.confirm, () => {
    const before = server.beforeResize;
    if (!world.state.servers.has(server.id) || before === null) {
      setMigrationStatus(world, migration, 'error');
      ledgerOf(world, operation, 'failed', 'the server was deleted');
      done(false);
      return;
    }
    if (how === 'revert') {
      server.host = before.host;
      server.flavorId = before.flavorId;
    }
    server.vmState = before.vmState;
    server.taskState = null;
    server.beforeResize = null;
    touch(world, server);
    const events = { confirm: 'compute_confirm_resize', revert: 'compute_finish_revert_resize' };
    addEvent(world, action, events[how], null);
    setMigrationStatus(world, migration, how === 'confirm' ? 'confirmed' : 'reverted');
    ledgerOf(world, operation, 'applied', server.host);
    done(true);
  });
}
