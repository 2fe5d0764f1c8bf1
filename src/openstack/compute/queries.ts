/** Query strings of Nova's lists, by the names that Nova takes. */
import { compareMicroversions, type Microversion } from '../microversion.js';
import type { Compute } from '../cloud.js';
import { SERVERS_CHANGED_BEFORE } from './microversions.js';
import { PAGE_SIZE } from '../pages.js';

type Query = Record<string, string | undefined>;

export function pageQuery(marker: string | undefined): Query {
  return { limit: String(PAGE_SIZE), marker };
}

/**
 * updated_at within both ends (nova/db/main/api.py, _get_query_nova_resource_by_changes_time). Without `deleted` Nova adds deleted
 * servers to what changed (servers.py, _get_servers). null: Nova, with microversion `maximum` at most, cannot be asked that.
 */
export function changedServersQuery(
  { since, until, atMost }: Parameters<Compute['listChangedServers']>[0],
  maximum: Microversion,
): Query | null {
  const hasEnd = typeof until === 'string';
  if (hasEnd && compareMicroversions(maximum, SERVERS_CHANGED_BEFORE) < 0) return null;
  return {
    all_tenants: '1',
    deleted: 'false',
    'changes-since': since,
    'changes-before': hasEnd ? until : undefined,
    sort_key: 'updated_at',
    sort_dir: 'desc',
    limit: String(Math.min(atMost, PAGE_SIZE)),
  };
}

export function migrationsQuery(
  filter: Parameters<Compute['listMigrations']>[0],
  marker: string | undefined,
): Query {
  return {
    instance_uuid: filter.serverId,
    'changes-since': filter.changedSince,
    host: filter.host,
    status: filter.status,
    ...pageQuery(marker),
  };
}
