/** Servers as the layout has just read them, for the first look of the moves that follow at once. No OpenStack calls. */
import type { ComputeServer } from '../src/openstack/cloud.js';
import { clockSeconds } from './waiting.js';

/** Older than this is not used. */
const AGE_MAX_S = 1;
/** So many are kept; of a larger plan the last ones. */
const KEPT_MAX = 1000;

/**
 * A reading is given out once, and not at all after anything was asked for its server. It is good for nothing but to
 * ask Nova for a migration, because Nova looks again: it refuses with 409 where a task has begun, and the migration
 * record names the host that the server really left. Whatever else would follow from it is for a new reading to say.
 */
export class RecentServers {
  private readonly seen = new Map<string, { server: ComputeServer; at: number }>();

  constructor(
    private readonly ageMaxSeconds = AGE_MAX_S,
    private readonly now: () => number = clockSeconds,
  ) {}

  /** `at`: this process's clockSeconds() from before the reading was asked for. */
  saw(servers: readonly ComputeServer[], at: number): void {
    for (const server of servers) {
      this.seen.delete(server.id);
      this.seen.set(server.id, { server, at });
    }
    for (const id of this.seen.keys()) {
      if (this.seen.size <= KEPT_MAX) break;
      this.seen.delete(id);
    }
  }

  take(id: string): ComputeServer | null {
    const found = this.seen.get(id);
    this.seen.delete(id);
    if (found === undefined || this.now() - found.at > this.ageMaxSeconds) return null;
    return found.server;
  }

  forget(id: string): void {
    this.seen.delete(id);
  }
}
