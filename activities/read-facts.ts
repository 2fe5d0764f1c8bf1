/**
 * Everything that the layout of one rollback looks at, read at one time. Reads only, a few calls at once; how many
 * calls it takes depends on the plan, never on the size of the cloud alone.
 */
import type { WatcherAction, WatcherActionPlan } from '../src/openstack/cloud.js';
import { readChange } from '../src/domain/actions/read-change.js';
import type { Facts, Host, InstanceAction, Node, OtherPlan, Server } from '../src/domain/facts.js';
import { needsInstanceActions } from '../src/domain/layout.js';
import { isNotFound } from '../src/openstack/errors.js';
import { mapBounded } from './bounded.js';
import type { Kit } from './kit.js';
import { later, wellAfter, wellBefore } from './nova-time.js';
import { ENDED } from './other-plans.js';
import { readPlan } from './read-plan.js';
import { readMovedServers, SERVERS_PER_LISTING } from './read-servers.js';
import { begun, readNode } from './reading.js';
import { clockSeconds } from './waiting.js';
import type { Run } from './waiting.js';

const CALLS_AT_ONCE = 8;
/** Other plans whose actions are read; Watcher's newest come first. */
export const OTHER_PLANS_MAX = 500;

/** Plans in these states may change something, or have. A PENDING one is about to. */
const RUNNING = new Set(['PENDING', 'ONGOING', 'CANCELLING']);

export interface ReadFacts {
  facts: Facts;
  /** Other plans beyond OTHER_PLANS_MAX, which were not looked into. */
  plansLeftOut: number;
}

/** Fails: ActionPlanNotFound. */
export async function readFacts(kit: Kit, run: Run, planUuid: string): Promise<ReadFacts> {
  // Each read begins as soon as what it depends on is known: the caller waits for the slowest.
  const facts = beginFacts(kit, run);
  const readingActions = begun(kit.cloud.optimizer.listActions(planUuid, { signal: run.signal }));
  const plan = await readPlan(kit, run, planUuid);
  return await facts.of(plan, readingActions);
}

interface Begun {
  /** The facts of this plan. */
  of(
    plan: WatcherActionPlan,
    actions: WatcherAction[] | Promise<WatcherAction[]>,
  ): Promise<ReadFacts>;
}

/** What every layout looks at, whatever it is about. */
interface Reading {
  hosts: Promise<readonly Host[]>;
  ownUserId: Promise<string>;
  plans: Promise<WatcherActionPlan[]>;
}

/** What does not depend on the plan is being read from now on. */
export function beginFacts(kit: Kit, run: Run): Begun {
  const hosts = begun(kit.listings.hosts(run.signal));
  const ownUserId = begun(kit.cloud.identity.ownUserId({ signal: run.signal }));
  return {
    of: async (plan, actions) => {
      // Watcher takes several queries for each plan that it lists: by far the slowest of all where there are many.
      const plans = begun(kit.otherPlans.list(plan.createdAt, run.signal));
      return await readRest(kit, run, plan, await actions, { hosts, ownUserId, plans });
    },
  };
}

async function readRest(
  kit: Kit,
  run: Run,
  plan: WatcherActionPlan,
  actions: WatcherAction[],
  reading: Reading,
): Promise<ReadFacts> {
  const named = namedIn(actions);
  const [others, hosts, { servers, migrations }, nodes, instanceActions, ownUserId] =
    await Promise.all([
      reading.plans.then((plans) => readOtherPlans(kit, run, plan, actions, plans)),
      reading.hosts,
      readMoved(kit, run, { plan, actions }, named.servers),
      readNodes(kit, run, named.nodes),
      readInstanceActions(kit, run, needsInstanceActions({ actions })),
      reading.ownUserId,
    ]);
  const facts: Facts = {
    plan,
    actions,
    otherPlans: others.plans,
    hosts: [...hosts],
    servers,
    migrations,
    instanceActions,
    nodes,
    ownUserId,
    readAt: new Date().toISOString(),
  };
  return { facts, plansLeftOut: others.leftOut };
}

function namedIn(actions: WatcherAction[]): { servers: string[]; nodes: string[] } {
  const servers = new Set<string>();
  const nodes = new Set<string>();
  for (const { type, parameters } of actions) {
    const change = readChange(type, parameters);
    if (change.kind === 'move' || change.kind === 'stop') servers.add(change.serverId);
    if (change.kind === 'power') nodes.add(change.nodeId);
  }
  return { servers: [...servers], nodes: [...nodes] };
}

