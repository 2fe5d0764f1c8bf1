/**
 * The worker-wide bound on migrations: so many at once per host, counted on both ends, over all rollbacks. Fair:
 * rollbacks take turns, and within one the first to come goes first, unless its hosts are full and another's are
 * not. What a release costs depends on the hosts and rollbacks that meet there, not on how many wait. Knows nothing of OpenStack.
 */
import { cancellation } from './failures.js';
import { type Group, SlotQueues, type Waiter } from './slot-queue.js';

export type Release = () => void;

/** After so many it is not passed any more: free slots of its hosts are kept for it. */
const OVERTAKEN_MAX = 8;

export class HostSlots {
  private readonly used = new Map<string, number>();
  private readonly queues = new SlotQueues();
  /**
   * Hosts whose free slots wait for somebody who was passed too often, and for how many: one that needs two busy hosts would
   * otherwise starve beside many that need one of them. Only the first of each rollback can be that.
   */
  private readonly kept = new Map<string, number>();
  private looks = 0;

  constructor(
    private readonly perHost: number,
    private readonly overtakenMax = OVERTAKEN_MAX,
  ) {}

  /** How often it was looked whether somebody fits: what its work is measured by. */
  get looked(): number {
    return this.looks;
  }

  /** Wait for a slot on each of the hosts; all at once, so nothing can lock up. Rejects when cancelled. */
  async acquire(rollbackId: string, hosts: string[], signal: AbortSignal): Promise<Release> {
    if (signal.aborted) throw cancellation(signal);
    const wanted = [...new Set(hosts)];
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.serve(this.leave(waiter));
        reject(cancellation(signal));
      };
      const waiter = this.queues.join(rollbackId, wanted, () => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      signal.addEventListener('abort', onAbort, { once: true });
      // Nobody else can fit because of a newcomer.
      if (this.fits(waiter)) this.serve(this.grant(waiter));
    });
    return this.releaser(wanted);
  }

  /** Count a migration that is under way already; it does not wait, it is a fact. */
  occupy(hosts: string[]): Release {
    const wanted = [...new Set(hosts)];
    this.take(wanted);
    return this.releaser(wanted);
  }

  private releaser(hosts: string[]): Release {
    let released = false;
    return () => {
      if (released) return;
      released = true;
      for (const host of hosts) count(this.used, host, -1);
      this.serve(hosts);
    };
  }

  private take(hosts: readonly string[]): void {
    for (const host of hosts) count(this.used, host, 1);
  }

  /** Grant what can be granted now that something changed at these hosts: elsewhere nobody fitted, and nobody does. */
  private serve(changed: readonly string[]): void {
    const hosts = new Set(changed);
    for (;;) {
      const next = this.nextAt(hosts);
      if (next === null) return;
      for (const host of this.grant(next)) hosts.add(host);
    }
  }

  /** Of those that fit the first of the rollback whose turn it is. */
  private nextAt(hosts: ReadonlySet<string>): Waiter | null {
    let best: Waiter | null = null;
    const seen = new Set<Group>();
    for (const host of hosts) {
      for (const group of this.queues.groupsOf(host)) {
        if (seen.has(group)) continue;
        seen.add(group);
        const waiter = group.line.first();
        if (waiter === undefined || !this.fits(waiter)) continue;
        if (best === null || isBefore(waiter, best)) best = waiter;
      }
    }
    return best;
  }

  /** A rollback that got something goes to the end of the turns. The hosts where somebody else may fit by that. */
  private grant(waiter: Waiter): string[] {
    const changed = this.passed(waiter);
    this.take(waiter.hosts);
    changed.push(...this.leave(waiter));
    this.queues.hadItsTurn(waiter.queue);
    waiter.grant();
    return changed;
  }

  /** Those that were first in their rollback, and had their turn before this one. Hosts of who is not passed any more. */
  private passed(waiter: Waiter): string[] {
    const heads = new Set(waiter.hosts.flatMap((host) => [...this.queues.headsOf(host)]));
    heads.delete(waiter);
    const changed: string[] = [];
    for (const head of heads) {
      if (head.queue.turn > waiter.queue.turn) continue;
      head.overtaken += 1;
      if (head.overtaken !== this.overtakenMax) continue;
      for (const host of head.hosts) count(this.kept, host, 1);
      // What is kept for others does not keep it out any more.
      changed.push(...head.hosts);
    }
    return changed;
  }

  private fits({ hosts, overtaken }: Waiter): boolean {
    this.looks += 1;
    return hosts.every(
      (host) =>
        (this.used.get(host) ?? 0) < this.perHost &&
        (overtaken >= this.overtakenMax || !this.kept.has(host)),
    );
  }

  /** The hosts that were kept for it. */
  private leave(waiter: Waiter): readonly string[] {
    this.queues.leave(waiter);
    if (waiter.overtaken < this.overtakenMax) return [];
    for (const host of waiter.hosts) count(this.kept, host, -1);
    return waiter.hosts;
  }
}

function isBefore(one: Waiter, other: Waiter): boolean {
  if (one.queue !== other.queue) return one.queue.turn < other.queue.turn;
  return one.number < other.number;
}

function count(counts: Map<string, number>, host: string, by: number): void {
  const now = (counts.get(host) ?? 0) + by;
  if (now === 0) counts.delete(host);
  else counts.set(host, now);
}
