/** Scenes in the simulated cloud, and what its ledger says of a rollback. */
import type { CompensationResult, RollbackResult } from '../../src/domain/result.js';
import type {
  CloudSnapshot,
  LedgerEntry,
  SimulatedAction,
  SimulatedCloud,
} from '../../src/simulated-cloud/types.js';

export interface Scene {
  /** The host under maintenance. */
  home: string;
  /** Its nova-compute, as the ledger names it. */
  homeService: string;
  /** Those that were on it. */
  servers: string[];
  shutOff: string[];
  idleNode: string;
  plan: string;
  before: CloudSnapshot;
}

/**
 * Three hosts and an idle one: the servers of compute-1 are moved away, compute-1 is disabled, the idle host's node is powered
 * off, as host_maintenance with power management does it.
 */
export async function maintenanceScene(
  sim: SimulatedCloud,
  { running = 2, shutOff = 1 }: { running?: number; shutOff?: number } = {},
): Promise<Scene> {
  const home = sim.addHost({ name: 'compute-1' });
  for (const name of ['compute-2', 'compute-3']) sim.addHost({ name });
  const idle = sim.addHost({ name: 'idle-1' });
  const add = (count: number, kind: string, status: 'ACTIVE' | 'SHUTOFF'): string[] =>
    Array.from({ length: count }, (_, index) =>
      sim.addServer({ name: `${kind}-${index + 1}`, host: 'compute-1', status }),
    );
  const active = add(running, 'vm', 'ACTIVE');
  const stopped = add(shutOff, 'off', 'SHUTOFF');
  const before = sim.snapshot();
  const plan = await sim.hostMaintenance('compute-1', {
    destinations: ['compute-2', 'compute-3'],
    powerOffIdle: ['idle-1'],
  });
  return {
    home: 'compute-1',
    homeService: home.serviceId,
    servers: [...active, ...stopped],
    shutOff: stopped,
    idleNode: idle.nodeId ?? '',
    plan,
    before,
  };
}

export function migrateAction(serverId: string, from: string, to: string): SimulatedAction {
  return {
    type: 'migrate',
    parameters: {
      migration_type: 'live',
      resource_id: serverId,
      source_node: from,
      destination_node: to,
    },
    parents: [],
  };
}

export function disableAction(host: string, reason = 'watcher_maintaining'): SimulatedAction {
  return {
    type: 'change_nova_service_state',
    parameters: {
      state: 'disabled',
      disabled_reason: reason,
      resource_name: host,
      resource_id: host,
    },
    parents: [],
  };
}

/** What the service itself did to the cloud, in order: "live-migrate <server>", once per effect taken on. */
export function ourEffects(sim: SimulatedCloud): string[] {
  return ours(sim)
    .filter(({ outcome }) => outcome === 'started')
    .concat(atOnce(ours(sim)))
    .toSorted((a, b) => a.seq - b.seq)
    .map(({ effect, resourceId }) => `${effect} ${resourceId}`);
}

function ours(sim: SimulatedCloud): LedgerEntry[] {
  return sim.ledger.filter(({ userId }) => userId === sim.adminUserId);
}

/** Effects that have no duration have no `started` entry. */
function atOnce(entries: LedgerEntry[]): LedgerEntry[] {
  const begun = new Set(
    entries.filter(({ outcome }) => outcome === 'started').map(({ effect }) => effect),
  );
  return entries.filter(({ outcome, effect }) => outcome === 'applied' && !begun.has(effect));
}

/** Requests that change something, Keystone's tokens aside. */
export function writes(sim: SimulatedCloud): string[] {
  return Object.keys(sim.requestCounts()).filter(
    (route) => !/^(GET|HEAD) /.test(route) && !route.includes(' /identity'),
  );
}

export function compensationOf(result: RollbackResult, resourceId: string): CompensationResult {
  const found = result.compensations.find(({ resource_id: id }) => id === resourceId);
  if (found === undefined) throw new Error(`no compensation of ${resourceId}`);
  return found;
}

export function twice(effects: string[]): string[] {
  return effects.filter((effect, index) => effects.indexOf(effect) !== index);
}
