/**
 * Which compensations may start now. Used inside workflow code: plain state, no clock, no chance, the same answers in a
 * replay. It knows edges, priorities and bounds, and nothing of what a compensation does or how it ended: what waits on
 * one that has ended may start, because the activity judges by the live state whether it can.
 *
 * Moves between the same two hosts queue in one lane, and the lanes wait for their hosts as a whole: a lane whose host is
 * full is set aside until a slot of that host is free, so it neither blocks the others nor is looked at again meanwhile.
 */
import { Heap } from './heap.js';
import type { LaidOutCompensation } from './layout-types.js';
import { isFinal } from './states.js';

export type Schedulable = Pick<
  LaidOutCompensation,
  'action_uuid' | 'priority' | 'parents' | 'state' | 'work'
>;

export interface ScheduleBounds {
  /** Compensations at once. */
  concurrency: number;
  /** Migrations and reverts at once per host, counted on both ends. */
  migrationsPerHost: number;
}

/**
 * waiting: for parents. ready: in its lane. offered: said to be startable. running. parked: waits for room. done.
 */
type Phase = 'waiting' | 'ready' | 'offered' | 'running' | 'parked' | 'done';

interface Entry {
  id: string;
  /** Place in the order of priorities: differs for every entry, so that the order is total. */
  rank: number;
  phase: Phase;
  /** Parents that have not ended. */
  open: number;
  children: string[];
  lane: Lane;
  /** Its place in the lane's heap outlives a phase that was left by another way; it is there at most once. */
  queued: boolean;
}

interface Lane {
  key: string;
  /** The ends of a move; empty for everything else. */
  hosts: string[];
  to: string | null;
  queue: Heap;
  /** The host of it that is full, for which it waits; null: it is looked at. */
  waitsFor: string | null;
  /** The head under which it is to be found where it is looked for. A lane is shown once, however often heads change. */
  shown: string | null;
}

export class Schedule {
  private readonly entries = new Map<string, Entry>();
  private readonly lanes = new Map<string, Lane>();
  /**
   * The head of every lane that waits for no host, best first. Older heads may be in it as well: they are passed over
   * when they come up, because their lane is shown under another.
   */
  private readonly heads: Heap;
  /** The same for the lanes that wait for a host, by that host. */
  private readonly aside = new Map<string, Heap>();
  private readonly movesOn = new Map<string, number>();
  private readonly parkedFor = new Map<string, Set<string>>();
  private readonly offered = new Set<string>();
  private busy = 0;

  constructor(
    compensations: readonly Schedulable[],
    private readonly bounds: ScheduleBounds,
  ) {
    this.heads = this.newHeap();
    const ranked = compensations
      .map((one, index) => ({ one, index }))
      .toSorted((a, b) => a.one.priority - b.one.priority || a.index - b.index);
    for (const [rank, { one }] of ranked.entries()) {
      // ONGOING ones of an earlier run had ended before it continued as new, so they are PENDING here.
      const isDone = one.work === null || isFinal(one.state);
      this.entries.set(one.action_uuid, {
        id: one.action_uuid,
        rank,
        phase: isDone ? 'done' : 'waiting',
        open: 0,
        children: [],
        lane: this.laneOf(one),
        queued: false,
      });
    }
    for (const { action_uuid, parents } of compensations) {
      const entry = this.mustGet(action_uuid);
      for (const uuid of parents) {
        const parent = this.entries.get(uuid);
        if (parent === undefined) continue;
        parent.children.push(action_uuid);
        if (parent.phase !== 'done') entry.open += 1;
      }
    }
    for (const entry of this.entries.values()) this.wake(entry);
  }

  /**
   * Ids that may start now, best first, all of them together within the bounds. What is not `started` stays startable;
   * asking again changes nothing but gives better ones their turn.
   */
  startable(): string[] {
    this.takeBack();
    while (this.busy < this.bounds.concurrency) {
      const id = this.heads.pop();
      if (id === undefined) break;
      this.look(id);
    }
    return [...this.offered];
  }

  started(id: string): void {
    const entry = this.mustGet(id);
    if (entry.phase !== 'offered') throw new Error(`${id} is ${entry.phase}: it may not start`);
    entry.phase = 'running';
    this.offered.delete(id);
  }

  /** It has ended, however: what waited only for it may start. Also for one that is given up without having run. */
  finished(id: string): void {
    const entry = this.mustGet(id);
    if (entry.phase === 'done') return;
    this.leave(entry);
    entry.phase = 'done';
    for (const child of entry.children) {
      const of = this.mustGet(child);
      of.open -= 1;
      this.wake(of);
    }
  }

  /** It ran and found no room: it waits, out of everybody's way, until `release`. */
  requeue(id: string): void {
    const entry = this.mustGet(id);
    if (entry.phase === 'done') throw new Error(`${id} has ended`);
    this.leave(entry);
    entry.phase = 'parked';
    const { to } = entry.lane;
    if (to === null) return;
    const parked = this.parkedFor.get(to);
    if (parked === undefined) this.parkedFor.set(to, new Set([id]));
    else parked.add(id);
  }

  /** A parked one may go again. */
  release(id: string): void {
    const entry = this.mustGet(id);
    if (entry.phase !== 'parked') return;
    this.leave(entry);
    entry.phase = 'waiting';
    this.wake(entry);
  }

  /** One that had ended is to run again. What waited for it has had its turn and is not held back a second time. */
  reopen(id: string): void {
    const entry = this.mustGet(id);
    if (entry.phase !== 'done') return;
    for (const child of entry.children) {
      const of = this.mustGet(child);
      of.open += 1;
      if (of.phase === 'ready') of.phase = 'waiting';
    }
    entry.phase = 'waiting';
    this.wake(entry);
  }

