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

/** Slots in use by host: servers there, servers on their way, and what unconfirmed resizes hold. */
export function slotsInUse(world: World): Map<string, number> {
  const used = new Map<string, number>();
  const count = (host: string | null | undefined): void => {
    if (host !== null && host !== undefined) used.set(host, (used.get(host) ?? 0) + 1);
  };
  for (const server of world.state.servers.values()) {
    // A set: a server takes one slot of a host, for whichever of the reasons.
    const hosts = new Set([server.host, server.beforeResize?.host, comingTo(world, server)]);
    for (const host of hosts) count(host);
  }
  return used;
}

function comingTo(world: World, server: Server): string | null {
  if (server.taskState === null) return null;
  const migration = lastMigration(world, server.id);
  return migration && UNDER_WAY.has(migration.status) ? migration.destCompute : null;
}

export function lastMigration(world: World, serverId: string): Migration | undefined {
  return world.state.migrations.findLast((migration) => migration.serverId === serverId);
}

export function isUp(host: Host): boolean {
  return host.up && !host.forcedDown;
}

/**
 * The host that a server goes to, or null ("No valid host was found. "). `wanted` is checked like any other (Nova's
 * scheduler filters run on it too: nova/conductor/tasks/live_migrate.py, _find_destination).
 */
export function findDestination(
  world: World,
  server: Server,
  wanted: string | null,
): string | null {
  const { hosts, schedulerHints } = world.state;
  const used = slotsInUse(world);
  const free = (host: Host): number => host.capacity - (used.get(host.name) ?? 0);
  const fits = (host: Host): boolean =>
    host.name !== server.host && host.status === 'enabled' && isUp(host) && free(host) > 0;
  if (wanted !== null) {
    const host = hosts.get(wanted);
    return host && fits(host) ? host.name : null;
  }
  const fitting = [...hosts.values()].filter(fits);
  const hint = schedulerHints.get(server.id);
  if (hint !== undefined && fitting.some((host) => host.name === hint)) return hint;
  return fitting.toSorted((a, b) => free(b) - free(a))[0]?.name ?? null;
}
