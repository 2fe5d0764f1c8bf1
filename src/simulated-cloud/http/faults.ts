/** Faults that a test asks for: which request they hit. What they do to it is the server's business. */
import { isRecord } from './messages.js';
import type { Fault } from '../types.js';

export class Faults {
  #faults: { fault: Fault; left: number }[] = [];

  inject(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#faults = [];
  }

  /** The first fault that matches, counted down; undefined where none does. */
  take(
    service: Fault['service'],
    method: string,
    path: string,
    body: unknown,
  ): Fault['effect'] | undefined {
    const entry = this.#faults.find(
      ({ fault }) =>
        fault.service === service &&
        (fault.method === undefined || fault.method === method) &&
        (fault.path === undefined || fault.path.test(path)) &&
        (fault.action === undefined || (isRecord(body) && Object.hasOwn(body, fault.action))),
    );
    if (!entry) return undefined;
    entry.left--;
    if (entry.left <= 0) this.#faults = this.#faults.filter((other) => other !== entry);
    return entry.fault.effect;
  }
}
