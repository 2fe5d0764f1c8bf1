// Plans for the simulated cloud to have carried out, and what is to become of them.

/**
 * Servers spread over hosts, and plans that move each to another host. All hosts take part on both ends, so that the bound per
 * host is met as late as can be.
 */
export function spreadServers(cloud, { servers, hosts }) {
  const names = Array.from({ length: hosts }, (_, index) => `compute-${index + 1}`);
  for (const name of names) cloud.addHost({ name, capacity: servers });
  return Array.from({ length: servers }, (_, number) => {
    const home = names[number % hosts];
    const round = Math.floor(number / hosts);
    const away = names[(number + 1 + (round % (hosts - 1))) % hosts];
    const name = `vm-${number}`;
    return { id: cloud.addServer({ name, host: home }), name, home, away };
  });
}

/** A plan that has moved these servers from home to away; its uuid. */
export function movedAway(cloud, servers) {
  return cloud.applyPlan({
    actions: servers.map(({ id, home, away }) => ({
      type: 'migrate',
      parameters: {
        migration_type: 'live',
        resource_id: id,
        source_node: home,
        destination_node: away,
      },
    })),
  });
}

/** So far apart that each plan has changed its servers in a time of its own, margins included. */
const BETWEEN_PLANS_MS = 150_000;

/** A plan for each of these groups, one after the other; their uuids. The cloud's clock is as before in the end. */
export async function movedInTurn(cloud, groups) {
  cloud.advance(-groups.length * BETWEEN_PLANS_MS);
  const uuids = [];
  for (const servers of groups) {
    uuids.push(await movedAway(cloud, servers));
    cloud.advance(BETWEEN_PLANS_MS);
  }
  return uuids;
}

/** A plan about a server of its own, that takes as long as any: what comes after its rollback finds code and connections warm. */
export async function warmUpPlan(cloud) {
  for (const name of ['warm-1', 'warm-2']) cloud.addHost({ name, capacity: 1 });
  const id = cloud.addServer({ name: 'vm-warm', host: 'warm-1' });
  return await movedAway(cloud, [{ id, home: 'warm-1', away: 'warm-2' }]);
}

/** host_maintenance of a host with so many servers: the plan's uuid, and what it moved in the order of its actions. */
export async function maintainedHost(cloud, { servers, destinations }) {
  const names = Array.from({ length: destinations }, (_, index) => `compute-${index + 2}`);
  for (const name of ['compute-1', ...names]) cloud.addHost({ name, capacity: servers });
  const there = Array.from({ length: servers }, (_, index) => {
    const name = `vm-${index + 1}`;
    return { name, id: cloud.addServer({ name, host: 'compute-1' }) };
  });
  const plan = await cloud.hostMaintenance('compute-1', { destinations: names });
  const now = cloud.snapshot().servers;
  // The plan begins with the newest.
  const moved = there.toReversed().map((server) => ({ ...server, away: now[server.id].host }));
  return { plan, moved };
}

/** Throws where a server is not at home. */
export function mustBeHome(cloud, servers) {
  const now = cloud.snapshot().servers;
  const away = servers.filter(({ id, home }) => now[id]?.host !== home);
  if (away.length > 0)
    throw new Error(`${away.length} of ${servers.length} servers are not at home`);
}

/** By hand, for what the bare requests have moved. Throws where they have not moved a server. */
export async function bringHome(cloud, servers) {
  await cloud.settled();
  const now = cloud.snapshot().servers;
  const left = servers.filter(({ id, away }) => now[id]?.host !== away);
  if (left.length > 0)
    throw new Error(`${left.length} of ${servers.length} servers were not moved`);
  for (const { id, home } of servers) cloud.hand.migrate(id, home);
  mustBeHome(cloud, servers);
}
