/** Puts hosts and servers into the simulated cloud, as if they had been there for a day. */
import { randomUUID } from 'node:crypto';
import { addMigration, beginAction } from './nova/records.js';
import { statesOf } from './nova/status.js';
import { flavorNamed, newRequestId } from './state.js';
import type { Caller, Host, Node, Server } from './state.js';
import type { SimulatedHostOptions, SimulatedServerOptions } from './types.js';
import type { World } from './world.js';

/** Slots of a host where nobody says how many. */
const DEFAULT_CAPACITY = 50;

export function adminCaller(world: World): Caller {
  const { adminUserId, adminProjectId } = world.people;
  return { userId: adminUserId, projectId: adminProjectId, requestId: newRequestId() };
}
export function operatorCaller(world: World): Caller {
  return { ...adminCaller(world), userId: world.people.operatorUserId };
}

export function addHost(world: World, options: SimulatedHostOptions): Host {
  const { state, clock } = world;
  if (state.hosts.has(options.name)) throw new Error(`there is a host ${options.name} already`);
  const host: Host = {
    name: options.name,
    hypervisorHostname: options.hypervisorHostname ?? options.name,
    hypervisorId: randomUUID(),
    serviceId: randomUUID(),
    number: ++state.counters.host,
    capacity: options.capacity ?? DEFAULT_CAPACITY,
    status: options.status ?? 'enabled',
    disabledReason: options.disabledReason ?? null,
    forcedDown: false,
    up: true,
    lastReportAt: clock.now(),
    nodeId: null,
  };
  state.hosts.set(host.name, host);
  if (options.node !== false) {
    const node = newNode(world, host);
    host.nodeId = node.uuid;
    state.nodes.set(node.uuid, node);
  }
  return host;
}

function newNode(world: World, host: Host): Node {
  const madeAt = world.clock.setupStamp();
  return {
    uuid: randomUUID(),
    name: host.name,
    hypervisorId: host.hypervisorId,
    powerState: 'power on',
    targetPowerState: null,
    provisionState: 'active',
    maintenance: false,
    fault: null,
    lastError: null,
    reservation: null,
    ignoresSoftPowerOff: false,
    createdAt: madeAt,
    updatedAt: madeAt,
    powerChangedAt: madeAt,
  };
}

export function addServer(world: World, options: SimulatedServerOptions): Server {
  const { state, clock } = world;
  if (!state.hosts.has(options.host)) throw new Error(`there is no host ${options.host}`);
  const madeAt = clock.setupStamp();
  const status = options.status ?? 'ACTIVE';
  const number = ++state.counters.server;
  const server: Server = {
    id: randomUUID(),
    number,
    name: options.name,
    host: options.host,
    ...statesOf(status),
    flavorId: flavorNamed(state, options.flavor ?? 'm1.lab').id,
    locked: options.locked ?? false,
    reservationId: `r-${String(number).padStart(8, '0')}`,
    createdAt: madeAt,
    launchedAt: madeAt,
    updatedAt: madeAt,
    fault: null,
    beforeResize: null,
  };
  state.servers.set(server.id, server);
  world.slots.follow(server);
  beginAction(world, server, adminCaller(world), 'create', madeAt);
  if (status === 'ERROR') server.fault = { message: 'Set to error by hand', createdAt: madeAt };
  if (status === 'VERIFY_RESIZE') addUnconfirmedMove(world, server, options.host);
  return server;
}

/** What stands behind VERIFY_RESIZE: a finished cold migration from another host that nobody has confirmed. */
export function addUnconfirmedMove(world: World, server: Server, hostName: string): void {
  const { hosts } = world.state;
  const from = [...hosts.values()].find(({ name }) => name !== hostName)?.name ?? hostName;
  const fields = { type: 'migration', status: 'finished', sourceCompute: from } as const;
  const migration = addMigration(world, server, adminCaller(world), fields, server.createdAt);
  migration.sourceNode = hosts.get(from)?.hypervisorHostname ?? null;
  migration.destCompute = hostName;
  migration.destNode = hosts.get(hostName)?.hypervisorHostname ?? null;
  migration.destHost = '192.168.0.1';
  server.beforeResize = {
    vmState: 'active',
    host: from,
    flavorId: server.flavorId,
    migrationId: migration.id,
  };
}
