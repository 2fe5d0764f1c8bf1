/** Several plans on one cloud, each with hosts and servers of its own, and whether all of it is as before. */
import type { RollbackResult } from '../../src/domain/result.js';
import type { CloudSnapshot, SimulatedCloud } from '../../src/simulated-cloud/types.js';
import { disableAction, migrateAction } from '../service/scene.js';

export interface PlanScene {
  plan: string;
  home: string;
  servers: string[];
  /** What the plan was about: names of hosts, ids of servers and nodes. */
  about: Set<string>;
  before: CloudSnapshot;
}

/** Servers are moved away from a host that is disabled, and an idle one is switched off. */
export async function maintenance(
  sim: SimulatedCloud,
  name: string,
  { running, shutOff = 0 }: { running: number; shutOff?: number },
): Promise<PlanScene> {
  const [home, away, idle] = [`${name}-home`, `${name}-away`, `${name}-idle`];
  sim.addHost({ name: home });
  sim.addHost({ name: away });
  const { nodeId } = sim.addHost({ name: idle });
  const servers = [
    ...Array.from({ length: running }, (_, index) =>
      sim.addServer({ name: `${name}-vm-${index}`, host: home }),
    ),
    ...Array.from({ length: shutOff }, (_, index) =>
      sim.addServer({ name: `${name}-off-${index}`, host: home, status: 'SHUTOFF' }),
    ),
  ];
  const before = sim.snapshot();
  const plan = await sim.hostMaintenance(home, { destinations: [away], powerOffIdle: [idle] });
  return { plan, home, servers, about: new Set([home, ...servers, nodeId ?? idle]), before };
}

/** There is no room at home until `leave` is called. */
export async function fullHome(
  sim: SimulatedCloud,
  name: string,
): Promise<PlanScene & { leave: () => void }> {
  const [home, away] = [`${name}-home`, `${name}-away`];
  sim.addHost({ name: home, capacity: 1 });
  sim.addHost({ name: away });
  const server = sim.addServer({ name: `${name}-vm`, host: home });
  const before = sim.snapshot();
  const plan = await sim.applyPlan({
    actions: [disableAction(home), migrateAction(server, home, away)],
  });
  const squatter = sim.addServer({ name: `${name}-squatter`, host: home });
  return {
    plan,
    home,
    servers: [server],
    about: new Set([home, server]),
    before,
    leave: () => sim.hand.deleteServer(squatter),
  };
}

export function expectHome(sim: SimulatedCloud, scene: PlanScene, result: RollbackResult): void {
  const open = result.compensations.filter(
    ({ state }) => state !== 'SUCCEEDED' && state !== 'SKIPPED',
  );
  expect({ state: result.state, open }).toEqual({ state: 'SUCCEEDED', open: [] });
  expect(partOf(sim.snapshot(), scene)).toEqual(partOf(scene.before, scene));
}

/** By the cloud's ledger: of one server, host or node nothing came about twice, and nothing was begun while it ran. */
export function expectOnce(sim: SimulatedCloud): void {
  const running = new Set<string>();
  const came = new Set<string>();
  const wrong: string[] = [];
  for (const { effect, resourceId, outcome, userId } of sim.ledger) {
    if (userId !== sim.adminUserId || outcome === 'rejected') continue;
    const what = `${effect} ${resourceId}`;
    if (outcome === 'started') {
      if (running.has(what)) wrong.push(`${what} was begun while it ran`);
      running.add(what);
      continue;
    }
    running.delete(what);
    if (outcome !== 'applied') continue;
    if (came.has(what)) wrong.push(`${what} came about twice`);
    came.add(what);
  }
  expect(wrong).toEqual([]);
  expect(came.size).toBeGreaterThan(0);
}

function partOf(snapshot: CloudSnapshot, { about }: PlanScene): Record<string, unknown> {
  const all = { ...snapshot.servers, ...snapshot.services, ...snapshot.nodes };
  return Object.fromEntries(Object.entries(all).filter(([id]) => about.has(id)));
}
