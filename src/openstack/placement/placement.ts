/** Placement: how much room a host has. Read only; it must not judge whether that is enough. */
import { z } from 'zod';
import type { CallOptions, HostRoom, Placement } from '../cloud.js';
import { isNotFound, isUnsupported } from '../errors.js';
import { segment, ServiceClient, type ServiceCall } from '../service-client.js';
import type { Session } from '../session.js';

/** What is read here is in 1.0 (placement/rest_api_version_history.rst). */
const HEADERS = { 'openstack-api-version': 'placement 1.0' };

const inventoriesSchema = z.object({
  inventories: z.record(
    z.string(),
    z.object({
      total: z.number(),
      reserved: z.number().default(0),
      allocation_ratio: z.number().default(1),
    }),
  ),
});
const usagesSchema = z.object({ usages: z.record(z.string(), z.number()) });

export class PlacementClient implements Placement {
  private readonly client: ServiceClient;

  constructor(session: Session) {
    this.client = new ServiceClient(session, 'placement', (base) => base);
  }

  /**
   * Nova makes a compute node's resource provider with the hypervisor's own uuid (nova/scheduler/client/report.py).
   * The capacity is (total - reserved) * allocation_ratio (placement/objects/inventory.py).
   */
  async roomOf(hypervisorId: string, options?: CallOptions): Promise<HostRoom | null> {
    const path = `/resource_providers/${segment(hypervisorId)}`;
    try {
      const [{ inventories }, { usages }] = await Promise.all([
        this.client.json(get(`${path}/inventories`), inventoriesSchema, options),
        this.client.json(get(`${path}/usages`), usagesSchema, options),
      ]);
      const free = (name: string): number => {
        const of = inventories[name];
        if (of === undefined) return 0;
        return Math.floor((of.total - of.reserved) * of.allocation_ratio) - (usages[name] ?? 0);
      };
      return {
        vcpusFree: free('VCPU'),
        memoryMbFree: free('MEMORY_MB'),
        diskGbFree: free('DISK_GB'),
      };
    } catch (error) {
      if (isNotFound(error) || isUnsupported(error)) return null;
      throw error;
    }
  }
}

function get(path: string): ServiceCall {
  return { method: 'GET', path, headers: HEADERS, accept: [200] };
}
