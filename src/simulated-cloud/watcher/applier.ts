/**
 * The applier: runs a plan's actions through the same transitions that the APIs start, in virtual time, and keeps
 * Watcher's own books on them. Sources: watcher/applier/workflow_engine/{base,default}.py, applier/actions/*.py,
 * common/nova_helper.py. A failed action stops nothing there, and the plan ends SUCCEEDED all the same (Watcher 9).
 */
import { changePower } from '../ironic/power.js';
import { startLiveMigration } from '../nova/live-migration.js';
import { startOrStop } from '../nova/power.js';
import { endResize, finishedMigration, startResize } from '../nova/resize.js';
import { setServiceStatus } from '../nova/services.js';
import { powerState } from '../nova/status.js';
import { findFlavor, newRequestId } from '../state.js';
import type { Caller, Host, Server, WatcherAction, WatcherPlan } from '../state.js';
import type { World } from '../world.js';

/** Records of one action and the next are that far apart at least. */
const BETWEEN_ACTIONS_MS = 2_500;
/** From the plan's creation until its first action. */
const BEFORE_FIRST_ACTION_MS = 7_000;
/** After the plan's end, before anything else happens in the cloud. */
export const AFTER_PLAN_MS = 6_000;
/** What an action takes in virtual time, as a guess. */
const USUAL_ACTION_MS = 8_000;

/** What is to become of an action instead of what would. */
export interface Forced {
  state: string;
  effect: boolean;
}

export function expectedDurationMs(actionCount: number): number {
  return actionCount * USUAL_ACTION_MS + BEFORE_FIRST_ACTION_MS + AFTER_PLAN_MS;
}

/** Apply `plan` in virtual time. `leaveAs`: only do what is forced, and leave the plan in that state. */
export function applyPlan(
  world: World,
  plan: WatcherPlan,
  forced: Map<string, Forced>,
  leaveAs: string | null,
): void {
  const { clock } = world;
  clock.advance(BEFORE_FIRST_ACTION_MS - BETWEEN_ACTIONS_MS);
  const cancelled = [...forced.values()].some(({ state }) => state === 'CANCELLED');
  for (const action of inOrder(plan.actions)) {
    const force = forced.get(action.uuid);
    if (force === undefined && (leaveAs !== null || cancelled)) {
      if (leaveAs === null) setState(world, action, 'CANCELLED');
      continue;
    }
    runAction(world, action, force);
  }
  clock.advance(1_000);
  if (leaveAs !== 'RECOMMENDED') plan.hostname = 'simulated-watcher';
  plan.state = leaveAs ?? (cancelled ? 'CANCELLED' : 'SUCCEEDED');
  plan.updatedAt = leaveAs === 'RECOMMENDED' ? null : clock.stamp();
  world.ledger.add({
    service: 'optimizer',
    effect: 'apply-plan',
    resourceId: plan.uuid,
    detail: plan.state,
    outcome: 'applied',
    userId: world.people.watcherUserId,
  });
}

function runAction(world: World, action: WatcherAction, force: Forced | undefined): void {
  world.clock.advance(BETWEEN_ACTIONS_MS);
  let succeeded: boolean | null = null;
  if (force === undefined || force.effect) {
    execute(world, action, (result) => {
      succeeded ??= result;
    });
    world.clock.runVirtualEvents();
  }
  if (force?.state === 'PENDING') return;
  // Watcher polls: it notices an end up to a second later.
  world.clock.advance(800);
  setState(world, action, force?.state ?? (succeeded === true ? 'SUCCEEDED' : 'FAILED'));
}

function setState(world: World, action: WatcherAction, state: string): void {
  action.state = state;
  action.updatedAt = world.clock.stamp();
}

/** In rounds: all whose parents were in rounds before; those of one round in the plan's order. */
function inOrder(actions: WatcherAction[]): WatcherAction[] {
  const open = new Map(actions.map(({ uuid, parents }) => [uuid, new Set(parents).size]));
  const children = new Map<string, string[]>(actions.map(({ uuid }) => [uuid, []]));
  for (const { uuid, parents } of actions)
    for (const parent of new Set(parents)) children.get(parent)?.push(uuid);
  const place = new Map(actions.map((action, index) => [action.uuid, { action, index }] as const));
  const ordered: WatcherAction[] = [];
  let round = actions.filter(({ parents }) => parents.length === 0).map(({ uuid }) => uuid);
  while (round.length > 0) {
    const ready = round
      .flatMap((uuid) => place.get(uuid) ?? [])
      .toSorted((a, b) => a.index - b.index);
    for (const { action } of ready) ordered.push(action);
    round = ready.flatMap(({ action }) =>
      (children.get(action.uuid) ?? []).filter((child) => {
        const left = (open.get(child) ?? 0) - 1;
        open.set(child, left);
        return left === 0;
      }),
    );
  }
  if (ordered.length < actions.length)
    throw new Error('the actions of a plan wait for one another');
  return ordered;
}

