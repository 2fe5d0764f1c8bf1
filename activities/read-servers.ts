/** Many servers in few calls, whatever hosts they are on by now. Reads only. */
import type { ComputeServer } from '../src/openstack/cloud.js';
import { groupBy } from '../src/domain/context.js';
import { isOpenStackError } from '../src/openstack/errors.js';
import { PAGE_SIZE } from '../src/openstack/pages.js';
import { mapBounded } from './bounded.js';
import type { Kit } from './kit.js';
import { secondsBetween } from './nova-time.js';
import { readServer } from './reading.js';
import type { Run } from './waiting.js';

const CALLS_AT_ONCE = 8;
/** From here on the servers of a host are listed; below, one call for each is less work for Nova. */
export const SERVERS_PER_LISTING = 3;
/** Up to here servers are read one by one, in a few seconds; beyond, all of the cloud are listed, a thousand a page. */
const SERVERS_ONE_BY_ONE = 500;

/** Twice as many may have changed as are wanted, and a few: others change too. */
const CHANGED_PER_WANTED = 2;
const CHANGED_MORE = 20;
/** What changed in a longer time is not worth asking for: it may be half the cloud, and Nova sorts all of it. */
const SPAN_MAX_S = 6 * 3600;

/** `host`: where it is expected (compute service host), if that is known: a hint, not a condition. */
export interface WantedServer {
  id: string;
  host: string | null;
}

/** When something has changed servers; Nova's times or Watcher's. `until` null: up to now. */
export interface ChangedWithin {
  since: string | null;
  until: string | null;
}

/**
 * Of these servers those that are among the last changed ones of the cloud in that time: all of them, mostly, where a plan or a
 * rollback has moved them then, wherever they are by now. One call, or none where that would save none. null: Nova does not tell.
 */
export async function readChangedServers(
  kit: Kit,
  run: Run,
  ids: readonly string[],
  { since, until }: ChangedWithin,
): Promise<ComputeServer[] | null> {
  const atMost = ids.length * CHANGED_PER_WANTED + CHANGED_MORE;
  const span = secondsBetween(since, until ?? new Date().toISOString()) ?? Infinity;
  if (since === null || span > SPAN_MAX_S) return [];
  if (ids.length < SERVERS_PER_LISTING || atMost > PAGE_SIZE) return [];
  const wanted = new Set(ids);
  const filter = { since, until, atMost };
  try {
    const listed = await kit.cloud.compute.listChangedServers(filter, { signal: run.signal });
    return listed.filter(({ id }) => wanted.has(id));
  } catch (error) {
    // Nova cannot sort by that while two servers or more are about to be built (nova/objects/build_request.py,
    // _sort_build_requests: they have no updated_at), and answers 500. It is only for having fewer calls.
    if (run.signal.aborted || !isOpenStackError(error)) throw error;
    return null;
  }
}

/**
 * Those that exist, of servers that something has moved then: first as readChangedServers has them, in that time and since it
 * (of somebody who has moved them again, as a rollback that is repeated). `wanted`: how the others are to be looked for, asked only
 * then.
 */
export async function readMovedServers(
  kit: Kit,
  run: Run,
  ids: readonly string[],
  {
    since,
    until,
    wanted,
  }: ChangedWithin & {
    wanted: (rest: readonly string[]) => readonly WantedServer[] | Promise<readonly WantedServer[]>;
  },
): Promise<ComputeServer[]> {
  const found: ComputeServer[] = [];
  let rest = ids;
  for (const end of new Set([until, null])) {
    const changed = await readChangedServers(kit, run, rest, { since, until: end });
    if (changed === null) break;
    found.push(...changed);
    const known = new Set(changed.map(({ id }) => id));
    rest = rest.filter((id) => !known.has(id));
  }
  return [...found, ...(await readServers(kit, run, await wanted(rest)))];
}

/** Those that exist. One that is not where it was expected is looked for by its id. */
export async function readServers(
  kit: Kit,
  run: Run,
  wanted: readonly WantedServer[],
): Promise<ComputeServer[]> {
  const ids = new Set(wanted.map(({ id }) => id));
  const hosts = [...groupBy(wanted, ({ host }) => host ?? '')]
    .filter(([host, expected]) => host !== '' && expected.length >= SERVERS_PER_LISTING)
    .map(([host]) => host);
  const listed = await mapBounded(hosts, CALLS_AT_ONCE, (host) =>
    kit.cloud.compute.listServers({ host }, { signal: run.signal }),
  );
  const found = new Map<string, ComputeServer>();
  const keep = (servers: ComputeServer[]): void => {
    for (const server of servers) if (ids.has(server.id)) found.set(server.id, server);
  };
  keep(listed.flat());
  const rest = [...ids].filter((id) => !found.has(id));
  if (rest.length > SERVERS_ONE_BY_ONE) {
    keep(await kit.cloud.compute.listServers({}, { signal: run.signal }));
  } else {
    const read = await mapBounded(rest, CALLS_AT_ONCE, (id) => readServer(kit, run, id));
    keep(read.filter((server) => server !== null));
  }
  return [...found.values()];
}
