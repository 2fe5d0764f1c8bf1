/** From Ironic's answers to the types of cloud.ts. Unknown fields are ignored. */
import { z } from 'zod';
import type { BaremetalNode } from '../cloud.js';
import { optionalTimeSchema } from '../times.js';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null);

export const nodeSchema = z
  .object({
    uuid: z.string(),
    name: text,
    power_state: text,
    target_power_state: text,
    provision_state: text,
    target_provision_state: text,
    maintenance: z.boolean(),
    maintenance_reason: text,
    fault: text,
    last_error: text,
    reservation: text,
    extra: z.record(z.string(), z.unknown()).default({}),
    updated_at: optionalTimeSchema,
  })
  .transform((node): BaremetalNode => {
    // Watcher's way from a hypervisor to its node (watcher/applier/actions/change_node_power_state.py).
    const hypervisor = node.extra['compute_node_id'];
    return {
      uuid: node.uuid,
      name: node.name,
      powerState: node.power_state,
      targetPowerState: node.target_power_state,
      provisionState: node.provision_state,
      targetProvisionState: node.target_provision_state,
      maintenance: node.maintenance,
      maintenanceReason: node.maintenance_reason,
      fault: node.fault,
      lastError: node.last_error,
      reservation: node.reservation,
      hypervisorId: typeof hypervisor === 'string' ? hypervisor : null,
      updatedAt: node.updated_at,
    };
  });
