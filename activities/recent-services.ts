/** nova-compute of the hosts as this worker has last read it, whoever asked. No OpenStack calls. */
import type { ComputeService } from '../src/openstack/cloud.js';
import { clockSeconds } from './waiting.js';

/** Older than this is not used. Nova itself takes a host for up for a minute after its last sign (service_down_time). */
const AGE_MAX_S = 1;
/** More hosts than this, and it begins anew. */
const KEPT_MAX = 20_000;

/**
 * As with recent-servers.ts: good for nothing but to ask Nova for a live migration. Onto a host that takes none any more Nova's
 * scheduler refuses it, from one that is down the conductor does (nova/conductor/tasks/live_migrate.py); why, a new reading says.
 */
export class RecentServices {
  private readonly seen = new Map<string, { service: ComputeService; at: number }>();

  constructor(
    private readonly ageMaxSeconds = AGE_MAX_S,
    private readonly now: () => number = clockSeconds,
  ) {}

  /** `at`: this process's clockSeconds() from before the reading was asked for. */
  saw(services: readonly ComputeService[], at: number): void {
    if (this.seen.size > KEPT_MAX) this.seen.clear();
    for (const service of services) {
      if (service.binary !== 'nova-compute') continue;
      const known = this.seen.get(service.host);
      if (known === undefined || known.at <= at) this.seen.set(service.host, { service, at });
    }
  }

  /** null: it has not been read of late. */
  of(host: string): ComputeService | null {
    const found = this.seen.get(host);
    return found === undefined || this.now() - found.at > this.ageMaxSeconds ? null : found.service;
  }

  /** It is about to be changed. */
  forget(host: string): void {
    this.seen.delete(host);
  }
}
