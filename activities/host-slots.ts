/**
 * The worker-wide bound on migrations: so many at once per host, counted on both ends, over all rollbacks. Fair:
 * rollbacks take turns, and within one the first to come goes first, unless its hosts are full and another's are
 * not. Knows nothing of OpenStack.
 */
import { cancellation } from './failures.js';

export type Release = () => void;

interface Waiter {
  hosts: string[];
  /** How often somebody who came later was let through on one of its hosts. */
  overtaken: number;
  grant(): void;
}

/** After so many it is not passed any more: free slots of its hosts are kept for it. */
const OVERTAKEN_MAX = 8;

export class HostSlots {
  private readonly used = new Map<string, number>();
  /** Waiting, by rollback; the order of the map is the order of turns. */
  private readonly queues = new Map<string, Waiter[]>();

  constructor(private readonly perHost: number) {}

  /** Wait for a slot on each of the hosts; all at once, so nothing can lock up. Rejects when cancelled. */
  async acquire(rollbackId: string, hosts: string[], signal: AbortSignal): Promise<Release> {
    if (signal.aborted) throw cancellation(signal);
    const wanted = [...new Set(hosts)];
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.forget(rollbackId, waiter);
        this.serve();
        reject(cancellation(signal));
      };
      const waiter: Waiter = {
        hosts: wanted,
        overtaken: 0,
        grant: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const queue = this.queues.get(rollbackId);
      if (queue === undefined) this.queues.set(rollbackId, [waiter]);
      else queue.push(waiter);
      this.serve();
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
      for (const host of hosts) this.used.set(host, (this.used.get(host) ?? 1) - 1);
      this.serve();
    };
  }

  private take(hosts: string[]): void {
    for (const host of hosts) this.used.set(host, (this.used.get(host) ?? 0) + 1);
  }

  /** Grant what can be granted; a rollback that got something goes to the end of the turns. */
  private serve(): void {
    while (this.grantOne());
  }

  private grantOne(): boolean {
    const passed: Waiter[] = [];
    for (const [rollbackId, queue] of this.queues) {
      const head = queue[0];
      const waiter = queue.find((one) => this.fits(one));
      if (head !== undefined && waiter !== head) passed.push(head);
      if (waiter === undefined) continue;
      for (const other of passed) {
        if (other.hosts.some((host) => waiter.hosts.includes(host))) other.overtaken++;
      }
      this.take(waiter.hosts);
      this.forget(rollbackId, waiter);
      const rest = this.queues.get(rollbackId);
      if (rest !== undefined) {
        this.queues.delete(rollbackId);
        this.queues.set(rollbackId, rest);
      }
      waiter.grant();
      return true;
    }
    return false;
  }

  private fits(waiter: Waiter): boolean {
    const kept = waiter.overtaken < OVERTAKEN_MAX ? this.keptHosts() : new Set<string>();
    return waiter.hosts.every(
      (host) => (this.used.get(host) ?? 0) < this.perHost && !kept.has(host),
    );
  }

  /**
   * Hosts whose free slots wait for somebody who was passed too often: one that needs two busy hosts would
   * otherwise starve beside many that need one of them. Only the first of each rollback can be that.
   */
  private keptHosts(): Set<string> {
    const kept = new Set<string>();
    for (const [head] of this.queues.values()) {
      if (head !== undefined && head.overtaken >= OVERTAKEN_MAX) {
        for (const host of head.hosts) kept.add(host);
      }
    }
    return kept;
  }

  private forget(rollbackId: string, waiter: Waiter): void {
    const rest = (this.queues.get(rollbackId) ?? []).filter((other) => other !== waiter);
    if (rest.length === 0) this.queues.delete(rollbackId);
    else this.queues.set(rollbackId, rest);
  }
}
