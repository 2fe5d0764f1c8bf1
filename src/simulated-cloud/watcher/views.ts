/** Watcher's JSON for plans, actions and audits (watcher/api/controllers/v1). */
import { createHash } from 'node:crypto';
import { zonedTime } from '../clock.js';
import type { ServiceRequest } from '../http/messages.js';
import type { WatcherAction, WatcherAudit, WatcherPlan } from '../state.js';

type Links = Pick<ServiceRequest, 'root'>;

export function linksTo(at: Links, collection: string, id: string): unknown[] {
  return [
    { href: `${at.root}/v1/${collection}/${id}`, rel: 'self' },
    { href: `${at.root}/${collection}/${id}`, rel: 'bookmark' },
  ];
}

function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : zonedTime(ms);
}

/** A uuid that is always the same for one name: strategies and goals are not kept. */
export function namedId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function planView(plan: WatcherPlan, at: Links, expand: boolean): Record<string, unknown> {
  return {
    efficacy_indicators: [],
    uuid: plan.uuid,
    audit_uuid: plan.auditUuid,
    strategy_uuid: namedId(plan.strategy),
    strategy_name: plan.strategy,
    global_efficacy: [],
    state: plan.state,
    links: linksTo(at, 'action_plans', plan.uuid),
    ...(expand
      ? { hostname: plan.hostname, created_at: zonedTime(plan.createdAt), deleted_at: null }
      : {}),
    updated_at: timeOrNull(plan.updatedAt),
  };
}

const DESCRIPTIONS: Record<string, string> = {
  migrate: 'Moving a VM instance from source_node to destination_node',
  resize: 'Resize a server with specified flavor.',
  change_nova_service_state:
    'Disables or enables the nova-compute service.A disabled nova-compute service can not be selected by the nova for future deployment of new server.',
  change_node_power_state: 'Compute node power on/off through ironic.',
  nop: 'Logging a NOP message',
  sleep: 'Wait for a given interval in seconds.',
  volume_migrate: 'Moving a volume to destination_node or destination_type',
};

export function actionView(
  action: WatcherAction,
  at: Links,
  expand: boolean,
): Record<string, unknown> {
  return {
    uuid: action.uuid,
    action_plan_uuid: action.planUuid,
    state: action.state,
    action_type: action.type,
    ...(expand
      ? {
          description: DESCRIPTIONS[action.type] ?? null,
          input_parameters: action.parameters,
        }
      : {}),
    parents: action.parents,
    links: linksTo(at, 'actions', action.uuid),
    ...(expand ? { created_at: zonedTime(action.createdAt), deleted_at: null } : {}),
    updated_at: timeOrNull(action.updatedAt),
  };
}

const GOALS: Record<string, string> = {
  host_maintenance: 'cluster_maintaining',
  actuator: 'unclassified',
};

export function goalOf(strategy: string): { uuid: string; name: string } {
  const name = GOALS[strategy] ?? 'server_consolidation';
  return { uuid: namedId(`goal ${name}`), name };
}

/** Of an interval in seconds; Watcher keeps it for audits that wait for their next turn. */
function nextRun({ state, interval, updatedAt }: WatcherAudit): string | null {
  const seconds = Number(interval ?? 'none');
  return state === 'ONGOING' && seconds > 0 ? zonedTime(updatedAt + seconds * 1000) : null;
}

export function auditView(
  audit: WatcherAudit,
  at: Links,
  expand: boolean,
): Record<string, unknown> {
  const goal = goalOf(audit.strategy);
  return {
    uuid: audit.uuid,
    name: `${audit.strategy}-${new Date(audit.createdAt).toISOString().slice(0, -1)}`,
    audit_type: audit.type,
    state: audit.state,
    goal_uuid: goal.uuid,
    goal_name: goal.name,
    strategy_uuid: namedId(audit.strategy),
    strategy_name: audit.strategy,
    parameters: audit.parameters,
    links: linksTo(at, 'audits', audit.uuid),
    ...(expand
      ? {
          interval: audit.interval,
          scope: [],
          auto_trigger: false,
          next_run_time: nextRun(audit),
          hostname: 'simulated-watcher',
          force: false,
          created_at: zonedTime(audit.createdAt),
          deleted_at: null,
          updated_at: zonedTime(audit.updatedAt),
        }
      : {}),
  };
}
