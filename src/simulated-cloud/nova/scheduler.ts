/** Where a server may go: Nova's scheduler and Placement, with one slot per server. Knows nothing of HTTP. */
import type { Host, Migration, Server } from '../state.js';
import type { World } from '../world.js';

/** Migrations that hold a slot on their destination (and cold ones on their source) until they end. */
const UNDER_WAY = new Set([
  'accepted',
  'queued',
  'preparing',
  'running',
  'pre-migrating',
  'migrating',
  'post-migrating',
]);

/** Slots of a host in use: servers there, servers on their way, and what unconfirmed resizes hold. */
export function slotsInUse(world: World, hostName: string): number {
  let used = 0;
  for (const server of world.state.servers.values()) {
    if (server.host === hostName) used++;
    else if (server.beforeResize?.host === hostName) used++;
    else if (isOnItsWay(world, server, hostName)) used++;
  }
  return used;
}

function isOnItsWay(world: World, server: Server, hostName: string): boolean {
  if (server.taskState === null) return false;
  const migration = lastMigration(world, server.id);
  return migration?.destCompute === hostName && UNDER_WAY.has(migration.status);
}

export function lastMigration(world: World, serverId: string): Migration | undefined {
  return world.state.migrations.findLast((migration) => migration.serverId === serverId);
}

export function isUp(host: Host): boolean {
  return host.up && !host.forcedDown;
}

export function canTake(world: World, host: Host): boolean {
  return host.status === 'enabled' && isUp(host) && slotsInUse(world, host.name) < host.capacity;
}

/**
 * The host that a server goes to, or null ("No valid host was found. "). `wanted` is checked like any other (Nova's
 * scheduler filters run on it too: nova/conductor/tasks/live_migrate.py, _find_destination).
 */
export function findDestination(
  world: World,
  server: Server,
  wanted: string | null,
  allowSameHost = false,
): string | null {
  const { hosts, schedulerHints } = world.state;
  const elsewhere = (host: Host): boolean => allowSameHost || host.name !== server.host;
  if (wanted !== null) {
    const host = hosts.get(wanted);
    return host && elsewhere(host) && canTake(world, host) ? host.name : null;
  }
  const fitting = [...hosts.values()].filter((host) => elsewhere(host) && canTake(world, host));
  const hint = schedulerHints.get(server.id);
  if (hint !== undefined && fitting.some((host) => host.name === hint)) return hint;
  const free = (host: Host): number => host.capacity - slotsInUse(world, host.name);
  return fitting.toSorted((a, b) => free(b) - free(a))[0]?.name ?? null;
}
