/** GET /os-migrations: filters and paging (nova/api/openstack/compute/migrations.py and schemas/migrations.py). */
import { HttpProblem } from '../http/messages.js';
import type { Answer, ServiceRequest } from '../http/messages.js';
import type { Migration } from '../state.js';
import type { World } from '../world.js';
import { pageOf } from './paging.js';
import { migrationView } from './record-views.js';

const FILTERS = new Set([
  'instance_uuid',
  'host',
  'status',
  'migration_type',
  'source_compute',
  'hidden',
  'limit',
  'marker',
  'changes-since',
  'changes-before',
  'user_id',
  'project_id',
]);

export function listMigrations(world: World, request: ServiceRequest): Answer {
  const { query, minor } = request;
  if (minor >= 59) {
    const unknown = [...query.keys()].find((key) => !FILTERS.has(key));
    if (unknown !== undefined)
      throw new HttpProblem(
        400,
        `Additional properties are not allowed ('${unknown}' was unexpected)`,
      );
  }
  const newestFirst = world.state.migrations
    .filter(matching(query, minor))
    .toSorted((a, b) => b.createdAt - a.createdAt || b.id - a.id);
  if (minor < 59) {
    return {
      status: 200,
      body: { migrations: newestFirst.map((item) => migrationView(item, minor)) },
    };
  }
  const page = pageOf(request, newestFirst, {
    collection: 'os-migrations',
    pageSize: world.pageSize,
    idOf: (migration) => migration.uuid,
    unknownMarker: (marker) => `Marker ${marker} could not be found.`,
  });
  return {
    status: 200,
    body: {
      migrations: page.items.map((migration) => migrationView(migration, minor)),
      ...(page.links.length > 0 ? { migrations_links: page.links } : {}),
    },
  };
}

type Matches = (migration: Migration) => boolean;

/** What is asked for is read once, for there may be thousands of records. */
function matching(query: URLSearchParams, minor: number): Matches {
  const tests: Matches[] = [];
  // First: of all that there ever were it leaves the few of late.
  if (minor >= 59) tests.push(changedWithin(query));
  const equals = (name: string, values: (of: Migration) => (string | null)[]): void => {
    const wanted = query.get(name);
    if (wanted !== null) tests.push((migration) => values(migration).includes(wanted));
  };
  equals('instance_uuid', ({ serverId }) => [serverId]);
  equals('host', ({ sourceCompute, destCompute }) => [sourceCompute, destCompute]);
  equals('source_compute', ({ sourceCompute }) => [sourceCompute]);
  equals('status', ({ status }) => [status]);
  equals('migration_type', ({ type }) => [type]);
  equals('user_id', ({ userId }) => [userId]);
  equals('project_id', ({ projectId }) => [projectId]);
  return (migration) => tests.every((test) => test(migration));
}

/** Both ends include their second: Nova compares the whole seconds that its database keeps. */
export function changedWithin(query: URLSearchParams): (one: { updatedAt: number }) => boolean {
  const since = timeOf(query, 'changes-since') ?? -Infinity;
  const before = timeOf(query, 'changes-before') ?? Infinity;
  const first = Math.ceil(since / 1000) * 1000;
  const after = (Math.floor(before / 1000) + 1) * 1000;
  return ({ updatedAt }) => updatedAt >= first && updatedAt < after;
}

export function timeOf(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null) return null;
  // A "+" of a time zone that was not encoded arrives as a space.
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
  const time = /^\d{4}-\d\d-\d\d[T ]/.test(text) ? Date.parse(zoned) : Number.NaN;
  if (Number.isNaN(time))
    throw new HttpProblem(
      400,
      `Invalid input for query parameters ${name}. Value: ${text}. '${text}' is not a 'date-time'`,
    );
  return time;
}
