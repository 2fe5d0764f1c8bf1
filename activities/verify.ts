/** verifyRollback: one last read of everything that is said to be as before. Reads only, in batches. */
import type { Host, Node, Server } from '../src/domain/facts.js';
import type { ResourceState } from '../src/domain/result.js';
import type { Kit } from './kit.js';
import { readNodes } from './read-facts.js';
import { readMovedServers, type WantedServer } from './read-servers.js';
import type { VerifyInput, VerifyReport } from './types.js';
import type { Run } from './waiting.js';

type Question = VerifyInput['compensations'][number];

export async function verifyRollback(
  kit: Kit,
  run: Run,
  input: VerifyInput,
): Promise<VerifyReport> {
  const asked = (type: Question['resource_type']): WantedServer[] =>
    input.compensations
      .filter((one) => one.resource_type === type)
      .flatMap(({ resource_id: id, before }) =>
        id === null ? [] : [{ id, host: before?.host ?? null }],
      );
  const ids = (type: Question['resource_type']): string[] => [
    ...new Set(asked(type).map(({ id }) => id)),
  ];
  const [servers, nodes, services] = await Promise.all([
    readMoved(kit, run, asked('server'), input.since ?? null),
    readNodes(kit, run, ids('node')),
    readServices(kit, run, ids('compute_service')),
  ]);
  const states = {
    server: new Map(servers.map((server) => [server.id, stateOfServer(server)])),
    node: new Map(nodes.map((node) => [node.uuid, stateOfNode(node)])),
    compute_service: services,
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

async function readMoved(
  kit: Kit,
  run: Run,
  wanted: WantedServer[],
  since: string | null,
): Promise<Server[]> {
  const ids = [...new Set(wanted.map(({ id }) => id))];
  return await readMovedServers(kit, run, ids, {
    since,
    until: null,
    wanted: (rest) => {
      const left = new Set(rest);
      return wanted.filter(({ id }) => left.has(id));
    },
  });
}

function stateOfServer(server: Server): ResourceState {
  return { host: server.host, status: server.status, flavor: server.flavor };
}
function stateOfNode(node: Node): ResourceState {
  return { power_state: node.powerState };
}
function stateOfService(service: Pick<Host, 'status' | 'disabledReason'>): ResourceState {
  return { status: service.status, disabled_reason: service.disabledReason };
}

/**
 * By the names that were asked for. The layout names a service by its host, whatever the plan called it; a name that
 * is no service's host (any more) may be an id or a hypervisor's, for which more must be read.
 */
async function readServices(
  kit: Kit,
  run: Run,
  names: string[],
): Promise<Map<string, ResourceState>> {
  const [first, ...others] = names;
  if (first === undefined) return new Map();
  const filter = others.length > 0 ? {} : { host: first };
  const listed = await kit.cloud.compute.listServices(filter, { signal: run.signal });
  const states = new Map(
    listed
      .filter(({ binary }) => binary === 'nova-compute')
      .map((service) => [service.host, stateOfService(service)]),
  );
  if (names.every((name) => states.has(name))) return states;
  const hosts = await kit.listings.hosts(run.signal);
  return new Map(hosts.flatMap((host) => namesOf(host)));
}

function namesOf(host: Host): [string, ResourceState][] {
  return [host.name, host.serviceId, host.hypervisorId, host.hypervisorHostname]
    .filter((name) => name !== null)
    .map((name) => [name, stateOfService(host)]);
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
