/**
 * One poll loop per worker for every server and migration that activities wait for. A pass is one listing of migrations that
 * have changed (listing-window.ts: since when), then a read of only those servers whose judge asks for it. It must not know
 * what anybody waits for: that is the judge's.
 *
 * Times given to Nova are Nova's own (`updated_at` of what it answered), never this machine's clock. `changes-since`
 * compares with `updated_at`, which is empty until a record's first change (nova/db/main/api.py,
 * _get_query_nova_resource_by_changes_time): a record that was just made is found a moment late, never not at all.
 */
import { groupBy } from '../src/domain/context.js';
import type { Compute, ComputeMigration, ComputeServer } from '../src/openstack/cloud.js';
import { isNotFound } from '../src/openstack/errors.js';
import { mapBounded } from './bounded.js';
import { listChanged } from './changed-migrations.js';
import { cancellation } from './failures.js';
import { LearnedDurations } from './learned-durations.js';
import { ListingWindow, type Watched } from './listing-window.js';
import { NovaClock } from './nova-time.js';
import { RecentRecords } from './recent-records.js';
import { clockSeconds, Patience } from './waiting.js';
import { type LastPass, nextLook, type Paced, type PaceSettings } from './watch-pace.js';

export interface WatchView {
  /** The server's records, as the listings since it is watched have told them last; newest first. */
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
  /** It was asked for just now: its end is soon, or teaches how soon ends are. */
  isNew?: boolean;
}

interface Entry extends Paced, Watched {
  serverId: string;
  records: ComputeMigration[];
  patience: Patience;
  /** What the last look showed; undefined: there was none. */
  seen: string | undefined;
  /** True where the server must be read. */
  look: (view: WatchView) => boolean;
  fail: (error: unknown) => void;
}

export interface WatchSettings extends PaceSettings {
  /** How long reads may fail in passing. */
  read_errors: number;
}

/** Servers read at once in a pass. */
const READS_AT_ONCE = 8;
/**
 * Between two listings at least so long, and a few times as long as one takes: newcomers on a quick cloud are looked at together.
 * A listing of thousands of records costs Nova and this worker more than all else that they do for a migration.
 */
const GAP_MIN_S = 0.01;
const GAP_PER_LISTING = 3;
/** From the beginning of one to that of the next. */
const GAP_MAX_S = 1;
/** One that takes longer is followed by a pause all the same: the first one, or this share of what it took. */
const PAUSE_PER_LISTING = 0.25;

export class ServerWatch {
  private readonly entries = new Set<Entry>();
  private readonly learned = new LearnedDurations();
  private readonly window = new ListingWindow();
  private running = false;
  private stop = new AbortController();
  private wake: (entry?: Entry) => void = () => undefined;
  private lastPass: LastPass = { begun: -Infinity, ended: -Infinity };
  private notBefore = -Infinity;

  constructor(
    private readonly compute: Compute,
    private readonly settings: WatchSettings,
    private readonly told = { clock: new NovaClock(), records: new RecentRecords() },
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
      const now = clockSeconds();
      const entry: Entry = {
        serverId: options.serverId,
        since: options.since,
        records: [],
        joinedAt: now,
        quietSince: now,
        isNew: options.isNew === true,
        patience: new Patience(this.settings.read_errors),
        seen: undefined,
        look: (view) => {
          const verdict = judge(view);
          if (verdict === 'read-server') return true;
          if (verdict === 'wait') return false;
          leave();
          if (entry.isNew) this.learned.ended(clockSeconds() - entry.joinedAt);
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
    if (this.running) this.wake(entry);
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
      this.learned.looked();
      const begun = clockSeconds();
      const listed = await this.pass();
      const ended = clockSeconds();
      this.lastPass = { begun, ended };
      this.notBefore = this.earliestNext(this.lastPass, listed);
    }
    this.running = false;
  }

  private dueAt(entry: Entry): number {
    const at = nextLook(entry, this.lastPass, this.learned, this.settings, this.entries.size);
    return Math.max(at, this.notBefore);
  }

  /** Until the first of them is to be looked at; of a newcomer only itself is asked for. */
  private async sleep(): Promise<void> {
    await new Promise<void>((resolve) => {
      let dueAt = Infinity;
      let timer: NodeJS.Timeout | undefined;
      const until = (at: number): void => {
        if (at >= dueAt) return;
        dueAt = at;
        clearTimeout(timer);
        timer = setTimeout(resolve, Math.max(at - clockSeconds(), 0) * 1000);
      };
      for (const entry of this.entries) until(this.dueAt(entry));
      this.wake = (entry) => until(entry === undefined ? -Infinity : this.dueAt(entry));
    });
    this.wake = () => undefined;
  }

  /** Gives back when the listing was over. */
  private async pass(): Promise<number> {
    const entries = [...this.entries];
    let changed: Map<string, ComputeMigration[]>;
    try {
      changed = await this.list(entries);
    } catch (error) {
      for (const entry of entries) this.bear(entry, error);
      return clockSeconds();
    }
    const listed = clockSeconds();
    await mapBounded(entries, READS_AT_ONCE, async (entry) =>
      this.judge(entry, changed.get(entry.serverId) ?? []),
    );
    return listed;
  }

  /** Also for newcomers. What is looked at at the usual pace is held up by a slow listing only. */
  private earliestNext({ begun, ended }: LastPass, listed: number): number {
    const { poll_first: first } = this.settings;
    const took = listed - begun;
    const gap = Math.min(Math.max(GAP_PER_LISTING * took, GAP_MIN_S), Math.max(took, first));
    const latest = Math.max(begun + GAP_MAX_S, ended + Math.max(first, PAUSE_PER_LISTING * took));
    return Math.min(listed + gap, latest);
  }

  private async list(entries: Entry[]): Promise<Map<string, ComputeMigration[]>> {
    const at = clockSeconds();
    const window = this.window.next(entries, this.told.clock.latest, at);
    if (window === null) return new Map();
    const { since: changedSince, isWhole } = window;
    const { signal } = this.stop;
    const listed = await listChanged(
      this.compute,
      this.told,
      { changedSince, isWhole },
      { signal },
    );
    if (isWhole) this.window.listedWhole(at);
    const watched = new Set(entries.map(({ serverId }) => serverId));
    const own = listed.filter(({ serverId }) => watched.has(serverId));
    return groupBy(own, ({ serverId }) => serverId);
  }

  private async judge(entry: Entry, changed: ComputeMigration[]): Promise<void> {
    const records = withChanges(entry.records, changed);
    entry.records = records;
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
      return;
    }
    const now = JSON.stringify([
      records.map((record) => [record.id, record.status]),
      server === undefined ? null : [server?.status, server?.taskState, server?.host],
    ]);
    if (entry.seen !== now) entry.quietSince = clockSeconds();
    entry.seen = now;
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

function withChanges(
  records: ComputeMigration[],
  changed: readonly ComputeMigration[],
): ComputeMigration[] {
  if (changed.length === 0) return records;
  const ids = new Set(changed.map(({ id }) => id));
  return [...changed, ...records.filter(({ id }) => !ids.has(id))].toSorted((a, b) => b.id - a.id);
}
