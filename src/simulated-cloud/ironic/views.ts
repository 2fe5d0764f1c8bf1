/** Ironic's JSON for nodes: all that microversion 1.80 shows, or the little that 1.1 does. */
import { zonedTime } from '../clock.js';
import type { ServiceRequest } from '../http/messages.js';
import type { Node } from '../state.js';
import type { World } from '../world.js';
import { CONDUCTOR } from './power.js';

type Links = Pick<ServiceRequest, 'root'>;

function linksTo(at: Links, path: string): unknown[] {
  return [
    { href: `${at.root}/v1/nodes/${path}`, rel: 'self' },
    { href: `${at.root}/nodes/${path}`, rel: 'bookmark' },
  ];
}

export function nodeSummary(node: Node, at: Links & { minor: number }): unknown {
  return {
    uuid: node.uuid,
    instance_uuid: null,
    maintenance: node.maintenance,
    power_state: node.powerState,
    provision_state: node.provisionState,
    ...(at.minor >= 5 ? { name: node.name } : {}),
    links: linksTo(at, node.uuid),
  };
}

/** Parts of a node that this simulation never changes. */
const CONSTANT = {
  automated_clean: null,
  bios_interface: 'no-bios',
  boot_interface: 'fake',
  boot_mode: null,
  clean_step: {},
  conductor_group: '',
  console_enabled: false,
  console_interface: 'no-console',
  deploy_interface: 'fake',
  deploy_step: {},
  description: null,
  driver: 'fake-hardware',
  driver_info: {},
  inspection_finished_at: null,
  inspection_started_at: null,
  inspect_interface: 'no-inspect',
  instance_info: {},
  instance_uuid: null,
  lessee: null,
  management_interface: 'fake',
  network_data: {},
  network_interface: 'noop',
  power_interface: 'fake',
  properties: {},
  protected: false,
  protected_reason: null,
  provision_updated_at: null,
  raid_config: {},
  raid_interface: 'no-raid',
  rescue_interface: 'no-rescue',
  resource_class: null,
  retired: false,
  retired_reason: null,
  secure_boot: null,
  storage_interface: 'noop',
  target_provision_state: null,
  target_raid_config: {},
  traits: [],
  vendor_interface: 'no-vendor',
  allocation_uuid: null,
  chassis_uuid: null,
};

export function nodeView(world: World, node: Node, at: Links): unknown {
  const below = Object.fromEntries(
    ['ports', 'states', 'portgroups', 'volume'].map((name) => [
      name,
      linksTo(at, `${node.uuid}/${name}`),
    ]),
  );
  return {
    ...CONSTANT,
    uuid: node.uuid,
    created_at: zonedTime(node.createdAt),
    updated_at: zonedTime(node.updatedAt),
    driver_internal_info: {
      last_power_state_change: new Date(node.powerChangedAt).toISOString().slice(0, -1),
    },
    extra: { compute_node_id: node.hypervisorId },
    fault: node.fault,
    last_error: node.lastError,
    maintenance: node.maintenance,
    maintenance_reason: null,
    name: node.name,
    owner: world.people.adminProjectId,
    power_state: node.powerState,
    provision_state: node.provisionState,
    reservation: node.reservation,
    target_power_state: node.targetPowerState,
    conductor: CONDUCTOR,
    links: linksTo(at, node.uuid),
    ...below,
  };
}

export function nodeStates(node: Node): unknown {
  return {
    console_enabled: false,
    last_error: node.lastError,
    power_state: node.powerState,
    provision_state: node.provisionState,
    target_power_state: node.targetPowerState,
    target_provision_state: null,
    provision_updated_at: null,
    raid_config: {},
    target_raid_config: {},
    boot_mode: null,
    secure_boot: null,
  };
}
