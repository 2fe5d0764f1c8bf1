/**
 * One poll loop per worker for every server and migration that activities wait for. A pass is one listing of the
 * migrations changed since the oldest watch began, then a read of only those servers whose judge asks for it. It
 * must not know what anybody waits for: that is the judge's.
 *
 * Times given to Nova are Nova's own (`updated_at` of what it answered), never this machine's clock. `changes-since`
 * compares with `updated_at`, which is empty until a record's first change (nova/db/main/api.py,
 * _get_query_nova_resource_by_changes_time): a record that was just made is found a moment late, never not at all.
 */
import type { Compute, ComputeMigration, ComputeServer } from '../src/openstack/cloud.js';
import { isNotFound } from '../src/openstack/errors.js';
import { mapBounded } from './bounded.js';
import { cancellation } from './failures.js';
import { NovaClock } from './nova-time.js';
import { clockSeconds, Patience } from './waiting.js';

export interface WatchView {
  /** The server's records of the listing, newest first. */
  records: ComputeMigration[];
  /** undefined: not read in this pass. null: Nova knows it no more. */
  server: ComputeServer | null | undefined;
}

/** 'read-server': judge again with the server. A judge may throw: that ends its watch. */
export type Verdict<T> = { done: T } | 'wait' | 'read-server';

export interface WatchOptions<T> {
  serverId: string;
  /** Records changed since then matter (Nova's time); null: no record does. */
  since: string | null;
  judge: (view: WatchView) => Verdict<T>;
  signal: AbortSignal;
}

interface Entry {
  serverId: string;
  since: string | null;
  patience: Patience;
  /** True where the server must be read. */
  look: (view: WatchView) => boolean;
  fail: (error: unknown) => void;
}

export interface WatchSettings {
  poll_first: number;
  poll_max: number;
  /** How long reads may fail in passing. */
  read_errors: number;
}

/** Servers read at once in a pass. */
const READS_AT_ONCE = 8;
/** Of the time since something last changed: so much later, at most, is a change noticed. */
const LAG = 0.1;

export class ServerWatch {
  private readonly entries = new Set<Entry>();
  private readonly seen = new Map<string, string>();
  private running = false;
  private stop = new AbortController();
  private wake: () => void = () => undefined;
  /** When something last changed, or somebody joined. */
  private quietSince = clockSeconds();

  constructor(
    private readonly compute: Compute,
    private readonly settings: WatchSettings,
    private readonly clock = new NovaClock(),
  ) {}

  /** How many are watching; 0 means that nothing polls. */
  get watching(): number {
    return this.entries.size;
  }

  /** Resolves with what the judge gives; rejects when cancelled, or when reads fail for too long. */
  follow<T>(options: WatchOptions<T>): Promise<T> {
    const { signal, judge } = options;
    if (signal.aborted) return Promise.reject(cancellation(signal));
    return new Promise<T>((resolve, reject) => {
      const leave = (): void => {
        signal.removeEventListener('abort', onAbort);
        this.leave(entry);
      };
      const onAbort = (): void => entry.fail(cancellation(signal));
      const entry: Entry = {
        serverId: options.serverId,
        since: options.since,
        patience: new Patience(this.settings.read_errors),
        look: (view) => {
          const verdict = judge(view);
          if (verdict === 'read-server') return true;
          if (verdict === 'wait') return false;
          leave();
          resolve(verdict.done);
          return false;
        },
        fail: (error) => {
          leave();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.join(entry);
    });
  }

  private join(entry: Entry): void {
    this.entries.add(entry);
    this.quietSince = clockSeconds();
    if (this.running) this.wake();
    else void this.loop();
  }

  private leave(entry: Entry): void {
    this.entries.delete(entry);
    if (this.entries.size > 0) return;
    this.stop.abort();
    this.wake();
  }

  private async loop(): Promise<void> {
    this.running = true;
    this.stop = new AbortController();
    while (this.entries.size > 0) {
      await this.sleep();
      if (this.entries.size === 0) break;
      if (this.stop.signal.aborted) this.stop = new AbortController();
      if (await this.pass()) this.quietSince = clockSeconds();
    }
    this.running = false;
    this.seen.clear();
  }

  private pauseMs(): number {
    const { poll_first: first, poll_max: max } = this.settings;
    return Math.min(Math.max(LAG * (clockSeconds() - this.quietSince), first), max) * 1000;
  }

  /** A newcomer shortens the pause to the first one; many newcomers do not shorten it further. */
  private async sleep(): Promise<void> {
    await new Promise<void>((resolve) => {
      const start = performance.now();
      const firstMs = this.settings.poll_first * 1000;
      let timer = setTimeout(resolve, this.pauseMs());
      this.wake = () => {
        clearTimeout(timer);
        const left = this.entries.size === 0 ? 0 : firstMs - (performance.now() - start);
        timer = setTimeout(resolve, Math.max(left, 0));
      };
    });
    this.wake = () => undefined;
  }

  /** One pass; whether anything was different from the pass before. */
  private async pass(): Promise<boolean> {
    const entries = [...this.entries];
    let records: Map<string, ComputeMigration[]>;
    try {
      records = await this.list(entries);
    } catch (error) {
      for (const entry of entries) this.bear(entry, error);
      return false;
    }
    const changes = await mapBounded(entries, READS_AT_ONCE, async (entry) => {
      const own = records.get(entry.serverId) ?? [];
      return this.judge(entry, own);
    });
    return changes.some(Boolean);
  }

  private async list(entries: Entry[]): Promise<Map<string, ComputeMigration[]>> {
    const byServer = new Map<string, ComputeMigration[]>();
    const since = entries.flatMap((entry) => entry.since ?? []).toSorted()[0];
    if (since === undefined) return byServer;
    const listed = await this.compute.listMigrations(
      { changedSince: since },
      { signal: this.stop.signal },
    );
    this.clock.saw(listed);
    for (const record of listed.toSorted((a, b) => b.id - a.id)) {
      const own = byServer.get(record.serverId);
      if (own === undefined) byServer.set(record.serverId, [record]);
      else own.push(record);
    }
    return byServer;
  }

  private async judge(entry: Entry, records: ComputeMigration[]): Promise<boolean> {
    let server: ComputeServer | null | undefined;
    try {
      if (this.entries.has(entry) && entry.look({ records, server: undefined })) {
        server = await this.read(entry.serverId);
        entry.patience.good();
        if (this.entries.has(entry)) entry.look({ records, server });
      } else {
        entry.patience.good();
      }
    } catch (error) {
      this.bear(entry, error);
      return false;
    }
    const now = JSON.stringify([
      records.map((record) => [record.id, record.status]),
      server === undefined ? null : [server?.status, server?.taskState, server?.host],
    ]);
    const changed = this.seen.get(entry.serverId) !== now;
    this.seen.set(entry.serverId, now);
    return changed;
  }

  private async read(serverId: string): Promise<ComputeServer | null> {
    try {
      return await this.compute.getServer(serverId, { signal: this.stop.signal });
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  private bear(entry: Entry, error: unknown): void {
    if (!this.entries.has(entry)) return;
    if (!entry.patience.bears(error)) entry.fail(error);
  }
}
