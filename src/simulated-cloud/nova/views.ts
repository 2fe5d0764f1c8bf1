/** Nova's JSON for servers, as microversion 2.90 shows them to an admin. Knows nothing of requests but their links. */
import { createHash } from 'node:crypto';
import { novaTime, secondsTime } from '../clock.js';
import type { ServiceRequest } from '../http/messages.js';
import type { Flavor, Server } from '../state.js';
import type { World } from '../world.js';
import { isUp } from './scheduler.js';
import { powerState, serverStatus } from './status.js';

type Links = Pick<ServiceRequest, 'endpoint' | 'root' | 'minor'>;

/** Statuses that show `progress` and those that show `fault` (nova/api/openstack/compute/views/servers.py). */
const WITH_PROGRESS = new Set([
  'ACTIVE',
  'BUILD',
  'REBUILD',
  'RESIZE',
  'VERIFY_RESIZE',
  'MIGRATING',
]);

const IMAGE = 'edd38923-c467-47c8-abaf-e1e95bd72789';

export function links(at: Links, collection: string, id: string): unknown[] {
  return [
    { rel: 'self', href: `${at.endpoint}/${collection}/${id}` },
    { rel: 'bookmark', href: `${at.root}/${collection}/${id}` },
  ];
}

/** GET /servers/{id} (`alone`) and the rows of GET /servers/detail. */
export function serverView(world: World, server: Server, at: Links, alone: boolean): unknown {
  const host = server.host === null ? undefined : world.state.hosts.get(server.host);
  const hostStatus =
    host === undefined ? '' : hostStatusOf(host.forcedDown, isUp(host), host.status);
  const { adminProjectId, adminUserId } = world.people;
  return {
    id: server.id,
    name: server.name,
    status: serverStatus(server),
    tenant_id: adminProjectId,
    user_id: adminUserId,
    metadata: {},
    hostId: hostIdOf(adminProjectId, server.host),
    image: { id: IMAGE, links: [{ rel: 'bookmark', href: `${at.root}/images/${IMAGE}` }] },
    flavor: embeddedFlavor(world, server, at),
    created: secondsTime(server.createdAt),
    updated: secondsTime(server.updatedAt),
    addresses: {},
    accessIPv4: '',
    accessIPv6: '',
    links: links(at, 'servers', server.id),
    'OS-DCF:diskConfig': 'MANUAL',
    ...(WITH_PROGRESS.has(serverStatus(server)) ? { progress: 0 } : {}),
    ...(server.fault ? { fault: faultView(server.fault) } : {}),
    'OS-EXT-AZ:availability_zone': 'nova',
    config_drive: '',
    key_name: null,
    'OS-SRV-USG:launched_at': novaTime(server.launchedAt),
    'OS-SRV-USG:terminated_at': null,
    'OS-EXT-SRV-ATTR:host': server.host,
    'OS-EXT-SRV-ATTR:instance_name': `instance-${server.number.toString(16).padStart(8, '0')}`,
    'OS-EXT-SRV-ATTR:hypervisor_hostname': host?.hypervisorHostname ?? null,
    'OS-EXT-SRV-ATTR:reservation_id': server.reservationId,
    'OS-EXT-SRV-ATTR:launch_index': 0,
    'OS-EXT-SRV-ATTR:hostname': server.name,
    'OS-EXT-SRV-ATTR:kernel_id': '',
    'OS-EXT-SRV-ATTR:ramdisk_id': '',
    'OS-EXT-SRV-ATTR:root_device_name': '/dev/sda',
    'OS-EXT-SRV-ATTR:user_data': null,
    'OS-EXT-STS:task_state': server.taskState,
    'OS-EXT-STS:vm_state': server.vmState,
    'OS-EXT-STS:power_state': powerState(server),
    'os-extended-volumes:volumes_attached': [],
    host_status: hostStatus,
    locked: server.locked,
    locked_reason: null,
    description: null,
    tags: [],
    trusted_image_certificates: null,
    ...(alone ? { server_groups: [] } : {}),
  };
}

function faultView(fault: { message: string; createdAt: number }): unknown {
  return { code: 500, created: secondsTime(fault.createdAt), message: fault.message };
}

/** UP, DOWN, MAINTENANCE (disabled) or UNKNOWN: nova/compute/api.py, get_instance_host_status. */
function hostStatusOf(forcedDown: boolean, up: boolean, status: string): string {
  if (forcedDown) return 'DOWN';
  if (!up) return 'UNKNOWN';
  return status === 'disabled' ? 'MAINTENANCE' : 'UP';
}

function hostIdOf(projectId: string, host: string | null): string {
  return host === null
    ? ''
    : createHash('sha224')
        .update(projectId + host)
        .digest('hex');
}

/** Before 2.47 a server links its flavor by id; since then it embeds it by name. */
function embeddedFlavor(world: World, server: Server, at: Links): unknown {
  const flavor = world.state.flavors.find(({ id }) => id === server.flavorId);
  if (!flavor) return {};
  if (at.minor < 47) {
    const href = `${at.root}/flavors/${flavor.id}`;
    return { id: flavor.id, links: [{ rel: 'bookmark', href }] };
  }
  const { vcpus, ram, disk, name } = flavor;
  return { vcpus, ram, disk, ephemeral: 0, swap: 0, original_name: name, extra_specs: {} };
}

export function flavorView(flavor: Flavor, at: Links): unknown {
  return {
    id: flavor.id,
    name: flavor.name,
    ram: flavor.ram,
    disk: flavor.disk,
    swap: 0,
    'OS-FLV-EXT-DATA:ephemeral': 0,
    'OS-FLV-DISABLED:disabled': false,
    vcpus: flavor.vcpus,
    'os-flavor-access:is_public': true,
    rxtx_factor: 1,
    links: links(at, 'flavors', flavor.id),
    description: null,
    extra_specs: {},
  };
}
