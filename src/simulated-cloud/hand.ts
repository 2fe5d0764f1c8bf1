/**
 * What people, and Nova by itself, do to the cloud beside the program under test.
 * Only what leaves a record of its own (a migration) takes its place in the cloud's time: the rest may as well have
 * been so for a day, and does not push a plan that is applied afterwards into the future.
 */
import { applyPower } from './ironic/power.js';
import { addUnconfirmedMove, operatorCaller } from './inventory.js';
import { abortLiveMigration } from './nova/live-migration.js';
import { addEvent, addMigration, beginAction, setDestination, touch } from './nova/records.js';
import { statesOf } from './nova/status.js';
import type { Host, Node, Server, WatcherPlan } from './state.js';
import type { SimulatedCloud } from './types.js';
import type { World } from './world.js';

export function handOf(world: World): SimulatedCloud['hand'] {
  const { state, clock } = world;
  const server = (id: string): Server => known(state.servers.get(id), `server ${id}`);
  const host = (name: string): Host => known(state.hosts.get(name), `host ${name}`);
  return {
    migrate: (id, hostName) => {
      moveByHand(world, server(id), host(hostName).name);
    },
    setServerStatus: (id, status) => {
      setStatus(world, server(id), status);
    },
    abortMigration: (id) => abortLiveMigration(world, server(id).id),
    hangMigrations: (id) => {
      state.hanging.add(server(id).id);
    },
    copyBytes: (id, bytes) => {
      copyBytes(world, server(id), bytes);
    },
    divertMigration: (id, hostName) => {
      state.diversions.set(server(id).id, host(hostName).name);
    },
    lock: (id) => {
      server(id).locked = true;
    },
    deleteServer: (id) => {
      const deleted = server(id);
      state.servers.delete(deleted.id);
      world.slots.forget(deleted);
    },
    setService: (name, change) => {
      const target = host(name);
      if (change.status !== undefined) target.status = change.status;
      if (change.status === 'enabled') target.disabledReason = null;
      if (change.disabledReason !== undefined) target.disabledReason = change.disabledReason;
      if (change.forcedDown !== undefined) target.forcedDown = change.forcedDown;
      if (change.state === 'down') target.lastReportAt = clock.now() - 120_000;
      if (change.state !== undefined) target.up = change.state === 'up';
    },
    setNode: (id, change) => {
      setNode(world, known(state.nodes.get(id), `node ${id}`), change);
    },
    removeHost: (name) => {
      const { nodeId } = host(name);
      state.hosts.delete(name);
      if (nodeId !== null) state.nodes.delete(nodeId);
    },
    setActionPlan: (uuid, change) => {
      const plan = known(state.plans.get(uuid), `action plan ${uuid}`);
      if (change.state !== undefined) plan.state = change.state;
      if (change.updatedAt !== undefined) movePlanInTime(world, plan, Date.parse(change.updatedAt));
    },
  };
}

function known<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}`);
  return value;
}

/** An operator's migration, all at once: live where the server runs, else cold and confirmed. */
function moveByHand(world: World, server: Server, hostName: string): void {
  if (server.host === null) throw new Error(`server ${server.id} is on no host`);
  const live = server.vmState === 'active' || server.vmState === 'paused';
  const caller = operatorCaller(world);
  const action = beginAction(world, server, caller, live ? 'live-migration' : 'migrate');
  const migration = addMigration(world, server, caller, {
    type: live ? 'live-migration' : 'migration',
    status: live ? 'completed' : 'confirmed',
    sourceCompute: server.host,
  });
  setDestination(world, migration, hostName);
  server.host = hostName;
  touch(world, server);
  addEvent(world, action, live ? 'compute_live_migration' : 'compute_confirm_resize', null);
}

type Bytes = Parameters<SimulatedCloud['hand']['copyBytes']>[1];

/** What does not change writes nothing, and leaves the record as old as it is. */
function copyBytes(world: World, { id }: Server, bytes: Bytes): void {
  const migration = world.state.lastMigrations.get(id);
  if (migration === undefined) throw new Error(`server ${id} has no migration`);
  const before = migration.bytes ?? NO_BYTES;
  const now = { ...before, ...bytes };
  if (migration.bytes !== null && JSON.stringify(now) === JSON.stringify(before)) return;
  migration.bytes = now;
  migration.updatedAt = world.clock.stamp();
}

const NO_BYTES = {
  memoryTotal: 0,
  memoryProcessed: 0,
  memoryRemaining: 0,
  diskTotal: 0,
  diskProcessed: 0,
  diskRemaining: 0,
};

function setStatus(world: World, server: Server, status: string): void {
  Object.assign(server, statesOf(status));
  server.fault =
    status === 'ERROR' ? { message: 'Set to error by hand', createdAt: world.clock.now() } : null;
  if (status === 'VERIFY_RESIZE' && server.beforeResize === null && server.host !== null)
    addUnconfirmedMove(world, server, server.host);
  if (status !== 'VERIFY_RESIZE') server.beforeResize = null;
  server.updatedAt = world.clock.now();
}

type NodeChange = Parameters<SimulatedCloud['hand']['setNode']>[1];

function setNode(world: World, node: Node, change: NodeChange): void {
  if (change.powerState !== undefined) applyPower(world, node, change.powerState);
  if (change.maintenance !== undefined) node.maintenance = change.maintenance;
  if (change.fault !== undefined) node.fault = change.fault;
  if (change.provisionState !== undefined) node.provisionState = change.provisionState;
  if (change.targetPowerState !== undefined) node.targetPowerState = change.targetPowerState;
  if (change.reservation !== undefined) node.reservation = change.reservation;
  if (change.ignoresSoftPowerOff !== undefined)
    node.ignoresSoftPowerOff = change.ignoresSoftPowerOff;
  node.updatedAt = world.clock.now();
}

/** Everything of the plan's time moves along, so that plan, actions and Nova's records still fit together. */
function movePlanInTime(world: World, plan: WatcherPlan, updatedAt: number): void {
  const { state, people } = world;
  const end = plan.updatedAt ?? plan.createdAt;
  const shift = updatedAt - end;
  const inPlan = (row: { createdAt: number; userId: string }): boolean =>
    row.userId === people.watcherUserId && row.createdAt >= plan.createdAt && row.createdAt <= end;
  for (const migration of state.migrations.filter(inPlan)) {
    migration.createdAt += shift;
    migration.updatedAt += shift;
  }
  for (const action of [...state.instanceActions.values()].flat()) {
    if (!inPlan({ createdAt: action.startedAt, userId: action.userId })) continue;
    action.startedAt += shift;
    action.updatedAt += shift;
  }
  for (const action of plan.actions) {
    action.createdAt += shift;
    if (action.updatedAt !== null) action.updatedAt += shift;
  }
  plan.createdAt += shift;
  plan.updatedAt = updatedAt;
}
