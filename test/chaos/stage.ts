/** The cloud of a story: built, its plan applied, and what the plan changed known. Knows nothing of the service under test. */
import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type {
  CloudSnapshot,
  SimulatedAction,
  SimulatedCloud,
} from '../../src/simulated-cloud/types.js';
import { at } from './modulo.js';
import type { Story, StoryStep } from './story.js';

export interface Stage {
  story: Story;
  sim: SimulatedCloud;
  plan: string;
  /** Ids in the order of the story. */
  servers: string[];
  hosts: { name: string; idle: boolean; nodeId: string; serviceId: string }[];
  before: CloudSnapshot;
  /** Servers, services (by host) and nodes that somebody else changed since: no promise holds for them. */
  touched: Set<string>;
  /** Nodes that an action switched off which Watcher calls FAILED: Ironic has no record, so nobody may put them back. */
  unprovable: Set<string>;
  close(): Promise<void>;
}

/** Long enough to be hit in the middle, short enough for a thousand runs. */
const TIMES = {
  conductor: 20,
  liveMigration: 250,
  coldMigration: 250,
  confirm: 60,
  start: 60,
  stop: 60,
  power: 80,
  hostBoot: 150,
};

export async function setStage(story: Story): Promise<Stage> {
  const sim = await startSimulatedCloud({ times: TIMES, maxConcurrentLiveMigrations: 2 });
  sim.advance(story.clockAheadMs);
  const hosts = story.hosts.map(({ name, idle }) => {
    const { nodeId, serviceId } = sim.addHost({ name, capacity: 50 });
    return { name, idle, nodeId: nodeId ?? '', serviceId };
  });
  const homes = hosts.filter(({ idle }) => !idle);
  const placed = story.servers.map((server) => ({
    id: sim.addServer({
      name: server.name,
      host: at(homes, server.host).name,
      status: server.status,
    }),
    host: at(homes, server.host).name,
    status: server.status as string,
  }));
  const before = sim.snapshot();
  const plan = await sim.applyPlan({ actions: actionsOf(story.steps, placed, hosts) });
  return {
    story,
    sim,
    plan,
    servers: placed.map(({ id }) => id),
    hosts,
    before,
    touched: new Set(),
    unprovable: new Set(
      story.steps.some(({ kind, fate }) => kind === 'power-off' && fate === 'gave-up')
        ? hosts.filter(({ idle }) => idle).map(({ nodeId }) => nodeId)
        : [],
    ),
    close: () => sim.close(),
  };
}

interface Placed {
  id: string;
  host: string;
  status: string;
}

/** Each step as Watcher would have it, given those before: from where the server is by then, to an enabled host. */
function actionsOf(
  steps: StoryStep[],
  servers: Placed[],
  hosts: Stage['hosts'],
): SimulatedAction[] {
  const disabled = new Set<string>();
  const actions: SimulatedAction[] = [];
  for (const step of steps) {
    const action = actionOf(step, servers, hosts, disabled);
    if (action === null) continue;
    actions.push({
      ...action,
      ...(step.fate === 'good' ? {} : { forcedState: 'FAILED', effect: step.fate === 'gave-up' }),
    });
  }
  return actions.length > 0 ? actions : [{ type: 'nop', parameters: { message: 'nothing' } }];
}

function actionOf(
  step: StoryStep,
  servers: Placed[],
  hosts: Stage['hosts'],
  disabled: Set<string>,
): SimulatedAction | null {
  const server = at(servers, step.server);
  const happens = step.fate !== 'never';
  switch (step.kind) {
    case 'migrate': {
      const to = hosts.filter(
        ({ name, idle }) => !idle && name !== server.host && !disabled.has(name),
      );
      if (to.length === 0) return null;
      const from = server.host;
      const { name } = at(to, step.host);
      if (happens) server.host = name;
      return {
        type: 'migrate',
        parameters: {
          migration_type: server.status === 'ACTIVE' ? 'live' : 'cold',
          resource_id: server.id,
          source_node: from,
          destination_node: name,
        },
      };
    }
    case 'stop':
      if (server.status !== 'ACTIVE') return null;
      if (happens) server.status = 'SHUTOFF';
      return { type: 'stop', parameters: { resource_id: server.id } };
    case 'disable': {
      const { name } = at(hosts, step.host);
      if (disabled.has(name)) return null;
      if (happens) disabled.add(name);
      return {
        type: 'change_nova_service_state',
        parameters: {
          state: 'disabled',
          disabled_reason: 'watcher_maintaining',
          resource_name: name,
          resource_id: name,
        },
      };
    }
    case 'power-off': {
      const idle = hosts.find((host) => host.idle);
      return {
        type: 'change_node_power_state',
        parameters: { resource_id: idle?.nodeId, state: 'off' },
      };
    }
    case 'nop':
      return { type: 'nop', parameters: { message: 'nothing' } };
    default:
      return step.kind satisfies never;
  }
}