  /** Something has left this host: the parked ids that wait for room there, best first. */
  leftHost(host: string): string[] {
    return this.inOrder(this.parkedFor.get(host) ?? []);
  }

  /** All parked ids, best first. */
  parked(): string[] {
    const ids: string[] = [];
    for (const { id, phase } of this.entries.values()) if (phase === 'parked') ids.push(id);
    return this.inOrder(ids);
  }

  private inOrder(ids: Iterable<string>): string[] {
    return [...ids].toSorted((a, b) => this.mustGet(a).rank - this.mustGet(b).rank);
  }

  private mustGet(id: string): Entry {
    const entry = this.entries.get(id);
    if (entry === undefined) throw new Error(`no compensation ${id}`);
    return entry;
  }

  private laneOf({ work }: Schedulable): Lane {
    const isMove = work !== null && 'from' in work;
    // No two pairs have the same: where the first name ends is said.
    const key = isMove ? `${work.from.length} ${work.from}${work.to}` : '';
    const known = this.lanes.get(key);
    if (known !== undefined) return known;
    const lane: Lane = {
      key,
      hosts: isMove ? [...new Set([work.from, work.to])] : [],
      to: isMove ? work.to : null,
      queue: this.newHeap(),
      waitsFor: null,
      shown: null,
    };
    this.lanes.set(key, lane);
    return lane;
  }

  /** waiting → ready, where nothing is left to wait for. */
  private wake(entry: Entry): void {
    if (entry.phase !== 'waiting' || entry.open > 0) return;
    entry.phase = 'ready';
    this.enqueue(entry);
  }

  private enqueue(entry: Entry): void {
    if (!entry.queued) {
      entry.lane.queue.push(entry.id);
      entry.queued = true;
    }
    if (this.headOf(entry.lane) === entry) this.showHead(entry.lane);
  }

  /** Offers the head of a lane, or sets the lane aside. */
  private look(id: string): void {
    const { lane } = this.mustGet(id);
    if (lane.waitsFor !== null || lane.shown !== id) return;
    lane.shown = null;
    const head = this.headOf(lane);
    if (head?.id === id) {
      const full = lane.hosts.find((host) => this.isFull(host));
      if (full === undefined) this.offer(head);
      else lane.waitsFor = full;
    }
    // The next head, or, where this one was given up or held back meanwhile, the one that is head now.
    this.showHead(lane);
    // This lane had the turn of all that wait for its hosts. Where a slot is left, the next has it.
    for (const host of lane.hosts) this.takeUp(host);
  }

  private offer(entry: Entry): void {
    entry.lane.queue.pop();
    entry.queued = false;
    entry.phase = 'offered';
    this.occupy(entry.lane, 1);
    this.offered.add(entry.id);
  }

  /** Offers that were not taken up go back, so that a better one that came meanwhile is offered first. */
  private takeBack(): void {
    for (const id of this.offered) {
      const entry = this.mustGet(id);
      this.occupy(entry.lane, -1);
      entry.phase = 'ready';
      this.enqueue(entry);
    }
    this.offered.clear();
  }

  /** Frees whatever the entry held in its phase. */
  private leave(entry: Entry): void {
    if (entry.phase === 'running' || entry.phase === 'offered') this.occupy(entry.lane, -1);
    if (entry.phase === 'offered') this.offered.delete(entry.id);
    if (entry.phase === 'parked' && entry.lane.to !== null) {
      this.parkedFor.get(entry.lane.to)?.delete(entry.id);
    }
  }

  private headOf(lane: Lane): Entry | undefined {
    for (let id = lane.queue.peek(); id !== undefined; id = lane.queue.peek()) {
      const entry = this.mustGet(id);
      if (entry.phase === 'ready') return entry;
      // It was given up or held back while it queued.
      lane.queue.pop();
      entry.queued = false;
    }
    return undefined;
  }

  /** Puts the head of a lane where it is looked for. */
  private showHead(lane: Lane): void {
    const head = this.headOf(lane);
    if (head === undefined || head.id === lane.shown) return;
    lane.shown = head.id;
    if (lane.waitsFor === null) {
      this.heads.push(head.id);
      return;
    }
    const waiting = this.aside.get(lane.waitsFor) ?? this.newHeap();
    this.aside.set(lane.waitsFor, waiting);
    waiting.push(head.id);
  }

  private newHeap(): Heap {
    return new Heap((id) => this.mustGet(id).rank);
  }

  private isFull(host: string): boolean {
    return (this.movesOn.get(host) ?? 0) >= this.bounds.migrationsPerHost;
  }

  private occupy(lane: Lane, by: 1 | -1): void {
    this.busy += by;
    for (const host of lane.hosts) {
      this.movesOn.set(host, (this.movesOn.get(host) ?? 0) + by);
      if (by === -1) this.takeUp(host);
    }
  }

  /** Where the host has a free slot, the best of the lanes that wait for it is looked at again. One: it may take it. */
  private takeUp(host: string): void {
    const waiting = this.aside.get(host);
    if (waiting === undefined || this.isFull(host)) return;
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const { lane } = this.mustGet(id);
      if (lane.waitsFor !== host || lane.shown !== id) continue;
      lane.shown = null;
      const isHead = this.headOf(lane)?.id === id;
      if (isHead) lane.waitsFor = null;
      this.showHead(lane);
      if (isHead) return;
    }
  }
}
