/** Facts for the domain's tests: a small cloud with defaults, so that a test says only what it is about. */
import type {
  Action,
  Facts,
  Host,
  InstanceAction,
  Migration,
  Node,
  Server,
} from '../../src/domain/facts.js';
import { layOut } from '../../src/domain/layout.js';
import type { LaidOutCompensation, Refusal } from '../../src/domain/layout-types.js';
import { completeOptions, type RollbackOptions } from '../../src/domain/options.js';

export const PLAN = '51916b95-ebe8-4ac5-b97d-ee43ef237021';
export const WATCHER_USER = 'user-watcher';
export const OTHER_USER = 'user-other';
export const OWN_USER = 'user-own';

/** A time, `seconds` after the plan was made. */
export function at(seconds: number): string {
  const ms = Date.parse('2026-11-24T02:00:00Z') + seconds * 1000;
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

let actions = 0;

export function action(given: Partial<Action> & { type: string }): Action {
  actions += 1;
  return {
    uuid: given.uuid ?? `action-${actions}`,
    planUuid: PLAN,
    state: 'SUCCEEDED',
    parameters: {},
    parents: [],
    createdAt: at(0),
    updatedAt: at(100),
    ...given,
  };
}

export function migrate(
  serverId: string,
  source: string,
  destination: string | null,
  given: Partial<Action> = {},
): Action {
  return action({
    type: 'migrate',
    parameters: {
      migration_type: 'live',
      resource_id: serverId,
      source_node: source,
      ...(destination !== null && { destination_node: destination }),
    },
    ...given,
  });
}

export function resize(serverId: string, flavor: string, given: Partial<Action> = {}): Action {
  return action({ type: 'resize', parameters: { resource_id: serverId, flavor }, ...given });
}

export function stop(serverId: string, given: Partial<Action> = {}): Action {
  return action({ type: 'stop', parameters: { resource_id: serverId }, ...given });
}

export function service(
  name: string,
  state: string,
  reason: string | null,
  given: Partial<Action> = {},
): Action {
  return action({
    type: 'change_nova_service_state',
    parameters: {
      resource_id: name,
      resource_name: name,
      state,
      ...(reason !== null && { disabled_reason: reason }),
    },
    ...given,
  });
}

export function power(nodeId: string, state: string, given: Partial<Action> = {}): Action {
  return action({
    type: 'change_node_power_state',
    parameters: { resource_id: nodeId, state },
    ...given,
  });
}

export function host(name: string, given: Partial<Host> = {}): Host {
  return {
    name,
    serviceId: `service-${name}`,
    hypervisorId: `hypervisor-${name}`,
    hypervisorHostname: `${name}.example.org`,
    status: 'enabled',
    state: 'up',
    disabledReason: null,
    forcedDown: false,
    updatedAt: at(500),
    ...given,
  };
}

export function server(id: string, on: string | null, given: Partial<Server> = {}): Server {
  return {
    id,
    name: id,
    status: 'ACTIVE',
    taskState: null,
    host: on,
    locked: false,
    flavor: 'm1.small',
    updatedAt: at(0),
    ...given,
  };
}

export function node(uuid: string, given: Partial<Node> = {}): Node {
  return {
    uuid,
    name: uuid,
    powerState: 'power on',
    targetPowerState: null,
    provisionState: 'active',
    targetProvisionState: null,
    maintenance: false,
    maintenanceReason: null,
    fault: null,
    reservation: null,
    hypervisorId: null,
    updatedAt: at(0),
    ...given,
  };
}

export function record(
  id: number,
  serverId: string,
  from: string,
  to: string | null,
  given: Partial<Migration> = {},
): Migration {
  return {
    id,
    uuid: `migration-${id}`,
    serverId,
    type: 'live-migration',
    status: 'completed',
    sourceCompute: from,
    destCompute: to,
    userId: WATCHER_USER,
    createdAt: at(50),
    updatedAt: at(60),
    ...given,
  };
}

export function instanceStop(serverId: string, startedAt: string): InstanceAction {
  return {
    serverId,
    action: 'stop',
    requestId: 'req-1',
    userId: WATCHER_USER,
    startedAt,
    updatedAt: null,
    message: null,
  };
}

/** Hosts a, b and c, and a plan that was made at 0 s and ended at 200 s. */
export function facts(given: Partial<Facts>): Facts {
  return {
    plan: {
      uuid: PLAN,
      state: 'SUCCEEDED',
      strategyName: null,
      createdAt: at(0),
      updatedAt: at(200),
    },
    actions: [],
    otherPlans: [],
    hosts: [host('a'), host('b'), host('c')],
    servers: [],
    migrations: [],
    instanceActions: [],
    nodes: [],
    ownUserId: OWN_USER,
    readAt: at(600),
    ...given,
  };
}

export function options(given: Partial<RollbackOptions> = {}): RollbackOptions {
  return completeOptions(given, 3600);
}

export function laidOut(
  given: Partial<Facts>,
  wanted: Partial<RollbackOptions> = {},
): LaidOutCompensation[] {
  const layout = layOut(facts(given), options(wanted));
  if ('refusal' in layout) throw new Error(`refused: ${layout.refusal.message}`);
  return layout.compensations;
}

/** The one compensation of a plan of one action. */
export function only(
  given: Partial<Facts>,
  wanted: Partial<RollbackOptions> = {},
): LaidOutCompensation {
  const [first, ...rest] = laidOut(given, wanted);
  if (first === undefined || rest.length > 0) throw new Error('not exactly one compensation');
  return first;
}

export function refusal(given: Partial<Facts>, wanted: Partial<RollbackOptions> = {}): Refusal {
  const layout = layOut(facts(given), options(wanted));
  if (!('refusal' in layout)) throw new Error('not refused');
  return layout.refusal;
}