/** Those that run, or that ended after the first of our actions did: only they can be newer on anything. */
async function readOtherPlans(
  kit: Kit,
  run: Run,
  plan: WatcherActionPlan,
  actions: WatcherAction[],
  listed: WatcherActionPlan[],
): Promise<{ plans: OtherPlan[]; leftOut: number }> {
  const firstEnd = firstEnded(plan, actions);
  const relevant = listed.filter(
    (other) =>
      other.uuid !== plan.uuid &&
      (RUNNING.has(other.state) ||
        (ENDED.has(other.state) && Date.parse(other.updatedAt ?? other.createdAt) >= firstEnd)),
  );
  // Those that run come first: they refuse the rollback, and must not be among those left out.
  const looked = relevant.toSorted((a, b) => rank(a) - rank(b)).slice(0, OTHER_PLANS_MAX);
  const plans = await mapBounded(looked, CALLS_AT_ONCE, async (other) => ({
    plan: other,
    actions: await kit.otherPlans.actionsOf(other, run.signal),
  }));
  return { plans, leftOut: relevant.length - looked.length };
}

function rank({ state }: WatcherActionPlan): number {
  return RUNNING.has(state) ? 0 : 1;
}

/** Milliseconds. A plan of which nothing ran has no such end: then all since it was made count. */
function firstEnded(plan: WatcherActionPlan, actions: WatcherAction[]): number {
  const ends = actions
    .filter((action) => action.state !== 'PENDING' && action.updatedAt !== null)
    .map((action) => Date.parse(action.updatedAt ?? ''))
    .filter((end) => !Number.isNaN(end));
  return ends.reduce((first, end) => Math.min(first, end), Infinity) === Infinity
    ? Date.parse(plan.createdAt)
    : ends.reduce((first, end) => Math.min(first, end));
}

/** The servers and their records; the moves that follow at once begin with these readings of the servers. */
async function readMoved(
  kit: Kit,
  run: Run,
  { plan, actions }: { plan: WatcherActionPlan; actions: WatcherAction[] },
  ids: string[],
): Promise<Pick<Facts, 'migrations'> & { servers: Server[] }> {
  const reading = begun(readMigrations(kit, run, plan, ids));
  const at = clockSeconds();
  const servers = await readMovedServers(kit, run, ids, {
    since: wellBefore(plan.createdAt),
    until: wellAfterLast(actions),
    wanted: async (rest) => {
      const expected =
        rest.length < SERVERS_PER_LISTING ? new Map<string, string>() : destinations(await reading);
      return rest.map((id) => ({ id, host: expected.get(id) ?? null }));
    },
  });
  kit.recent.saw(servers, at);
  return { servers, migrations: await reading };
}

/**
 * Surely after the plan's last change: what nobody has touched since changed before it. null: that is not over yet, or nothing was
 * changed.
 */
function wellAfterLast(actions: WatcherAction[]): string | null {
  const after = wellAfter(actions.map(({ updatedAt }) => updatedAt).reduce(later, null));
  return Date.parse(after ?? '') < Date.now() ? after : null;
}

/** Where the latest migration of each server that arrived has brought it. */
function destinations(records: Facts['migrations']): Map<string, string> {
  const arrived = ['completed', 'finished', 'confirming', 'confirmed'];
  const expected = new Map<string, string>();
  for (const { serverId, status, destCompute } of records.toSorted((a, b) => a.id - b.id)) {
    if (destCompute !== null && arrived.includes(status)) expected.set(serverId, destCompute);
  }
  return expected;
}

/** Those that exist. No node, no call: a cloud without bare metal service is none the worse for it. */
export async function readNodes(kit: Kit, run: Run, ids: string[]): Promise<Node[]> {
  const read = await mapBounded(ids, CALLS_AT_ONCE, (id) => readNode(kit, run, id));
  return read.filter((node) => node !== null);
}

async function readMigrations(
  kit: Kit,
  run: Run,
  plan: WatcherActionPlan,
  servers: string[],
): Promise<Facts['migrations']> {
  if (servers.length === 0) return [];
  const wanted = new Set(servers);
  // A little more than the plan's own time: Watcher's clock made that time, Nova's compares it.
  const changedSince = wellBefore(plan.createdAt) ?? plan.createdAt;
  const listed = await kit.listings.migrations(changedSince, run.signal);
  const since = Date.parse(changedSince);
  return listed.filter(
    (record) =>
      wanted.has(record.serverId) && Date.parse(record.updatedAt ?? record.createdAt) >= since,
  );
}

async function readInstanceActions(
  kit: Kit,
  run: Run,
  servers: string[],
): Promise<InstanceAction[]> {
  const read = await mapBounded(servers, CALLS_AT_ONCE, async (id) => {
    try {
      return await kit.cloud.compute.listInstanceActions(id, { signal: run.signal });
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  });
  return read.flat();
}
