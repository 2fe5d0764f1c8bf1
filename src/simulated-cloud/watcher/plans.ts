/** Makes plans: from a list of actions, or as the host_maintenance strategy does. */
import { randomUUID } from 'node:crypto';
import type { Host, Server, WatcherAudit, WatcherPlan } from '../state.js';
import type { ContinuousAuditOptions, SimulatedAction, SimulatedPlanOptions } from '../types.js';
import type { World } from '../world.js';
import { AFTER_PLAN_MS, applyPlan, expectedDurationMs } from './applier.js';

/** Make a plan and apply it, in virtual time; its uuid. */
export function makePlan(world: World, options: SimulatedPlanOptions, parameters = {}): string {
  const expected = expectedDurationMs(options.actions.length);
  return world.clock.inVirtualTime(expected, AFTER_PLAN_MS, () => {
    const plan = newPlan(world, options, parameters);
    const forced = new Map(
      options.actions.flatMap((action, index) => {
        const uuid = plan.actions[index]?.uuid;
        return uuid === undefined || action.forcedState === undefined
          ? []
          : [[uuid, { state: action.forcedState, effect: action.effect === true }] as const];
      }),
    );
    applyPlan(world, plan, forced, options.state ?? null);
    return plan.uuid;
  });
}

function newPlan(
  world: World,
  options: SimulatedPlanOptions,
  parameters: Record<string, unknown>,
): WatcherPlan {
  const { state, clock } = world;
  const strategy = options.strategy ?? 'actuator';
  const auditedAt = clock.stamp();
  const auditUuid = randomUUID();
  clock.advance(2_000);
  const createdAt = clock.stamp();
  state.audits.push({
    number: state.audits.length + 1,
    uuid: auditUuid,
    type: 'ONESHOT',
    state: 'SUCCEEDED',
    interval: null,
    strategy,
    parameters,
    createdAt: auditedAt,
    updatedAt: createdAt,
  });
  const uuid = options.uuid ?? randomUUID();
  const uuids = options.actions.map(() => randomUUID());
  const plan: WatcherPlan = {
    number: ++state.counters.plan,
    uuid,
    auditUuid,
    strategy,
    state: 'RECOMMENDED',
    hostname: null,
    createdAt,
    updatedAt: null,
    actions: options.actions.map((action, index) => ({
      number: ++state.counters.action,
      uuid: uuids[index] ?? '',
      planUuid: uuid,
      type: action.type,
      parameters: action.parameters,
      parents: parentsOf(action, index).map((parent) => uuids[parent] ?? ''),
      state: 'PENDING',
      createdAt,
      updatedAt: null,
    })),
  };
  state.plans.set(uuid, plan);
  return plan;
}

/** An audit that Watcher would carry out again and again; here it makes no plans. */
export function addContinuousAudit(
  { state, clock }: World,
  { strategy = 'workload_balance', interval, state: of = 'ONGOING' }: ContinuousAuditOptions,
): string {
  const madeAt = clock.setupStamp();
  const audit: WatcherAudit = {
    number: state.audits.length + 1,
    uuid: randomUUID(),
    type: 'CONTINUOUS',
    state: of,
    interval,
    strategy,
    parameters: {},
    createdAt: madeAt,
    updatedAt: madeAt,
  };
  state.audits.push(audit);
  return audit.uuid;
}

function parentsOf(action: SimulatedAction, index: number): number[] {
  return action.parents ?? (index === 0 ? [] : [index - 1]);
}

/** Migrations at once in a stage of the plan: the `parallelization` weight of migrate in Watcher's planner. */
const STAGE_SIZE = 2;

/** host_maintenance without a backup node (its try_maintain), then powering off hosts that stay empty. */
export function hostMaintenancePlan(
  host: Host,
  servers: Server[],
  powerOffNodes: string[],
): SimulatedAction[] {
  const actions: SimulatedAction[] = [
    {
      type: 'change_nova_service_state',
      parameters: {
        state: 'disabled',
        disabled_reason: 'watcher_maintaining',
        resource_name: host.name,
        resource_id: host.hypervisorId,
      },
      parents: [],
    },
  ];
  let stage = [0];
  for (let first = 0; first < servers.length; first += STAGE_SIZE) {
    const next = servers.slice(first, first + STAGE_SIZE);
    const parents = stage;
    stage = next.map((_, index) => actions.length + index);
    for (const server of next) actions.push(migrateAction(host, server, parents));
  }
  const last = stage;
  for (const node of powerOffNodes) {
    const parameters = { state: 'off', resource_id: node };
    actions.push({ type: 'change_node_power_state', parameters, parents: last });
  }
  return actions;
}

function migrateAction(host: Host, server: Server, parents: number[]): SimulatedAction {
  return {
    type: 'migrate',
    parameters: {
      migration_type: server.vmState === 'active' ? 'live' : 'cold',
      source_node: host.hypervisorId,
      resource_name: server.name,
      resource_id: server.id,
    },
    parents,
  };
}
