/**
 * The situation of each recording, made in a simulated cloud: three hosts, servers vm-1 … vm-4 on compute-1.
 * Each entry returns what stands in the simulated cloud for the ids of the recorded request.
 */
import type { SimulatedCloud } from '../../src/simulated-cloud/types.js';
import { type Caller, until } from './caller.js';

export interface Scene {
  cloud: SimulatedCloud;
  caller: Caller;
  vms: string[];
  hosts: Record<string, { hypervisorId: string; serviceId: string; nodeId: string | null }>;
}

/** The id that the recorded path's id stands for; undefined where it has none, or one that nobody knows. */
export type Situation = (scene: Scene) => Promise<string | undefined>;

export function setScene(cloud: SimulatedCloud, caller: Caller): Scene {
  const hosts = Object.fromEntries(
    ['compute-1', 'compute-2', 'compute-3'].map((name) => [name, cloud.addHost({ name })]),
  );
  const vms = ['vm-1', 'vm-2', 'vm-3', 'vm-4'].map((name) =>
    cloud.addServer({ name, host: 'compute-1' }),
  );
  return { cloud, caller, vms, hosts };
}

const nothing: Situation = () => Promise.resolve(undefined);
const vm = (scene: Scene): string => scene.vms[3] ?? '';
const nodeOne = (scene: Scene): string => scene.hosts['compute-1']?.nodeId ?? '';
const hypervisorOne = (scene: Scene): string => scene.hosts['compute-1']?.hypervisorId ?? '';
const serviceOne = (scene: Scene): string => scene.hosts['compute-1']?.serviceId ?? '';

const maintained: Situation = ({ cloud }) =>
  cloud.hostMaintenance('compute-1', { destinations: ['compute-3'] });
/** The plan is made; the id is the server's. */
const movedByPlan: Situation = async (scene) => {
  await maintained(scene);
  return vm(scene);
};
const tried =
  (prepare: (scene: Scene) => unknown, host = 'compute-2'): Situation =>
  async (scene) => {
    const { cloud, caller } = scene;
    cloud.hand.migrate(vm(scene), 'compute-3');
    cloud.hand.migrate(vm(scene), 'compute-1');
    prepare(scene);
    const reply = await caller.live(vm(scene), host);
    if (reply.status !== 202) throw new Error(`live migration: ${reply.text}`);
    await cloud.settled();
    return vm(scene);
  };
const full = ({ cloud }: Scene): void => {
  cloud.hand.setService('compute-2', { status: 'enabled' });
  for (let count = 0; count < 50; count++)
    cloud.addServer({ name: `filler-${String(count)}`, host: 'compute-2' });
};
const down = ({ cloud }: Scene): void => {
  cloud.hand.setService('compute-2', { state: 'down' });
};
const afterDisabledHost: Situation = async (scene) => {
  await movedByPlan(scene);
  await scene.caller.live(vm(scene), 'compute-1');
  await scene.cloud.settled();
  return vm(scene);
};
/** With `os-instance-actions/req-…` the request id is part of the path: both ids joined by a space. */
const actionOf =
  (situation: Situation): Situation =>
  async (scene) => {
    const id = (await situation(scene)) ?? '';
    const actions = await scene.caller.nova('GET', `/servers/${id}/os-instance-actions`);
    return `${id} ${String(actions.json.instanceActions[0].request_id)}`;
  };
const migrating: Situation = async (scene) => {
  scene.cloud.hand.setServerStatus(vm(scene), 'MIGRATING');
  return Promise.resolve(vm(scene));
};
/** One at a time from a host: the first hangs, the other waits. */
const queuedBehindAnother: Situation = async (scene) => {
  const [first = ''] = scene.vms;
  scene.cloud.hand.hangMigrations(first);
  for (const id of [first, vm(scene)]) {
    await scene.caller.live(id, 'compute-2');
    await until(
      () => scene.caller.migrations(id),
      ([record]) => record !== undefined && record.status !== 'accepted',
    );
  }
  return vm(scene);
};
/** Hanging half-way. Server and migration, joined by a space. */
const movingLive: Situation = async (scene) => {
  const id = vm(scene);
  scene.cloud.hand.migrate(id, 'compute-3');
  scene.cloud.hand.hangMigrations(id);
  await scene.caller.live(id, 'compute-2');
  const [record] = await until(
    () => scene.caller.migrations(id),
    ([newest]) => newest?.status === 'running',
  );
  return `${id} ${String(record.id)}`;
};
const movingAborted: Situation = async (scene) => {
  const ids = await movingLive(scene);
  scene.cloud.hand.abortMigration(vm(scene));
  return ids;
};
const aborted: Situation = async (scene) => {
  await movingAborted(scene);
  return vm(scene);
};
const stopped: Situation = async (scene) => {
  scene.cloud.hand.setServerStatus(vm(scene), 'SHUTOFF');
  return Promise.resolve(vm(scene));
};
const movedCold: Situation = async (scene) => {
  scene.cloud.hand.migrate(vm(scene), 'compute-3');
  await stopped(scene);
  await scene.caller.cold(vm(scene), 'compute-2');
  await scene.cloud.settled();
  return vm(scene);
};
const everyKind: Situation = async (scene) => {
  const { cloud, caller, vms, hosts } = scene;
  const flavors = (await caller.nova('GET', '/flavors')).json.flavors;
  const [first = '', second = ''] = vms;
  return cloud.applyPlan({
    strategy: 'actuator',
    actions: [
      {
        type: 'change_nova_service_state',
        parameters: {
          resource_name: 'compute-3',
          state: 'disabled',
          disabled_reason: 'lab',
          resource_id: 'compute-3',
        },
      },
      {
        type: 'migrate',
        parameters: {
          migration_type: 'live',
          source_node: 'compute-1',
          destination_node: 'compute-2',
          resource_name: 'vm-1',
          resource_id: first,
        },
      },
      { type: 'resize', parameters: { flavor: flavors[1].id, resource_id: second } },
      {
        type: 'change_node_power_state',
        parameters: { state: 'off', resource_id: hosts['compute-3']?.nodeId },
      },
    ],
  });
};
const resized: Situation = async (scene) => {
  await everyKind(scene);
  return scene.vms[1];
};
const nodeOff: Situation = async (scene) => {
  await scene.caller.ironic('PUT', `/nodes/${nodeOne(scene)}/states/power`, {
    target: 'power off',
  });
  await scene.cloud.settled();
  return nodeOne(scene);
};
const plain =
  (id: (scene: Scene) => string): Situation =>
  (scene) =>
    Promise.resolve(id(scene));

