/**
 * Reads that several moves want at about the same time, sent once for all of them. An answer is never older than the
 * question: who asks joins a read that has not been sent yet, or opens a new one. It must not know what is decided
 * from what was read.
 */
import type { Compute, ComputeMigration, ComputeService } from '../src/openstack/cloud.js';
import { listChanged } from './changed-migrations.js';
import { cancellation } from './failures.js';
import { earliest, type NovaClock, secondsBetween, wellBefore } from './nova-time.js';
import type { RecentRecords } from './recent-records.js';
import type { RecentServices } from './recent-services.js';
import { clockSeconds } from './waiting.js';

/** A read waits for others that want the same: so long after the last one came, and so long in all. */
const GATHER_MS = 10;
const GATHER_MAX_MS = 40;
/** A listing of a longer time of the whole cloud's migrations costs more than what it saves. */
const SPAN_MAX_S = 600;

interface Gathering<Q, A> {
  questions: Q[];
  answer: Promise<A>;
  waiting: number;
  stop: AbortController;
}

/** Questions that come within a moment are answered by one read, which is sent after all of them have come. */
export class Gathered<Q, A> {
  private gathering: Gathering<Q, A> | null = null;

  constructor(
    private readonly read: (questions: readonly Q[], signal: AbortSignal) => Promise<A>,
    private readonly gather = { eachMs: GATHER_MS, allMs: GATHER_MAX_MS },
  ) {}

  /** Rejects at once when its own signal is aborted; the read itself stops when nobody waits for it any more. */
  async ask(question: Q, signal: AbortSignal): Promise<A> {
    if (signal.aborted) throw cancellation(signal);
    const gathering = this.gathering ?? this.open();
    gathering.questions.push(question);
    gathering.waiting += 1;
    return new Promise<A>((resolve, reject) => {
      const onAbort = (): void => {
        gathering.waiting -= 1;
        if (gathering.waiting === 0) this.drop(gathering);
        reject(cancellation(signal));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      const over = (): void => signal.removeEventListener('abort', onAbort);
      gathering.answer.then(resolve, reject).finally(over);
    });
  }

  private open(): Gathering<Q, A> {
    const questions: Q[] = [];
    const stop = new AbortController();
    const answer = this.gathered(questions).then(() => {
      // From here on nobody joins: what is about to be read may be too old for who comes later.
      this.close(opened);
      stop.signal.throwIfAborted();
      return this.read(questions, stop.signal);
    });
    const opened: Gathering<Q, A> = { questions, answer, waiting: 0, stop };
    this.gathering = opened;
    return opened;
  }

  /** Until nobody has come for a moment. */
  private async gathered(questions: readonly Q[]): Promise<void> {
    const { eachMs, allMs } = this.gather;
    const start = performance.now();
    // What is asked in the same breath is not somebody who comes later.
    await Promise.resolve();
    let seen = 0;
    do {
      seen = questions.length;
      const left = start + allMs - performance.now();
      await new Promise((resolve) => setTimeout(resolve, Math.max(Math.min(eachMs, left), 1)));
    } while (questions.length > seen && performance.now() - start < allMs);
  }

  private close(gathering: Gathering<Q, A>): void {
    if (this.gathering === gathering) this.gathering = null;
  }

  private drop(gathering: Gathering<Q, A>): void {
    this.close(gathering);
    gathering.stop.abort();
  }
}

interface RecordsWanted {
  serverId: string;
  /** Nova's time: what changed before it is known to be of no account. */
  since: string;
}

/** What moves read before they ask Nova for anything. */
export class SharedReads {
  private readonly services: Gathered<string, ComputeService[]>;
  private readonly migrations: Gathered<RecordsWanted, ComputeMigration[]>;

  /** What was read is told to these as well. */
  constructor(
    compute: Compute,
    told: { clock: NovaClock; records: RecentRecords; services: RecentServices },
  ) {
    const { clock } = told;
    this.services = new Gathered(async (hosts, signal) => {
      const [first, ...others] = new Set(hosts);
      const filter = first === undefined || others.length > 0 ? {} : { host: first };
      const at = clockSeconds();
      const listed = await compute.listServices(filter, { signal });
      told.services.saw(listed, at);
      return listed;
    });
    this.migrations = new Gathered(async (wanted, signal) => {
      const first = earliest(wanted.map(({ since }) => since));
      const span = secondsBetween(first, clock.latest);
      const changedSince = wellBefore(first);
      if (wanted.length > 1 && changedSince !== null && (span ?? 0) <= SPAN_MAX_S) {
        return await listChanged(compute, told, { changedSince, isWhole: true }, { signal });
      }
      const all = wanted.map(({ serverId }) => compute.listMigrations({ serverId }, { signal }));
      return clock.saw((await Promise.all(all)).flat());
    });
  }

  /** nova-compute of a host; null where there is none (any more). */
  async computeService(host: string, signal: AbortSignal): Promise<ComputeService | null> {
    const services = await this.services.ask(host, signal);
    return (
      services.find((service) => service.host === host && service.binary === 'nova-compute') ?? null
    );
  }

  /**
   * The server's migration records, or those changed since then. Without what was only just made and never changed:
   * `changes-since` does not show it (watch.ts). A server with no task in progress has none of those: Nova sets its
   * task_state before it makes the record (nova/compute/api.py, live_migrate and resize).
   */
  async records(wanted: RecordsWanted, signal: AbortSignal): Promise<ComputeMigration[]> {
    const listed = await this.migrations.ask(wanted, signal);
    return listed.filter((record) => record.serverId === wanted.serverId);
  }
}
