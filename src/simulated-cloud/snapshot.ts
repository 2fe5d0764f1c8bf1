/** What "the cloud is as it was" compares: hosts of servers, statuses, power; no times. */
import { serverStatus } from './nova/status.js';
import { isUp } from './nova/scheduler.js';
import type { CloudSnapshot } from './types.js';
import type { World } from './world.js';

export function snapshotOf(world: World): CloudSnapshot {
  const { servers, hosts, nodes, flavors } = world.state;
  return {
    servers: Object.fromEntries(
      [...servers.values()].map((server) => [
        server.id,
        {
          name: server.name,
          host: server.host,
          status: serverStatus(server),
          flavor: flavors.find(({ id }) => id === server.flavorId)?.name ?? '',
        },
      ]),
    ),
    services: Object.fromEntries(
      [...hosts.values()].map((host) => [
        host.name,
        {
          status: host.status,
          disabledReason: host.disabledReason,
          state: isUp(host) ? 'up' : 'down',
        },
      ]),
    ),
    nodes: Object.fromEntries(
      [...nodes.values()].map((node) => [
        node.uuid,
        { name: node.name, powerState: node.powerState },
      ]),
    ),
  };
}
