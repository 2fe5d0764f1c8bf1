/** Watcher's collections: sort, limit, marker and `next` (watcher/api/controllers/v1/{utils,collection}.py). */
import { HttpProblem } from '../http/messages.js';
import type { ServiceRequest } from '../http/messages.js';

interface Row {
  number: number;
  uuid: string;
  createdAt: number;
  updatedAt: number | null;
}

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export function requireUuid(field: string, value: string): void {
  if (!UUID.test(value))
    throw new HttpProblem(
      400,
      `Invalid input for field/attribute ${field}. Value: '${value}'. unable to convert to uuid. Error: Expected a uuid but received ${value}`,
    );
}

export function knownArguments(request: ServiceRequest, ...names: string[]): void {
  const known = ['marker', 'limit', 'sort_key', 'sort_dir', ...names];
  const unknown = [...request.query.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined) throw new HttpProblem(400, `Unknown argument: "${unknown}"`);
}

/**
 * One page. The `next` link repeats sort, limit and marker but drops every filter, as Watcher's does: who follows it
 * blindly reads other plans' actions.
 */
export function collectionOf<T extends Row>(
  request: ServiceRequest,
  all: T[],
  options: {
    resource: string;
    /** For 404 of the marker: "ActionPlan", … */
    kind: string;
    pageSize: number;
    /** All rows, also those that a filter leaves out: a marker may be any. */
    everything: T[];
  },
): { items: T[]; next: { next?: string } } {
  const { query } = request;
  const sortKey = query.get('sort_key') ?? 'id';
  const sortDir = query.get('sort_dir') ?? 'asc';
  const limit = limitOf(query, options.pageSize);
  if (sortDir !== 'asc' && sortDir !== 'desc')
    throw new HttpProblem(
      400,
      `Invalid sort direction: ${sortDir}. Acceptable values are 'asc' or 'desc'`,
    );
  const value = sortValue(sortKey);
  const sign = sortDir === 'asc' ? 1 : -1;
  const compare = (a: T, b: T): number =>
    sign * (value(a) - value(b)) || sign * (a.number - b.number);
  let sorted = all.toSorted(compare);
  const marker = query.get('marker');
  if (marker !== null) {
    requireUuid('marker', marker);
    const at = options.everything.find(({ uuid }) => uuid === marker);
    if (!at) throw new HttpProblem(404, `${options.kind} ${marker} could not be found`);
    sorted = sorted.filter((row) => compare(row, at) > 0);
  }
  const items = sorted.slice(0, limit);
  const last = items.at(-1);
  if (last === undefined || items.length < limit) return { items, next: {} };
  const args = `sort_key=${sortKey}&sort_dir=${sortDir}&limit=${String(limit)}&marker=${last.uuid}`;
  return { items, next: { next: `${request.root}/v1/${options.resource}?${args}` } };
}

function sortValue(sortKey: string): (row: Row) => number {
  switch (sortKey) {
    case 'id':
      return (row) => row.number;
    case 'created_at':
      return (row) => Math.floor(row.createdAt / 1000);
    case 'updated_at':
      return (row) => Math.floor((row.updatedAt ?? 0) / 1000);
    case 'uuid':
      return (row) => Number.parseInt(row.uuid.slice(0, 8), 16);
    default:
      throw new HttpProblem(400, `Invalid sort key: ${sortKey}`);
  }
}

function limitOf(query: URLSearchParams, pageSize: number): number {
  const text = query.get('limit');
  if (text === null) return pageSize;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit <= 0) throw new HttpProblem(400, 'Limit must be positive');
  return Math.min(limit, pageSize);
}
