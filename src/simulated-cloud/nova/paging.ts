/** Nova's paging by limit and marker (nova/api/openstack/common.py, _get_collection_links). */
import { HttpProblem } from '../http/messages.js';
import type { ServiceRequest } from '../http/messages.js';

export interface Page<T> {
  items: T[];
  /** The link to the next page: there wherever a page is full, even if nothing follows. */
  links: { rel: string; href: string }[];
}

/** `collection` is the path below the endpoint, for the link. */
export function pageOf<T>(
  request: ServiceRequest,
  all: T[],
  options: {
    collection: string;
    pageSize: number;
    idOf: (item: T) => string;
    unknownMarker: (marker: string) => string;
  },
): Page<T> {
  const limit = limitOf(request, options.pageSize);
  const marker = request.query.get('marker');
  let start = 0;
  if (marker !== null) {
    const at = all.findIndex((item) => options.idOf(item) === marker);
    if (at < 0) throw new HttpProblem(400, options.unknownMarker(marker));
    start = at + 1;
  }
  const items = all.slice(start, start + limit);
  const last = items.at(-1);
  if (last === undefined || items.length < limit) return { items, links: [] };
  const query = new URLSearchParams(
    [...request.query.entries()].toSorted(([a], [b]) => a.localeCompare(b)),
  );
  query.set('marker', options.idOf(last));
  const href = `${request.endpoint}/${options.collection}?${query.toString()}`;
  return { items, links: [{ rel: 'next', href }] };
}

function limitOf(request: ServiceRequest, pageSize: number): number {
  const text = request.query.get('limit');
  if (text === null) return pageSize;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 0) {
    const message = `Invalid input for query parameters limit. Value: ${text}. '${text}' does not match '^[0-9]*$'`;
    throw new HttpProblem(400, message);
  }
  return limit === 0 ? pageSize : Math.min(limit, pageSize);
}
