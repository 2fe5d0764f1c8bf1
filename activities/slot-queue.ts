/** Who waits for slots of hosts, in an order that can be asked for without going through all of them. Knows nothing of slots. */

export interface Waiter {
  readonly queue: RollbackQueue;
  readonly hosts: readonly string[];
  /** Increases: who came earlier has the lower one. */
  readonly number: number;
  /** How often somebody who came later was let through on one of its hosts. */
  overtaken: number;
  /** Granted, or given up. */
  gone: boolean;
  grant(): void;
}

/** First come, first out, but anybody may leave in between. */
export class Line {
  private waiters: Waiter[] = [];
  private from = 0;
  private left = 0;

  join(waiter: Waiter): void {
    this.waiters.push(waiter);
  }

  /** Somebody who is gone now was in it. */
  lost(): void {
    this.left += 1;
    // Now and then, so that it costs each of them little.
    if (this.left < 64 || this.left * 2 < this.waiters.length) return;
    this.waiters = this.waiters.filter(({ gone }) => !gone);
    this.from = 0;
    this.left = 0;
  }

  first(): Waiter | undefined {
    while (this.waiters[this.from]?.gone === true) this.from += 1;
    return this.waiters[this.from];
  }
}

/** Of one rollback those that want the same hosts: if the first of them does not fit, none does. */
export interface Group {
  readonly queue: RollbackQueue;
  readonly line: Line;
}

/** All that one rollback has waiting. */
export interface RollbackQueue {
  readonly rollbackId: string;
  /** The lowest has its turn. */
  turn: number;
  readonly line: Line;
  /** By their hosts. */
  readonly groups: Map<string, Group>;
  /** As it is known to `heads` of the index. */
  head: Waiter | undefined;
}

/** An order of rollbacks, and who waits where. */
export class SlotQueues {
  private readonly queues = new Map<string, RollbackQueue>();
  /** Groups by each of their hosts. */
  private readonly byHost = new Map<string, Set<Group>>();
  /** The first of each rollback, by each of its hosts. */
  private readonly heads = new Map<string, Set<Waiter>>();
  private numbers = 0;
  private turns = 0;

  join(rollbackId: string, hosts: readonly string[], grant: () => void): Waiter {
    let queue = this.queues.get(rollbackId);
    if (queue === undefined) {
      const turn = ++this.turns;
      queue = { rollbackId, turn, line: new Line(), groups: new Map(), head: undefined };
      this.queues.set(rollbackId, queue);
    }
    const number = ++this.numbers;
    const waiter: Waiter = { queue, hosts, number, overtaken: 0, gone: false, grant };
    const key = keyOf(hosts);
    let group = queue.groups.get(key);
    if (group === undefined) {
      group = { queue, line: new Line() };
      queue.groups.set(key, group);
      for (const host of hosts) add(this.byHost, host, group);
    }
    group.line.join(waiter);
    queue.line.join(waiter);
    this.seeHead(queue);
    return waiter;
  }

  leave(waiter: Waiter): void {
    const { queue, hosts } = waiter;
    waiter.gone = true;
    const key = keyOf(hosts);
    const group = queue.groups.get(key);
    group?.line.lost();
    if (group !== undefined && group.line.first() === undefined) {
      queue.groups.delete(key);
      for (const host of hosts) remove(this.byHost, host, group);
    }
    queue.line.lost();
    this.seeHead(queue);
    if (queue.head === undefined) this.queues.delete(queue.rollbackId);
  }

  /** It has got something: all others come first now. */
  hadItsTurn(queue: RollbackQueue): void {
    queue.turn = ++this.turns;
  }

  groupsOf(host: string): Iterable<Group> {
    return this.byHost.get(host) ?? [];
  }

  headsOf(host: string): Iterable<Waiter> {
    return this.heads.get(host) ?? [];
  }

  private seeHead(queue: RollbackQueue): void {
    const head = queue.line.first();
    if (head === queue.head) return;
    for (const host of queue.head?.hosts ?? []) remove(this.heads, host, queue.head);
    for (const host of head?.hosts ?? []) add(this.heads, host, head);
    queue.head = head;
  }
}

function keyOf(hosts: readonly string[]): string {
  return JSON.stringify(hosts.toSorted());
}

function add<T>(index: Map<string, Set<T>>, host: string, one: T | undefined): void {
  if (one === undefined) return;
  const all = index.get(host);
  if (all === undefined) index.set(host, new Set([one]));
  else all.add(one);
}

function remove<T>(index: Map<string, Set<T>>, host: string, one: T | undefined): void {
  const all = index.get(host);
  if (all === undefined || one === undefined) return;
  all.delete(one);
  if (all.size === 0) index.delete(host);
}