type Done = (succeeded: boolean) => void;

function execute(world: World, action: WatcherAction, done: Done): void {
  const { parameters } = action;
  const caller: Caller = {
    userId: world.people.watcherUserId,
    projectId: world.people.serviceProjectId,
    requestId: newRequestId(),
  };
  const text = (name: string): string | null => {
    const value = parameters[name];
    return typeof value === 'string' ? value : null;
  };
  const server = world.state.servers.get(text('resource_id') ?? '');
  switch (action.type) {
    case 'migrate':
      migrate(world, server, text('migration_type'), text('destination_node'), caller, done);
      return;
    case 'resize':
      resize(world, server, text('flavor'), caller, done);
      return;
    case 'stop':
      if (server?.vmState === 'active' && server.taskState === null)
        startOrStop(world, server, 'stop', caller, done);
      else done(server?.vmState === 'stopped');
      return;
    case 'change_nova_service_state':
      changeService(
        world,
        text('resource_name') ?? text('resource_id'),
        text('state'),
        text('disabled_reason'),
        caller,
        done,
      );
      return;
    case 'change_node_power_state':
      changeNodePower(world, text('resource_id'), text('state'), caller, done);
      return;
    case 'sleep': {
      const seconds = Number(parameters['duration'] ?? 1);
      world.clock.after(seconds * 1000, () => {
        done(true);
      });
      return;
    }
    default:
      done(true);
  }
}

/** A host by any of the names that occur in plans: service host, hypervisor hostname, hypervisor uuid. */
export function hostNamed(world: World, name: string | null): Host | undefined {
  return [...world.state.hosts.values()].find(
    (host) => host.name === name || host.hypervisorHostname === name || host.hypervisorId === name,
  );
}

function migrate(
  world: World,
  server: Server | undefined,
  type: string | null,
  destination: string | null,
  caller: Caller,
  done: Done,
): void {
  const wanted = destination === null ? null : (hostNamed(world, destination)?.name ?? destination);
  const idle = server !== undefined && server.taskState === null;
  if (wanted !== null && !world.state.hosts.has(wanted)) done(false);
  else if (type === 'live' && idle && ['active', 'paused'].includes(server.vmState))
    startLiveMigration(world, server, wanted, caller, (moved) => {
      // Without a destination Watcher waits for ACTIVE: a PAUSED server moves, and the action is FAILED all the same.
      done(moved && (wanted !== null || server.vmState === 'active'));
    });
  else if (type === 'cold' && idle && ['active', 'stopped'].includes(server.vmState))
    moveCold(world, server, { host: wanted, flavorId: null }, caller, done);
  else done(false);
}

function resize(
  world: World,
  server: Server | undefined,
  flavorName: string | null,
  caller: Caller,
  done: Done,
): void {
  const flavor = findFlavor(world.state, flavorName ?? '');
  const fit =
    server !== undefined &&
    server.taskState === null &&
    ['active', 'stopped'].includes(server.vmState);
  if (fit && flavor && flavor.id !== server.flavorId)
    moveCold(world, server, { host: null, flavorId: flavor.id }, caller, done);
  else done(false);
}

/** Cold moves are confirmed by Watcher itself (nova_helper: watcher_non_live_migrate_instance, resize_instance). */
function moveCold(
  world: World,
  server: Server,
  target: { host: string | null; flavorId: string | null },
  caller: Caller,
  done: Done,
): void {
  startResize(world, server, target, caller, (moved) => {
    const migration = moved ? finishedMigration(world, server) : null;
    if (migration === null) {
      done(false);
      return;
    }
    const confirming = { ...caller, requestId: newRequestId() };
    endResize(world, server, migration, 'confirm', confirming, done);
  });
}

function changeService(
  world: World,
  name: string | null,
  state: string | null,
  reason: string | null,
  caller: Caller,
  done: Done,
): void {
  const host = hostNamed(world, name);
  if (!host || (state !== 'enabled' && state !== 'disabled')) {
    done(false);
    return;
  }
  setServiceStatus(world, host, state, reason, caller);
  done(true);
}

/** Powers off only hosts without running servers (applier/actions/change_node_power_state.py). */
function changeNodePower(
  world: World,
  nodeId: string | null,
  state: string | null,
  caller: Caller,
  done: Done,
): void {
  const node = world.state.nodes.get(nodeId ?? '');
  if (!node || (state !== 'on' && state !== 'off')) {
    done(false);
    return;
  }
  const host = [...world.state.hosts.values()].find(({ nodeId: id }) => id === node.uuid);
  const busy = [...world.state.servers.values()].some(
    (server) => server.host === host?.name && powerState(server) === 1,
  );
  if (node.powerState === `power ${state}`) done(true);
  else if (state === 'off' && busy) done(false);
  else changePower(world, node, `power ${state}`, null, caller, done);
}
