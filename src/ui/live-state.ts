/** A rollback as the page knows it: the last whole result, brought up to date by each event. Pure. */
import type { CompensationResult, HistoryEntry, RollbackResult } from '../domain/result.js';
import type { Counts } from '../domain/states.js';
import type { ServerEvent } from './sse-parser.js';

/** Kept for the page's history; the service keeps as many. */
const HISTORY_MAX = 1000;

export class LiveState {
  result: RollbackResult | null = null;
  /** Compensations that a result which is cut short did not hold. */
  private others: CompensationResult[] = [];

  /** The compensations that changed; null where it was a whole result. */
  apply(event: ServerEvent): CompensationResult | null {
    // The service's own: their shapes are those of src/domain, with which this page is compiled.
    if (event.event === 'result' || event.event === 'end') {
      const result: RollbackResult = JSON.parse(event.data);
      this.replace(result);
    } else if (event.event === 'compensation') {
      const compensation: CompensationResult = JSON.parse(event.data);
      this.change(compensation);
      return compensation;
    } else if (event.event === 'history') {
      const entry: HistoryEntry = JSON.parse(event.data);
      this.note(entry);
    }
    return null;
  }

  replace(result: RollbackResult): void {
    this.result = { ...result, compensations: this.withOthers(result.compensations) };
  }

  /** All of them, where the result is cut short. */
  complete(all: CompensationResult[]): void {
    if (this.result === null) return;
    this.others = all;
    const known = new Map(this.result.compensations.map((one) => [one.action_uuid, one]));
    const compensations = all.map((one) => known.get(one.action_uuid) ?? one);
    this.result = { ...this.result, compensations };
  }

  private withOthers(given: CompensationResult[]): CompensationResult[] {
    if (this.others.length <= given.length) return given;
    const fresh = new Map(given.map((one) => [one.action_uuid, one]));
    return this.others.map((one) => fresh.get(one.action_uuid) ?? one);
  }

  private change(compensation: CompensationResult): void {
    if (this.result === null) return;
    const { compensations, counts } = this.result;
    const old = compensations.find((one) => one.action_uuid === compensation.action_uuid);
    this.others = this.others.map((one) =>
      one.action_uuid === compensation.action_uuid ? compensation : one,
    );
    this.result = {
      ...this.result,
      compensations:
        old === undefined
          ? [...compensations, compensation]
          : compensations.map((one) => (one === old ? compensation : one)),
      counts: moved(counts, old, compensation),
    };
  }

  private note(entry: HistoryEntry): void {
    if (this.result === null) return;
    // Not its state: what changes that comes as a whole result.
    const { history } = this.result;
    if (history.some((one) => same(one, entry))) return;
    this.result = {
      ...this.result,
      updated_at: entry.time,
      history: [...history, entry].slice(-HISTORY_MAX),
    };
  }
}

function same(a: HistoryEntry, b: HistoryEntry): boolean {
  return (
    a.time === b.time &&
    a.event === b.event &&
    a.action_uuid === b.action_uuid &&
    a.message === b.message
  );
}

/** A compensation that was not shown before was counted all the same, as PENDING at least. */
function moved(
  counts: Counts,
  old: CompensationResult | undefined,
  now: CompensationResult,
): Counts {
  if (old === undefined || old.state === now.state) return counts;
  const left = (counts[old.state] ?? 1) - 1;
  const { [old.state]: _old, ...rest } = counts;
  const kept: Counts = left > 0 ? { ...rest, [old.state]: left } : rest;
  return { ...kept, [now.state]: (kept[now.state] ?? 0) + 1 };
}
