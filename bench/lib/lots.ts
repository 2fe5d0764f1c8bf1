/**
 * The requests that a rollback has made of the simulated cloud, to be made again by bare activities: the same routes in the same
 * order, for as many records, without any decision. Pure.
 */
import type { SimulatedRequest } from '../../src/simulated-cloud/types.js';

/** `at`: the time by which it had come (milliseconds). */
export type Recorded = Pick<SimulatedRequest, 'method' | 'path' | 'rows'> & { at: number };

/** `lookBackMs`: a listing of what has changed since so long before it is made again. */
export interface Again {
  method: string;
  path: string;
  lookBackMs?: number;
  body?: unknown;
}

/** How many records the bare side may be told of for one of the rollback's. */
const ROWS = { atLeast: 0.9, atMost: 1.1 };

/**
 * As many lots as there are servers. A listing of what has changed since then looks back as far from when it is made again
 * (bench/bare/activities.mjs); a migration moves the server away again.
 */
export function lotsOf({
  requests,
  servers,
}: {
  requests: readonly Recorded[];
  servers: readonly { id: string; away: string }[];
}): Again[][] {
  const away = new Map(servers.map((server) => [server.id, server.away]));
  const all = requests.map((request): Again => {
    const { method, path } = request;
    if (method === 'GET') return again(request);
    const id = /\/servers\/([^/]+)\/action$/.exec(path)?.[1] ?? '';
    const host = away.get(id);
    if (host === undefined) throw new Error(`a rollback of migrations asked for ${method} ${path}`);
    return { method, path, body: { 'os-migrateLive': { host, block_migration: 'auto' } } };
  });
  const each = all.length / servers.length;
  return servers.map((_, index) =>
    all.slice(Math.round(index * each), Math.round((index + 1) * each)),
  );
}

/**
 * Servers that changed in the plan's own time have all changed since, and the next page of a listing begins after a record that
 * this one may not have: the latest instead. Of these, and of all that changed since a time, as many as were listed.
 */
function again({ method, path, at, rows }: Recorded): Again {
  const url = new URL(path, 'http://cloud');
  const { searchParams: query } = url;
  const since = query.get('changes-since');
  if (since === null && !query.has('changes-before') && !query.has('marker'))
    return { method, path };
  if (rows === null) throw new Error(`a rollback got no listing from ${method} ${path}`);
  for (const name of ['changes-since', 'changes-before', 'marker']) query.delete(name);
  const asked = Number(query.get('limit') ?? Infinity);
  // With 0 it would be as many as there are.
  query.set('limit', String(Math.min(asked, Math.max(1, rows))));
  const latest = { method, path: `${url.pathname}${url.search}` };
  return since === null ? latest : { ...latest, lookBackMs: at - timeOf(since) };
}

/** In whole seconds, as Nova's own times are, and so those that a rollback asks by; never later than it is. */
export function wholeSecond(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString();
}

/** Without a zone it is UTC. */
function timeOf(text: string): number {
  return Date.parse(/Z|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`);
}

/** How many records all their answers listed. */
export function rowsIn(requests: readonly Pick<SimulatedRequest, 'rows'>[]): number {
  return requests.reduce((sum, { rows }) => sum + (rows ?? 0), 0);
}

/** Throws where the answers of the bare side had clearly fewer records than the rollback's, or more: then both did not ask the same. */
export function mustHaveAsManyRows(rows: { rollback: number; bare: number }): void {
  const share = rows.bare / rows.rollback;
  if (!(share >= ROWS.atLeast && share <= ROWS.atMost))
    throw new Error(
      `the bare requests were not answered as the rollback's: ${JSON.stringify(rows)} records`,
    );
}

/** How many records both were told of. Throws as mustHaveAsManyRows. */
export function rowsOfBoth(
  rollback: readonly Pick<SimulatedRequest, 'rows'>[],
  bare: readonly Pick<SimulatedRequest, 'rows'>[],
): { rollback: number; bare: number } {
  const rows = { rollback: rowsIn(rollback), bare: rowsIn(bare) };
  mustHaveAsManyRows(rows);
  return rows;
}
