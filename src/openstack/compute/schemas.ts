/** From Nova's answers to the types of cloud.ts. Unknown fields are ignored; times get their zone. */
import { z } from 'zod';
import { isMicroversion } from '../microversion.js';
import type {
  ComputeInstanceAction,
  ComputeInstanceActionDetail,
  ComputeMigration,
  ComputeServer,
  ComputeService,
  Hypervisor,
  MigrationInProgress,
} from '../cloud.js';
import { optionalTimeSchema, timeSchema } from '../times.js';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
/** Some ids are numbers below 2.53, which is never asked for; a proxy of ours need not fail on one. */
const id = z.union([z.string(), z.number().transform(String)]);

const serviceSchema = z
  .object({
    id,
    host: z.string(),
    binary: z.string(),
    status: z.enum(['enabled', 'disabled']),
    state: z.enum(['up', 'down']),
    disabled_reason: text,
    forced_down: z.boolean().default(false),
    updated_at: optionalTimeSchema,
  })
  .transform((service): ComputeService => {
    const { disabled_reason, forced_down, updated_at, ...rest } = service;
    return {
      ...rest,
      disabledReason: disabled_reason,
      forcedDown: forced_down,
      updatedAt: updated_at,
    };
  });

/** From 2.69 on: all that Nova tells of a service in a cell that is down. */
const unknownServiceSchema = z
  .object({ host: z.string(), status: z.literal('UNKNOWN') })
  .transform(({ host }) => ({ host, unknown: true as const }));
export type UnknownService = z.output<typeof unknownServiceSchema>;

export const servicesSchema = z.object({
  services: z.array(z.union([serviceSchema, unknownServiceSchema])),
});
export const updatedServiceSchema = z.object({ service: serviceSchema });

const hypervisorSchema = z
  .object({
    id,
    hypervisor_hostname: z.string(),
    service: z.object({ id, host: z.string() }),
    state: z.enum(['up', 'down']),
    status: z.enum(['enabled', 'disabled']),
  })
  .transform((hypervisor): Hypervisor => {
    const { hypervisor_hostname, service, ...rest } = hypervisor;
    return {
      ...rest,
      hostname: hypervisor_hostname,
      serviceHost: service.host,
      serviceId: service.id,
    };
  });

const linksSchema = z.array(z.object({ rel: z.string() })).optional();
export function hasNext(links: z.output<typeof linksSchema>): boolean {
  return links?.some((link) => link.rel === 'next') ?? false;
}

export const hypervisorsSchema = z.object({
  hypervisors: z.array(hypervisorSchema),
  hypervisors_links: linksSchema,
});

const serverSchema = z
  .object({
    id: z.string(),
    /** Not there for a server in a cell that is down (2.69), which has status "UNKNOWN". */
    name: z.string().optional(),
    status: z.string(),
    'OS-EXT-STS:task_state': text,
    'OS-EXT-STS:vm_state': text,
    'OS-EXT-SRV-ATTR:host': text,
    'OS-EXT-SRV-ATTR:hypervisor_hostname': text,
    locked: z.boolean().default(false),
    flavor: z.object({ original_name: text }).optional(),
    fault: z.object({ message: text }).nullish(),
    updated: optionalTimeSchema,
  })
  .transform((server): ComputeServer => ({
    id: server.id,
    name: server.name ?? server.id,
    status: server.status,
    taskState: server['OS-EXT-STS:task_state'],
    vmState: server['OS-EXT-STS:vm_state'],
    host: server['OS-EXT-SRV-ATTR:host'],
    hypervisorHostname: server['OS-EXT-SRV-ATTR:hypervisor_hostname'],
    locked: server.locked,
    flavor: server.flavor?.original_name ?? null,
    fault: server.fault?.message ?? null,
    updatedAt: server.updated,
  }));
/** GET /v2.1/ */
export const versionSchema = z.object({
  version: z.object({ version: z.string().refine(isMicroversion) }),
});

export const oneServerSchema = z.object({ server: serverSchema });
export const serversSchema = z.object({
  servers: z.array(serverSchema),
  servers_links: linksSchema,
});

const migrationSchema = z
  .object({
    id: z.number(),
    uuid: z.string(),
    instance_uuid: z.string(),
    migration_type: z.string(),
    status: z.string(),
    source_compute: text,
    dest_compute: text,
    user_id: text,
    created_at: timeSchema,
    updated_at: optionalTimeSchema,
  })
  .transform((migration): ComputeMigration => ({
    id: migration.id,
    uuid: migration.uuid,
    serverId: migration.instance_uuid,
    type: migration.migration_type,
    status: migration.status,
    sourceCompute: migration.source_compute,
    destCompute: migration.dest_compute,
    userId: migration.user_id,
    createdAt: migration.created_at,
    updatedAt: migration.updated_at,
  }));
export const migrationsSchema = z.object({
  migrations: z.array(migrationSchema),
  migrations_links: linksSchema,
});

const bytes = z
  .number()
  .nullish()
  .transform((value) => value ?? null);
const migrationInProgressSchema = z
  .object({
    id: z.number(),
    memory_total_bytes: bytes,
    memory_processed_bytes: bytes,
    memory_remaining_bytes: bytes,
    disk_total_bytes: bytes,
    disk_processed_bytes: bytes,
    disk_remaining_bytes: bytes,
  })
  .transform((migration): MigrationInProgress => ({
    id: migration.id,
    bytes: {
      memoryTotal: migration.memory_total_bytes,
      memoryProcessed: migration.memory_processed_bytes,
      memoryRemaining: migration.memory_remaining_bytes,
      diskTotal: migration.disk_total_bytes,
      diskProcessed: migration.disk_processed_bytes,
      diskRemaining: migration.disk_remaining_bytes,
    },
  }));
/** Without paging (nova/api/openstack/compute/server_migrations.py, index). */
export const migrationsInProgressSchema = z.object({
  migrations: z.array(migrationInProgressSchema),
});

const actionFields = z.object({
  instance_uuid: z.string(),
  action: z.string(),
  request_id: z.string(),
  user_id: text,
  start_time: timeSchema,
  updated_at: optionalTimeSchema,
  message: text,
});
function actionOf(action: z.output<typeof actionFields>): ComputeInstanceAction {
  return {
    serverId: action.instance_uuid,
    action: action.action,
    requestId: action.request_id,
    userId: action.user_id,
    startedAt: action.start_time,
    updatedAt: action.updated_at,
    message: action.message,
  };
}
export const actionsSchema = z.object({
  instanceActions: z.array(actionFields.transform(actionOf)),
  links: linksSchema,
});

/** Nova also sends each event's traceback to administrators: it is left here. */
const eventSchema = z.object({ event: z.string(), result: text, details: text });
export const actionDetailSchema = z.object({
  instanceAction: actionFields
    .extend({ events: z.array(eventSchema).default([]) })
    .transform((action): ComputeInstanceActionDetail => ({
      ...actionOf(action),
      events: action.events,
    })),
});
