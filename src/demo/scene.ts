/**
 * The demo's cloud and what the simulated Watcher does to it: a host is emptied for maintenance, an idle one is powered
 * off. It knows nothing of the rollback.
 */
import { startSimulatedCloud } from '../simulated-cloud/start.js';
import type { SimulatedCloud } from '../simulated-cloud/types.js';

const MAINTAINED = 'compute-1';
const OTHER = 'compute-2';
const IDLE = 'compute-3';
const SERVERS_PER_HOST: readonly (readonly [host: string, servers: number])[] = [
  [MAINTAINED, 8],
  [OTHER, 4],
  [IDLE, 0],
];
/** On the maintained host, so that the way home is a cold migration for some. */
const STOPPED = new Set(['vm-07', 'vm-08']);
/** All servers fit on one host, and nothing more is proved by a full one. */
const CAPACITY = 16;

/** Long enough to be watched, milliseconds; real ones take longer still. */
const TIMES = {
  conductor: 150,
  liveMigration: 1_800,
  coldMigration: 2_000,
  confirm: 600,
  start: 1_000,
  stop: 1_000,
  power: 1_200,
  hostBoot: 2_000,
};
/** Nova's default is 1 per host; operators who empty hosts raise it. */
const LIVE_MIGRATIONS_AT_ONCE = 3;

/** 3 hosts, 12 servers, two of them SHUTOFF. */
export async function startDemoCloud(): Promise<SimulatedCloud> {
  const cloud = await startSimulatedCloud({
    times: TIMES,
    maxConcurrentLiveMigrations: LIVE_MIGRATIONS_AT_ONCE,
  });
  let number = 0;
  for (const [host, servers] of SERVERS_PER_HOST) {
    cloud.addHost({ name: host, capacity: CAPACITY });
    for (let count = 0; count < servers; count += 1) {
      const name = `vm-${String(++number).padStart(2, '0')}`;
      cloud.addServer({ name, host, status: STOPPED.has(name) ? 'SHUTOFF' : 'ACTIVE' });
    }
  }
  return cloud;
}

/** Watcher's host_maintenance, applied to its end in the simulated cloud's own time; the plan's uuid. */
export function maintain(cloud: SimulatedCloud): Promise<string> {
  return cloud.hostMaintenance(MAINTAINED, { destinations: [OTHER], powerOffIdle: [IDLE] });
}