export const SITUATIONS: Record<string, Situation> = {
  'ironic-node': plain(nodeOne),
  'ironic-node-not-found': nothing,
  'ironic-power-off': plain(nodeOne),
  'ironic-power-on': nodeOff,
  'ironic-states-off': nodeOff,
  'keystone-token': nothing,
  'keystone-validate': nothing,
  'keystone-validate-unknown': nothing,
  'nova-cold-migrate': stopped,
  'nova-confirm-resize': movedCold,
  'nova-flavors': nothing,
  'nova-hypervisors': maintained,
  'nova-instance-action': actionOf(afterDisabledHost),
  'nova-instance-action-after-abort': actionOf(aborted),
  'nova-instance-action-no-room': actionOf(tried(full)),
  'nova-instance-action-same-host': tried(() => undefined, 'compute-1'),
  'nova-instance-actions': afterDisabledHost,
  'nova-instance-actions-resized': resized,
  'nova-live-migrate': plain(vm),
  'nova-live-migrate-again-409': migrating,
  'nova-live-migrate-bad-body': plain(vm),
  'nova-live-migrate-no-room': async (scene) => {
    full(scene);
    return Promise.resolve(vm(scene));
  },
  'nova-live-migrate-same-host': plain(vm),
  'nova-live-migrate-stopped-409': stopped,
  'nova-live-migrate-to-disabled-host': movedByPlan,
  'nova-live-migrate-to-down-host': async (scene) => {
    down(scene);
    return Promise.resolve(vm(scene));
  },
  'nova-live-migrate-unknown-host': plain(vm),
  'nova-migration-abort': movingLive,
  'nova-migration-abort-ended': movingAborted,
  'nova-migration-abort-unknown': async (scene) => {
    await movingLive(scene);
    return vm(scene);
  },
  'nova-migrations': afterDisabledHost,
  'nova-migrations-after-abort': aborted,
  'nova-migrations-after-disabled-host': afterDisabledHost,
  'nova-migrations-after-down-host': tried(down),
  'nova-migrations-after-no-room': tried(full),
  'nova-migrations-after-same-host': tried(() => undefined, 'compute-1'),
  'nova-migrations-finished-cold': movedCold,
  'nova-migrations-of-resized-server': resized,
  'nova-server': movedByPlan,
  'nova-server-after': movedByPlan,
  'nova-server-after-confirm': async (scene) => {
    await movedCold(scene);
    await scene.caller.action(vm(scene), { confirmResize: null });
    await scene.cloud.settled();
    return vm(scene);
  },
  'nova-server-after-disabled-host': afterDisabledHost,
  'nova-server-migrating': migrating,
  'nova-server-migrations-in-progress': queuedBehindAnother,
  'nova-server-migrations-running': migrating,
  'nova-server-not-found': nothing,
  'nova-server-resized': resized,
  'nova-server-stopped': stopped,
  'nova-server-verify-resize': movedCold,
  'nova-servers-detail': nothing,
  'nova-service-enable': async (scene) => {
    await maintained(scene);
    return serviceOne(scene);
  },
  'nova-service-force-down': plain(serviceOne),
  'nova-service-force-up': async (scene) => {
    scene.cloud.hand.setService('compute-1', { forcedDown: true });
    return Promise.resolve(serviceOne(scene));
  },
  'nova-services': maintained,
  'placement-inventories': plain(hypervisorOne),
  'placement-usages': plain(hypervisorOne),
  'placement-usages-not-found': nothing,
  'watcher-action-plan': maintained,
  'watcher-action-plan-1.4': maintained,
  'watcher-action-plan-bad-uuid': nothing,
  'watcher-action-plan-every-kind': everyKind,
  'watcher-action-plan-not-found': nothing,
  'watcher-action-plan-unsupported-version': maintained,
  'watcher-action-plans': maintained,
  'watcher-action-plans-detail': maintained,
  'watcher-actions-detail': maintained,
  'watcher-actions-detail-page': maintained,
  'watcher-actions-every-kind': everyKind,
  'watcher-audits': maintained,
  'watcher-continuous-audit-list': nothing,
  'watcher-forbidden': maintained,
  'watcher-rollback-today': maintained,
  'watcher-root': nothing,
  'watcher-start-finished-plan': maintained,
  'watcher-strategies': nothing,
  'watcher-unauthorized': maintained,
  'watcher-v1': nothing,
};
