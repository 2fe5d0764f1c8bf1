/**
 * Which cloud somebody speaks of, so that a request made for one never meets another. Pure.
 *
 * Addresses do not tell it: one Keystone has several (public, internal, behind a proxy). What stays the same however it is
 * reached are the ids that Keystone gave to its services, and the name of the region.
 */

export interface CloudId {
  /** Keystone's address as this process reaches it; compared only where a catalog has no ids. */
  auth_url: string;
  /** null: the catalog does not say. */
  region: string | null;
  /** Keystone's ids of its own, Nova's and Watcher's service. */
  service_ids: string[];
}

/**
 * One id in common is enough: an entry of the catalog may be made anew while the cloud stays, and what Keystone lists may depend
 * on the project. Ids are random, so two clouds have none in common unless the one's Keystone is a copy of the other's.
 */
export function isSameCloud(one: CloudId, other: CloudId): boolean {
  if (one.region !== null && other.region !== null && one.region !== other.region) return false;
  if (one.service_ids.length === 0 || other.service_ids.length === 0) {
    return one.auth_url === other.auth_url;
  }
  const ids = new Set(one.service_ids);
  return other.service_ids.some((id) => ids.has(id));
}

/**
 * The same in a few characters, for what is kept once for every compensation: the region, a checksum of the address and of each
 * id. Two clouds are taken for one by chance once in 4 thousand million.
 */
export type CloudMark = [region: string | null, address: string, ...ids: string[]];

export function cloudMark({ auth_url: authUrl, region, service_ids: ids }: CloudId): CloudMark {
  return [region, checksum(authUrl), ...ids.map((id) => checksum(id))];
}

/** As isSameCloud. */
export function isMarked(cloud: CloudId, mark: readonly unknown[]): boolean {
  const [region, address, ...ids] = mark;
  const own = cloudMark(cloud);
  const [ownRegion, ownAddress, ...ownIds] = own;
  if (typeof region === 'string' && ownRegion !== null && region !== ownRegion) return false;
  if (ids.length === 0 || ownIds.length === 0) return address === ownAddress;
  return ownIds.some((id) => ids.includes(id));
}

/** FNV-1a, 32 bits. */
function checksum(text: string): string {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
  }
  return (sum >>> 0).toString(36);
}

export function cloudName({ auth_url: authUrl, region }: CloudId): string {
  return region === null ? authUrl : `${authUrl}, region ${region}`;
}

/** What comes from outside may be anything. */
export function isCloudId(value: unknown): value is CloudId {
  if (typeof value !== 'object' || value === null) return false;
  const {
    auth_url: authUrl,
    region,
    service_ids: ids,
  }: { [name in keyof CloudId]?: unknown } = value;
  return (
    typeof authUrl === 'string' &&
    (region === null || typeof region === 'string') &&
    Array.isArray(ids) &&
    ids.every((id) => typeof id === 'string')
  );
}

/** Of a worker that was given a request, or of a rollback that was asked for, in another cloud. */
export function otherCloudSentence(asked: CloudId, own: CloudId, who: string): string {
  return (
    `The request is for the cloud at ${cloudName(asked)}, but ${who} is of the one at ${cloudName(own)}. Nothing was touched. ` +
    'Give each cloud a task queue and a namespace of its own (ROLLBACK_TASK_QUEUE, TEMPORAL_NAMESPACE).'
  );
}
