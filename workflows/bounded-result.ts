/** What of a rollback fits into its result: compensations and history up to a size. Knows nothing of how they came about. */
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import type { CompensationResult, HistoryEntry } from '../src/domain/result.js';
import { isFinal, type Outcome } from '../src/domain/states.js';
import type { CompensationsPage, PageAsked } from './messages.js';

/**
 * Temporal warns at 512 kB and ends a workflow whose result is over 2 MB. The result stays under 256 kB: so much of it for
 * compensations and so much for history, in UTF-8 bytes.
 */
const COMPENSATIONS_BYTES_MAX = 150_000;
const HISTORY_BYTES_MAX = 40_000;
/** The names of a compensation's fields alone are longer. So more than so many surely do not fit, and are not measured. */
const COMPENSATION_BYTES_MIN = 200;
/** Whatever empties a host may wait for thousands; the page has them all. */
const PARENTS_MAX = 50;
/** Compensations of a page. */
const PAGE_MAX = 1000;
const PAGE_USUAL = 100;

/** Without what only the workflow needs. */
export function publicView(compensation: LaidOutCompensation): CompensationResult {
  const { work: _work, priority: _priority, residue: _residue, ...result } = compensation;
  return result;
}

function boundedView(compensation: LaidOutCompensation): CompensationResult {
  const view = publicView(compensation);
  if (view.parents.length <= PARENTS_MAX) return view;
  return { ...view, parents: view.parents.slice(0, PARENTS_MAX) };
}

export interface Bounded {
  compensations: CompensationResult[];
  /** Something of them was left out. */
  isCut: boolean;
}

/**
 * All where they fit; else those that need attention first, in the plan's order, up to the bound. Only what is taken is
 * measured: this answers queries, also of the largest plans.
 */
export function boundedCompensations(all: readonly LaidOutCompensation[]): Bounded {
  const chosen = new Map<LaidOutCompensation, CompensationResult>();
  let left = COMPENSATIONS_BYTES_MAX;
  const take = (wanted: (state: Outcome) => boolean): boolean => {
    for (const one of all) {
      if (!wanted(one.state) || chosen.has(one)) continue;
      const view = boundedView(one);
      const size = utf8Length(JSON.stringify(view)) + 1;
      if (size > left) return false;
      chosen.set(one, view);
      left -= size;
    }
    return true;
  };
  const mayFit = all.length * COMPENSATION_BYTES_MIN <= COMPENSATIONS_BYTES_MAX;
  if (!mayFit || !take(() => true)) {
    chosen.clear();
    left = COMPENSATIONS_BYTES_MAX;
    take((state) => isFinal(state) && state !== 'SUCCEEDED' && state !== 'SKIPPED');
    take((state) => state === 'ONGOING');
    take((state) => state !== 'SUCCEEDED');
  }
  return {
    compensations: all.flatMap((one) => chosen.get(one) ?? []),
    isCut: all.some((one) => (chosen.get(one)?.parents.length ?? -1) < one.parents.length),
  };
}

/** All of them, a page at a time, of `max` at most. Whoever asks may ask for anything. */
export function pageOf(
  all: readonly LaidOutCompensation[],
  asked?: Partial<PageAsked> | null,
  max = PAGE_MAX,
): CompensationsPage {
  const from = Math.max(0, wholeNumber(asked?.offset, 0));
  const size = Math.min(max, Math.max(1, wholeNumber(asked?.limit, PAGE_USUAL)));
  return {
    total: all.length,
    offset: from,
    compensations: all.slice(from, from + size).map(publicView),
  };
}

function wholeNumber(given: unknown, otherwise: number): number {
  return typeof given === 'number' && Number.isFinite(given) ? Math.trunc(given) : otherwise;
}

/** The latest, as many as fit. */
export function lastEntries(history: readonly HistoryEntry[]): HistoryEntry[] {
  let left = HISTORY_BYTES_MAX;
  let from = history.length;
  for (let index = history.length - 1; index >= 0; index -= 1) {
    left -= utf8Length(JSON.stringify(history[index])) + 1;
    if (left < 0) break;
    from = index;
  }
  return history.slice(from);
}

/** Bytes of a string in UTF-8. Surrogate pairs count 2 + 2 = 4, as they should. */
function utf8Length(text: string): number {
  let bytes = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x80) bytes += 1;
    else if (code < 0x800 || (code >= 0xd800 && code <= 0xdfff)) bytes += 2;
    else bytes += 3;
  }
  return bytes;
}
