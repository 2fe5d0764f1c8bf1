/**
 * Short hands for the steps of made-up plans: what a layout would say of each, with nothing but what order and bounds
 * ask for.
 */
import type { Step } from './operations.js';

export function liveMigration(id: string, from: string, to: string, duration: number): Step {
  const work = {
    kind: 'live_migrate',
    serverId: id,
    serverName: id,
    from,
    to,
    allowCold: false,
    sinceMigrationId: 0,
  } as const;
  return { id, work, duration };
}

export function startServer(id: string, serverId: string, host: string, duration: number): Step {
  return { id, work: { kind: 'start_server', serverId, serverName: serverId, host }, duration };
}

export function setService(
  id: string,
  host: string,
  to: 'enabled' | 'disabled',
  duration: number,
): Step {
  return { id, work: { kind: 'set_service_status', host, to, reason: null }, duration };
}

export function setPower(
  id: string,
  host: string,
  to: 'power on' | 'power off',
  duration: number,
): Step {
  const work = {
    kind: 'set_node_power',
    nodeId: host,
    nodeName: host,
    host,
    to,
    reason: '',
  } as const;
  return { id, work, duration };
}
