/**
 * Reading a collection page by page, by marker and never by following a `next` link: its address may name another
 * host, and Watcher's drops the filter (its link after actions of one plan asks for the actions of all plans).
 * That there is a link does count: it is how a service says that this page is not the last.
 */
import { OpenStackBadAnswerError, type OpenStackService } from './errors.js';

/** Nova's and Watcher's own maximum by default (api.max_limit); a lower one of theirs just makes more pages. */
export const PAGE_SIZE = 1000;
/** A hundred thousand of anything: more is an error, not a reason to read for hours. */
export const MAX_PAGES = 100;

export interface Page<T> {
  items: T[];
  /** The service says that there is more. */
  more: boolean;
}

export interface PagedRead<T> {
  service: OpenStackService;
  /** For errors. */
  what: string;
  read: (marker: string | undefined) => Promise<Page<T>>;
  markerOf: (item: T) => string;
  /** The page after which nothing of interest comes. Default: none. */
  stopAfter?: (items: T[]) => boolean;
}

/** Throws OpenStackBadAnswerError after MAX_PAGES, or where the service does not move on. */
export async function readPages<T>(paged: PagedRead<T>): Promise<T[]> {
  const all: T[] = [];
  let marker: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { items, more } = await paged.read(marker);
    for (const item of items) all.push(item);
    const last = items.at(-1);
    if (!more || last === undefined || paged.stopAfter?.(items) === true) return all;
    const next = paged.markerOf(last);
    if (next === marker) throw badPages(paged, 'every page ends with the same entry');
    marker = next;
  }
  throw badPages(paged, `there are more than ${MAX_PAGES} pages`);
}

function badPages<T>(paged: PagedRead<T>, reason: string): OpenStackBadAnswerError {
  return new OpenStackBadAnswerError(
    { service: paged.service, method: 'GET', url: paged.what },
    reason,
  );
}
