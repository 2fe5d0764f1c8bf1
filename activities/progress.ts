/**
 * Whether a migration that has begun gets on, by what Nova tells of it. Reads only; what is to be done about one that does
 * not is the caller's to say.
 *
 * Progress is any change: of the record's status, of its updated_at, or of the bytes that are left or done. libvirt's driver
 * writes the bytes every five seconds (nova/virt/libvirt/driver.py, _live_migration_monitor), and whatever changes a record
 * changes its updated_at (oslo_db/sqlalchemy/models.py, TimestampMixin). So the listing that is read anyway tells most;
 * the bytes are read only of a record that has been silent for long. A migration that copies for ever without coming to
 * an end does get on, in this sense: its time limit ends the waiting for it.
 */
import type { ComputeMigration, MigrationBytes } from '../src/openstack/cloud.js';
import { isTransient } from '../src/openstack/errors.js';
import type { Kit } from './kit.js';
import { isQueued } from './move-decision.js';
import type { Stuck } from './types.js';
import { clockSeconds } from './waiting.js';
import type { Run } from './waiting.js';

/** What was found: all of `Stuck` that Nova tells, and a sentence. */
export interface Silence extends Pick<Stuck, 'migration_uuid' | 'mark' | 'silent_for' | 'ran_for'> {
  said: string;
}

export class Progress {
  private seen: string | null = null;
  private bytes: string | null = null;
  private since = 0;
  private startedAt: number | null = null;
  /** This silence is known to whoever asked. */
  private isTold = false;

  /**
   * `reported`: the last silence that is known already. Of the same one nothing is said again, unless `again`: then once more,
   * at the first look, if nothing has changed since.
   */
  constructor(
    private readonly limitS: number,
    private readonly reported: Stuck | null,
    private readonly again: boolean,
  ) {}

  /** Seconds since Nova has begun with it; null while it waits its turn. */
  ranFor(): number | null {
    return this.startedAt === null ? null : clockSeconds() - this.startedAt;
  }

  /** Take note of a reading of an open record. true: it has been silent for so long that `look` is due. */
  saw(record: ComputeMigration): boolean {
    const now = clockSeconds();
    if (isQueued(record)) return false;
    if (this.startedAt === null) this.begin(record, now);
    const mark = markOf(record);
    if (mark !== this.seen) {
      this.seen = mark;
      this.goesOn(now);
    }
    if (this.isTold) return false;
    const silent = now - this.since;
    return silent >= this.limitS || (this.bytes === null && silent >= this.limitS / 2);
  }

  /** Read the bytes. null: it goes on, or has not been silent for long enough, or that cannot be known just now. */
  async look(kit: Kit, run: Run, record: ComputeMigration): Promise<Silence | null> {
    const found = await bytesOf(kit, run, record);
    if (found === undefined) return null;
    const now = clockSeconds();
    const bytes = JSON.stringify(found);
    if (this.bytes !== null && this.bytes !== bytes) this.goesOn(now);
    this.bytes = bytes;
    const silentFor = now - this.since;
    if (silentFor < this.limitS) return null;
    this.isTold = true;
    return {
      migration_uuid: record.uuid,
      mark: `${markOf(record)} ${bytes}`,
      silent_for: Number(secondsText(silentFor)),
      ran_for: this.ranFor() ?? 0,
      said: `its migration made no progress for ${secondsText(silentFor)} s (${told(record, found)})`,
    };
  }

  private begin(record: ComputeMigration, now: number): void {
    const { reported } = this;
    this.startedAt = now;
    this.since = now;
    this.seen = markOf(record);
    if (reported?.migration_uuid !== record.uuid) return;
    this.startedAt = now - reported.ran_for;
    if (!reported.mark.startsWith(`${this.seen} `)) return;
    this.since = now - reported.silent_for;
    this.bytes = reported.mark.slice(this.seen.length + 1);
    this.isTold = !this.again;
  }

  private goesOn(now: number): void {
    this.since = now;
    this.bytes = null;
    this.isTold = false;
  }
}

function markOf({ status, updatedAt }: ComputeMigration): string {
  return `${status} ${updatedAt ?? '-'}`;
}

/** null: Nova tells no bytes (a cold migration, or a driver that counts none). undefined: not to be had just now. */
async function bytesOf(
  kit: Kit,
  run: Run,
  record: ComputeMigration,
): Promise<MigrationBytes | null | undefined> {
  try {
    const all = await kit.cloud.compute.listMigrationsInProgress(record.serverId, {
      signal: run.signal,
    });
    return all.find(({ id }) => id === record.id)?.bytes ?? null;
  } catch (error) {
    if (run.signal.aborted || !isTransient(error)) throw error;
    return undefined;
  }
}

type Count = number | null | undefined;

function told({ status }: ComputeMigration, bytes: MigrationBytes | null): string {
  const left = [
    ...leftOf('memory', bytes?.memoryRemaining, bytes?.memoryTotal),
    ...leftOf('disk', bytes?.diskRemaining, bytes?.diskTotal),
  ];
  return left.length === 0 ? `${status}, and Nova tells no figures` : [status, ...left].join(', ');
}

function leftOf(what: string, remaining: Count, total: Count): string[] {
  if (typeof remaining !== 'number' || typeof total !== 'number' || total === 0) return [];
  return [`${mebibytes(remaining)} of ${mebibytes(total)} MiB of ${what} left`];
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}

/** "0.3", "300". */
function secondsText(seconds: number): string {
  return seconds < 10 ? seconds.toFixed(1) : String(Math.floor(seconds));
}
