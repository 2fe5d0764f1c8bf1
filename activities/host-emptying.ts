/**
 * A compute host that is about to be powered off: kept from new servers, seen to be empty, and given its service's
 * status back afterwards. It must not know how the power is changed.
 */
import type { ComputeMigration } from '../src/openstack/cloud.js';
import { mapBounded } from './bounded.js';
import type { Kit } from './kit.js';
import { readComputeService } from './reading.js';
import type { Run } from './waiting.js';

/**
 * Statuses of a migration that still needs both its hosts. `finished` is one: the disk that a revert needs is on
 * the source until it is confirmed.
 */
const OPEN_STATUSES = [
  'accepted',
  'pre-migrating',
  'queued',
  'preparing',
  'running',
  'migrating',
  'post-migrating',
  'finished',
  'confirming',
  'reverting',
];
const LISTINGS_AT_ONCE = 4;

export interface HostEmptying {
  /** Disable the service (if it is enabled) and look; a sentence where something is in the way. */
  begin(): Promise<string | null>;
  /** Enable the service again if, and only if, it is disabled with our own reason. Bounded by the caller's signal. */
  putBack(signal?: AbortSignal): Promise<void>;
}

/** os-services' disabled_reason (nova/api/openstack/compute/schemas/services.py). */
const REASON_MAX = 255;

/**
 * disabled_reason for as long as the node is being powered off: by it a later attempt knows that it was us, and puts
 * the service back. Unlike the reason of a service that the rollback disables to stay so.
 */
export function emptyingReason(reason: string): string {
  const mark = ' (until its node is off)';
  return `${reason.slice(0, REASON_MAX - mark.length)}${mark}`;
}

export function emptyHost(kit: Kit, run: Run, host: string, ownReason: string): HostEmptying {
  const reason = emptyingReason(ownReason);
  const { compute } = kit.cloud;
  const options = { signal: run.signal };
  return {
    begin: async () => {
      const service = await readComputeService(kit, run, host);
      // First no more may come, then it is looked at: the other order would leave a gap.
      if (service?.status === 'enabled') {
        // From here on it is half done: a cancel lets it come to its end.
        await run.asking();
        kit.services.forget(host);
        await compute.setServiceStatus(service.id, 'disabled', reason, options);
      }
      const servers = await compute.listServers({ host }, options);
      const [first] = servers;
      if (first !== undefined) {
        const plural = servers.length === 1 ? 'server' : 'servers';
        return `${host} still has ${servers.length} ${plural} (${first.name}, …)`;
      }
      const open = await openMigration(kit, run, host);
      return open === null
        ? null
        : `${host} is an end of the ${open.status} migration ${open.uuid} of server ${open.serverId}`;
    },
    putBack: async (signal = run.signal) => {
      const service = await readComputeService(kit, { signal }, host);
      if (service?.status !== 'disabled' || service.disabledReason !== reason) return;
      kit.services.forget(host);
      await compute.setServiceStatus(service.id, 'enabled', null, { signal });
    },
  };
}

/** os-migrations takes one status at a time (nova/api/openstack/compute/schemas/migrations.py). */
async function openMigration(kit: Kit, run: Run, host: string): Promise<ComputeMigration | null> {
  const found = await mapBounded(OPEN_STATUSES, LISTINGS_AT_ONCE, (status) =>
    kit.cloud.compute.listMigrations({ host, status }, { signal: run.signal }),
  );
  return found.flat()[0] ?? null;
}
