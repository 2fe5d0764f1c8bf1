/**
 * How many slots of a host are in use: kept while servers change, because every migration asks. Knows nothing of HTTP, nor of
 * what a scheduler makes of it.
 */
import type { Migration, Server } from '../state.js';

/** Migrations that hold a slot on their destination (and cold ones on their source) until they end. */
const UNDER_WAY = new Set([
  'accepted',
  'queued',
  'preparing',
  'running',
  'pre-migrating',
  'migrating',
  'post-migrating',
]);
/** What of a server decides where it takes slots. */
const DECIDING = ['host', 'taskState', 'beforeResize'] as const;

export class Slots {
  readonly #servers = new Set<Server>();
  readonly #on = new Map<string, number>();
  /** Those that may take a slot of another host as well: few, at any time. */
  readonly #moving = new Set<Server>();

  constructor(private readonly lastMigrationOf: (serverId: string) => Migration | undefined) {}

  /** From now on every change of it counts. */
  follow(server: Server): void {
    for (const name of DECIDING) {
      let value: Server[typeof name] = server[name];
      Object.defineProperty(server, name, {
        enumerable: true,
        get: () => value,
        set: (next: typeof value) => {
          this.#count(server, -1);
          value = next;
          this.#count(server, 1);
        },
      });
    }
    this.#servers.add(server);
    this.#count(server, 1);
  }

  forget(server: Server): void {
    this.#count(server, -1);
    this.#servers.delete(server);
  }

  /** Servers there, servers on their way, and what unconfirmed resizes hold. */
  inUse(host: string): number {
    let used = this.#on.get(host) ?? 0;
    for (const server of this.#moving) {
      // A server takes one slot of a host, for whichever of the reasons.
      if (server.host === host) continue;
      if (server.beforeResize?.host === host || this.#comingTo(server) === host) used += 1;
    }
    return used;
  }

  #count(server: Server, by: 1 | -1): void {
    if (!this.#servers.has(server)) return;
    const { host } = server;
    if (host !== null) this.#on.set(host, (this.#on.get(host) ?? 0) + by);
    const moves = server.taskState !== null || server.beforeResize !== null;
    if (by === 1 && moves) this.#moving.add(server);
    else this.#moving.delete(server);
  }

  #comingTo(server: Server): string | null {
    if (server.taskState === null) return null;
    const migration = this.lastMigrationOf(server.id);
    return migration !== undefined && UNDER_WAY.has(migration.status)
      ? migration.destCompute
      : null;
  }
}
