/**
 * What every rollback looks at when it begins, read once for all that begin at about the same time: the hosts, and the migrations
 * of late. It must not know what is decided from them.
 */
import { groupBy } from '../src/domain/context.js';
import type { Host } from '../src/domain/facts.js';
import type { Compute, ComputeMigration, ComputeService } from '../src/openstack/cloud.js';
import { listChanged } from './changed-migrations.js';
import { InBatches } from './in-batches.js';
import { earliest, type NovaClock } from './nova-time.js';
import type { RecentRecords } from './recent-records.js';
import type { RecentServices } from './recent-services.js';
import { clockSeconds } from './waiting.js';

/** More than one, so that a single answer that does not come does not hold up all the others. */
const READS_AT_ONCE = 4;

export class CloudListings {
  private readonly joined: InBatches<null, Host[]>;
  private readonly changed: InBatches<string, ComputeMigration[]>;

  /** What was read is told to these, for the moves that follow. */
  constructor(
    compute: Compute,
    told: { clock: NovaClock; records: RecentRecords; services: RecentServices },
  ) {
    this.joined = new InBatches(async () => {
      const at = clockSeconds();
      const { hosts, services } = await readHosts(compute);
      told.services.saw(services, at);
      return hosts;
    }, READS_AT_ONCE);
    this.changed = new InBatches(
      (times) => listChanged(compute, told, { changedSince: earliest(times), isWhole: true }),
      READS_AT_ONCE,
    );
  }

  hosts(signal: AbortSignal): Promise<readonly Host[]> {
    return this.joined.ask(null, signal);
  }

  /** Every migration that changed since then, as Nova's `changes-since` has it; older ones may be among them. */
  migrations(changedSince: string, signal: AbortSignal): Promise<readonly ComputeMigration[]> {
    return this.changed.ask(changedSince, signal);
  }
}

/** os-services (nova-compute) joined with os-hypervisors. */
async function readHosts(compute: Compute): Promise<{ hosts: Host[]; services: ComputeService[] }> {
  const [services, hypervisors] = await Promise.all([
    compute.listServices({}),
    compute.listHypervisors(),
  ]);
  // An Ironic compute service has many hypervisors: then none of them is the host.
  const byHost = groupBy(hypervisors, (one) => one.serviceHost);
  const hosts = services
    .filter((service) => service.binary === 'nova-compute')
    .map((service) => {
      const own = byHost.get(service.host) ?? [];
      const hypervisor = own.length === 1 ? own[0] : undefined;
      return {
        name: service.host,
        serviceId: service.id,
        hypervisorId: hypervisor?.id ?? null,
        hypervisorHostname: hypervisor?.hostname ?? null,
        status: service.status,
        state: service.state,
        disabledReason: service.disabledReason,
        forcedDown: service.forcedDown,
        updatedAt: service.updatedAt,
      };
    });
  return { hosts, services };
}
