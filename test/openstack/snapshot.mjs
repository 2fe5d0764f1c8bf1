/** The cloud's own answers in a form that can be compared: what must be equal before a plan and after its rollback. */
import { hostOf } from './cloud.mjs';
import { SERVER_PREFIX } from './site.mjs';

/** Servers by name, nova-compute services and Ironic's nodes. */
export async function snapshot(site) {
  const { cloud } = site;
  const servers = (await cloud.servers()).filter((one) => one.name.startsWith(SERVER_PREFIX));
  return {
    servers: byName(
      servers,
      (one) => one.name.slice(SERVER_PREFIX.length),
      (one) => ({
        host: hostOf(one),
        status: one.status,
        task: one['OS-EXT-STS:task_state'],
        flavor: one.flavor.original_name,
      }),
    ),
    services: byName(
      await cloud.services(),
      (one) => one.host,
      (one) => ({
        status: one.status,
        state: one.state,
        reason: one.disabled_reason,
      }),
    ),
    nodes: byName(
      await cloud.nodes(),
      (one) => one.name ?? one.uuid,
      (one) => ({
        power: one.power_state,
        target: one.target_power_state,
        maintenance: one.maintenance,
      }),
    ),
  };
}

function byName(all, name, view) {
  const rows = all.map((one) => [name(one), view(one)]);
  return Object.fromEntries(rows.toSorted((a, b) => a[0].localeCompare(b[0])));
}

/** Nova's migration records that did not exist yet when `known` (an id) was the newest; oldest first. */
export async function migrationsAfter(site, known) {
  const all = await site.cloud.migrations();
  return all.filter((record) => record.id > known).toSorted((a, b) => a.id - b.id);
}
export async function newestMigration(site) {
  return Math.max(0, ...(await site.cloud.migrations()).map((record) => record.id));
}
