/**
 * The events of one plan's rollback, for all streams of this process: one poller, numbered events, and the latest of them
 * kept for streams that come back. Knows no HTTP.
 */
import { setImmediate } from 'node:timers/promises';
import type { RollbackResult } from '../../domain/result.js';
import type { RollbackState } from '../../domain/states.js';
import { changesBetween } from './changes.js';

/** `data` is JSON; null: the whole result, to be written with the addresses that the stream's caller knows. */
export interface StreamEvent {
  id: number;
  event: 'result' | 'compensation' | 'history' | 'end';
  data: string | null;
}

export interface Subscriber {
  /** In their order; `result` is the latest, for events without data. */
  send(events: readonly StreamEvent[], result: RollbackResult): void;
  /** Nothing more comes. */
  end(): void;
}

export interface FeedTiming {
  /** Between two looks. */
  pollMs: number;
  /** After a look that failed. */
  retryMs: number;
  /** How long it goes on without a stream, for one that comes back. */
  lingerMs: number;
}

export interface StreamTiming extends FeedTiming {
  /** Between two signs of life on a stream. */
  heartbeatMs: number;
}

const AT_ONCE = 100;
/** Events kept for streams that come back. */
const KEPT_EVENTS = 1000;
/** The last event's number: who has seen it need not come back. */
export const END_ID = Number.MAX_SAFE_INTEGER;
const RUNNING: readonly RollbackState[] = ['PENDING', 'ONGOING', 'PAUSED'];

export function isRunning(result: RollbackResult): boolean {
  return RUNNING.includes(result.state);
}

export class Feed {
  private readonly subscribers = new Set<Subscriber>();
  private readonly kept: StreamEvent[] = [];
  /** Grows also from process to process: a number of another process is never taken for one of ours. */
  private lastId = Date.now() * 1000;
  private readonly firstId = this.lastId;
  private beginning: { events: readonly StreamEvent[]; id: number; result: RollbackResult } | null =
    null;
  private timer: NodeJS.Timeout | null = null;
  private aloneSince: number | null = null;

  constructor(
    private last: RollbackResult,
    private readonly read: () => Promise<RollbackResult | null>,
    private readonly timing: FeedTiming,
    private readonly over: () => void,
  ) {
    this.schedule(timing.pollMs);
  }

  /** First what it has missed, or where that is not known, the whole result. */
  add(subscriber: Subscriber, lastEventId: number | null): void {
    this.subscribers.add(subscriber);
    this.aloneSince = null;
    const missed = lastEventId === null ? null : this.after(lastEventId);
    const first = missed ?? this.whole();
    subscriber.send(first, this.last);
  }

  remove(subscriber: Subscriber): void {
    this.subscribers.delete(subscriber);
    if (this.subscribers.size === 0) this.aloneSince ??= Date.now();
  }

  /** No stream has it at present. */
  isAlone(): boolean {
    return this.subscribers.size === 0;
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    for (const subscriber of this.subscribers) subscriber.end();
    this.subscribers.clear();
    this.over();
  }

  /** One list for all that begin between two changes, so that it is written once. */
  private whole(): readonly StreamEvent[] {
    const known = this.beginning;
    if (known?.result === this.last && known.id === this.lastId) return known.events;
    const events: StreamEvent[] = [{ id: this.lastId, event: 'result', data: null }];
    this.beginning = { events, id: this.lastId, result: this.last };
    return events;
  }

  private after(lastEventId: number): StreamEvent[] | null {
    const oldest = this.kept[0]?.id ?? this.lastId + 1;
    const known = lastEventId >= Math.max(oldest - 1, this.firstId) && lastEventId <= this.lastId;
    return known ? this.kept.filter(({ id }) => id > lastEventId) : null;
  }

  private schedule(afterMs: number): void {
    this.timer = setTimeout(() => void this.look(), afterMs);
    this.timer.unref();
  }

  private async look(): Promise<void> {
    if (this.aloneSince !== null && Date.now() - this.aloneSince > this.timing.lingerMs) {
      this.close();
      return;
    }
    let result: RollbackResult | null;
    try {
      result = await this.read();
    } catch {
      // Temporal or its workers are away: the streams stay, and go on where they were.
      if (this.timer !== null) this.schedule(this.timing.retryMs);
      return;
    }
    if (this.timer === null) return;
    if (result !== null) await this.emit(this.eventsOf(result));
    // Closed from outside meanwhile.
    if (this.timer === null) return;
    if (result === null || !isRunning(result)) this.close();
    else this.schedule(this.timing.pollMs);
  }

  /** What is new in it; kept for those that come back. */
  private eventsOf(result: RollbackResult): StreamEvent[] {
    const changes = changesBetween(this.last, result);
    this.last = result;
    if (!isRunning(result)) return [{ id: END_ID, event: 'end', data: null }];
    return changes.map((change) => {
      this.lastId += 1;
      const data = change.event === 'result' ? null : JSON.stringify(change.data);
      const event: StreamEvent = { id: this.lastId, event: change.event, data };
      this.kept.push(event);
      if (this.kept.length > KEPT_EVENTS) this.kept.shift();
      return event;
    });
  }

  /** Some at a time, so that thousands of streams do not keep all other requests waiting. */
  private async emit(events: readonly StreamEvent[]): Promise<void> {
    if (events.length === 0) return;
    const { last } = this;
    // Who comes meanwhile begins with what is known now.
    const all = [...this.subscribers];
    for (let from = 0; from < all.length; from += AT_ONCE) {
      if (from > 0) await setImmediate();
      for (const subscriber of all.slice(from, from + AT_ONCE)) {
        if (this.subscribers.has(subscriber)) subscriber.send(events, last);
      }
    }
  }
}
