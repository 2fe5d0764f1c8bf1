/**
 * Starts a simulated cloud on one loopback port: /identity, /compute, /baremetal, /placement, /infra-optim, and a
 * Keystone catalog that names them. Use it as a real cloud through `env`; set its scene and look at it through the rest.
 */
import { randomBytes } from 'node:crypto';
import { handOf } from './hand.js';
import { addHost, addServer } from './inventory.js';
import { ironic } from './ironic/api.js';
import { CloudServer } from './http/server.js';
import { keystone } from './keystone/api.js';
import type { CatalogEntry, Credentials } from './keystone/api.js';
import { Tokens } from './keystone/tokens.js';
import { nova } from './nova/api.js';
import { letGo } from './nova/live-migration.js';
import { placement } from './placement/api.js';
import { snapshotOf } from './snapshot.js';
import { hexId } from './state.js';
import type { SimulatedCloud, SimulatedCloudOptions } from './types.js';
import { watcher } from './watcher/api.js';
import { addContinuousAudit, hostMaintenancePlan, makePlan } from './watcher/plans.js';
import { createWorld } from './world.js';
import type { World } from './world.js';

/** How long `settled` waits where nobody says. */
const SETTLE_LIMIT_MS = 10_000;

export async function startSimulatedCloud(
  options: SimulatedCloudOptions = {},
): Promise<SimulatedCloud> {
  const world = createWorld(options);
  const tokens = new Tokens();
  const credentials = adminCredentials(world);
  const catalog = catalogOf();
  const server = new CloudServer((value) => {
    const user = tokens.valid(value)?.user;
    return user ? { userId: user.id, projectId: user.projectId, roles: user.roles } : null;
  });
  server.mount([
    keystone({ tokens, credentials, catalog: () => catalog(server.url) }),
    nova(world),
    ironic(world),
    placement(world),
    watcher(world),
  ]);
  await server.listen(options.port ?? 0);
  return {
    ...accessOf(server, credentials, tokens, world),
    ...scenesOf(world),
    ...controlsOf(world, server),
  };
}

function adminCredentials(world: World): Credentials {
  const { adminUserId, adminProjectId } = world.people;
  return {
    user: {
      id: adminUserId,
      name: 'admin',
      projectId: adminProjectId,
      projectName: 'admin',
      roles: ['member', 'reader', 'admin'],
    },
    password: randomBytes(12).toString('base64url'),
    applicationCredential: { id: hexId(), secret: randomBytes(24).toString('base64url') },
  };
}

/** Keystone's ids of its services stay what they are, as long as the cloud is there. */
function catalogOf(): (url: string) => CatalogEntry[] {
  const services = [
    { type: 'infra-optim', name: 'watcher', path: '/infra-optim' },
    { type: 'baremetal', name: 'ironic', path: '/baremetal' },
    { type: 'placement', name: 'placement', path: '/placement' },
    { type: 'identity', name: 'keystone', path: '/identity/v3' },
    { type: 'compute', name: 'nova', path: '/compute/v2.1' },
  ].map((service) => ({ ...service, id: hexId() }));
  return (url) => services.map(({ path, ...service }) => ({ ...service, url: `${url}${path}` }));
}

type Access = Pick<
  SimulatedCloud,
  | 'env'
  | 'authUrl'
  | 'adminUserId'
  | 'watcherUserId'
  | 'applicationCredential'
  | 'issueToken'
  | 'expireTokens'
>;

function accessOf(
  server: CloudServer,
  credentials: Credentials,
  tokens: Tokens,
  world: World,
): Access {
  const { authUrl } = server;
  const { user, password, applicationCredential } = credentials;
  return {
    authUrl,
    env: {
      OS_AUTH_URL: authUrl,
      OS_USERNAME: user.name,
      OS_PASSWORD: password,
      OS_PROJECT_NAME: user.projectName,
      OS_USER_DOMAIN_NAME: 'Default',
      OS_PROJECT_DOMAIN_NAME: 'Default',
      OS_REGION_NAME: 'RegionOne',
      OS_IDENTITY_API_VERSION: '3',
    },
    applicationCredential,
    adminUserId: user.id,
    watcherUserId: world.people.watcherUserId,
    issueToken: ({ userName, roles, expired }) =>
      tokens.issue(
        {
          id: hexId(),
          name: userName,
          projectId: user.projectId,
          projectName: user.projectName,
          roles,
        },
        ['password'],
        typeof expired === 'number' ? -1000 * expired : expired === true ? -1000 : undefined,
      ).value,
    expireTokens: () => {
      tokens.revokeAll(user.id);
    },
  };
}

type Scenes = Pick<
  SimulatedCloud,
  | 'addHost'
  | 'addServer'
  | 'applyPlan'
  | 'hostMaintenance'
  | 'continuousAudit'
  | 'hand'
  | 'failMigrations'
  | 'advance'
>;

function scenesOf(world: World): Scenes {
  return {
    addHost: (host) => {
      const { hypervisorId, serviceId, nodeId } = addHost(world, host);
      return { hypervisorId, serviceId, nodeId };
    },
    addServer: (server) => addServer(world, server).id,
    applyPlan: async (plan) => Promise.resolve(makePlan(world, plan)),
    hostMaintenance: async (name, options = {}) => Promise.resolve(maintain(world, name, options)),
    continuousAudit: (audit) => addContinuousAudit(world, audit),
    hand: handOf(world),
    failMigrations: (serverId, reason, times = 1) => {
      const reasons = world.state.failures.get(serverId) ?? [];
      reasons.push(...Array.from({ length: times }, () => reason));
      world.state.failures.set(serverId, reasons);
    },
    advance: (ms) => {
      world.clock.advance(ms);
    },
  };
}

function maintain(
  world: World,
  name: string,
  options: { powerOffIdle?: string[]; destinations?: string[] },
): string {
  const { hosts, servers, schedulerHints } = world.state;
  const host = hosts.get(name);
  if (!host) throw new Error(`there is no host ${name}`);
  const there = [...servers.values()].filter((server) => server.host === name).toReversed();
  const { destinations = [], powerOffIdle = [] } = options;
  for (const [index, server] of there.entries()) {
    const hint = destinations[index % destinations.length];
    if (hint !== undefined) schedulerHints.set(server.id, hint);
  }
  const nodes = powerOffIdle.map((idle) => {
    const nodeId = hosts.get(idle)?.nodeId;
    if (nodeId === undefined || nodeId === null) throw new Error(`host ${idle} has no node`);
    return nodeId;
  });
  const actions = hostMaintenancePlan(host, there, nodes);
  const uuid = makePlan(
    world,
    { strategy: 'host_maintenance', actions },
    { maintenance_node: name },
  );
  schedulerHints.clear();
  return uuid;
}

type Controls = Pick<
  SimulatedCloud,
  | 'inject'
  | 'clearFaults'
  | 'ledger'
  | 'requestCounts'
  | 'requests'
  | 'snapshot'
  | 'settled'
  | 'close'
>;

function controlsOf(world: World, server: CloudServer): Controls {
  return {
    inject: (fault) => {
      server.faults.inject(fault);
    },
    clearFaults: () => {
      server.faults.clear();
      world.state.failures.clear();
      world.state.diversions.clear();
      letGo(world);
    },
    ledger: world.ledger.entries,
    requests: server.requests,
    requestCounts: () => Object.fromEntries(server.counts),
    snapshot: () => snapshotOf(world),
    settled: (timeoutMs = SETTLE_LIMIT_MS) => world.clock.whenIdle(timeoutMs),
    close: async () => {
      world.clock.stop();
      await server.close();
    },
  };
}
