/** verifyRollback: one last read of everything that is said to be as before. Reads only, in batches. */
import type { Host, Node, Server } from '../src/domain/facts.js';
import type { ResourceState } from '../src/domain/result.js';
import type { Kit } from './kit.js';
import { readHosts, readNodes, readServers } from './read-facts.js';
import type { VerifyInput, VerifyReport } from './types.js';
import type { Run } from './waiting.js';

type Question = VerifyInput['compensations'][number];

export async function verifyRollback(
  kit: Kit,
  run: Run,
  input: VerifyInput,
): Promise<VerifyReport> {
  const ids = (type: Question['resource_type']): string[] => [
    ...new Set(
      input.compensations
        .filter((one) => one.resource_type === type)
        .flatMap((one) => one.resource_id ?? []),
    ),
  ];
  const services = ids('compute_service');
  const [servers, nodes, hosts] = await Promise.all([
    readServers(kit, run, ids('server')),
    readNodes(kit, run, ids('node')),
    services.length === 0 ? [] : readHosts(kit, run),
  ]);
  const states = {
    server: new Map(servers.map((server) => [server.id, stateOfServer(server)])),
    node: new Map(nodes.map((node) => [node.uuid, stateOfNode(node)])),
    compute_service: new Map(hosts.flatMap((host) => namesOf(host))),
  };
  const differing: VerifyReport['differing'] = [];
  for (const { action_uuid, resource_type, resource_id, before } of input.compensations) {
    if (before === null || resource_id === null) continue;
    if (resource_type === null || resource_type === 'volume') continue;
    const now = states[resource_type].get(resource_id) ?? null;
    const reason = now === null ? 'it is gone' : difference(before, now);
    if (reason !== null) differing.push({ action_uuid, now, reason });
  }
  return { differing, verified_at: new Date().toISOString() };
}

function stateOfServer(server: Server): ResourceState {
  return { host: server.host, status: server.status, flavor: server.flavor };
}
function stateOfNode(node: Node): ResourceState {
  return { power_state: node.powerState };
}
/** A service goes by its host's name, its own id or its hypervisor's: as the plan had it. */
function namesOf(host: Host): [string, ResourceState][] {
  const state = { status: host.status, disabled_reason: host.disabledReason };
  return [host.name, host.serviceId, host.hypervisorId, host.hypervisorHostname]
    .filter((name) => name !== null)
    .map((name) => [name, state]);
}

const PROPERTIES = {
  host: 'host',
  status: 'status',
  power_state: 'power state',
  flavor: 'flavor',
} as const;

/** The first property that was known before and is not so now; a disabled_reason alone is no property. */
function difference(before: ResourceState, now: ResourceState): string | null {
  for (const key of ['host', 'status', 'power_state', 'flavor'] as const) {
    const was = before[key];
    if (was === undefined || was === null) continue;
    const is = now[key] ?? 'unknown';
    if (is !== was) return `its ${PROPERTIES[key]} is ${is}, not ${was}`;
  }
  return null;
}
