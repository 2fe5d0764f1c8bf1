/** Where a server may go: Nova's scheduler and Placement, with one slot per server. Knows nothing of HTTP. */
import type { Host, Server } from '../state.js';
import type { World } from '../world.js';

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
  const free = (host: Host): number => host.capacity - world.slots.inUse(host.name);
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
