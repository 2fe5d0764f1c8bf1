/**
 * What is done about a migration that makes no progress: it is reported; and then, where the caller asked for that and it is
 * this rollback's own, aborted. A cold migration is never aborted, nor is one of somebody else.
 */
import { metricMeter } from '@temporalio/activity';
import type { ComputeMigration } from '../src/openstack/cloud.js';
import { isBadRequest, isConflict, isForbidden, isNotFound } from '../src/openstack/errors.js';
import type { OpenStackHttpError } from '../src/openstack/errors.js';
import type { MoveServerWork } from '../src/domain/layout-types.js';
import { failure, sentence } from './failures.js';
import type { Kit } from './kit.js';
import { isOurs } from './move-decision.js';
import type { MoveView } from './move-decision.js';
import { abortedMove } from './move-failures.js';
import { Progress } from './progress.js';
import type { Silence } from './progress.js';
import { report } from './reports.js';
import type { CompensationInput, CompensationReport, Stuck } from './types.js';
import type { Run } from './waiting.js';

export class MoveProgress {
  private readonly reported: Stuck | null;
  private readonly abort: boolean;
  /** This attempt, or an earlier one as far as it could be told, asked Nova for a migration and was not refused. */
  private mine: boolean;
  private abortedNow: { uuid: string; after: number } | null = null;

  constructor(
    private readonly kit: Kit,
    private readonly run: Run,
    private readonly input: CompensationInput<MoveServerWork>,
  ) {
    this.reported = input.progress?.reported ?? null;
    this.abort = input.progress?.abort === true;
    this.mine = input.asked === true;
  }

  /** Nova has accepted a request of this attempt. */
  asked(): void {
    this.mine = true;
  }

  /** null: it is not looked for, because nobody would understand the report, or because it is being aborted. */
  watched(): Progress | null {
    if (this.input.progress === undefined || this.abortedNow !== null) return null;
    const again = this.abort && this.reported?.own === true && this.reported.abort_refused !== true;
    return new Progress(this.kit.settings.progress_timeout, this.reported, again);
  }

  /** A report, or undefined: it is being aborted, and is to be followed to its end. */
  async act(
    silence: Silence,
    record: ComputeMigration,
    view: MoveView,
  ): Promise<CompensationReport | undefined> {
    const { said, ...found } = silence;
    const stuck: Stuck = { ...found, own: this.isOwn(record, view) };
    if (!this.abort || !stuck.own) {
      const why = this.abort ? 'it is not one that can be aborted, and' : 'it';
      return this.say(stuck, `${said}; ${why} is followed on`);
    }
    // First it is said, where it lasts; the call that comes after that aborts it.
    if (this.reported?.mark !== stuck.mark) {
      return this.say(stuck, `${said}; Nova is going to be asked to abort it (abort_stuck)`);
    }
    const refused = await this.abortIt(record);
    if (refused === null) {
      this.abortedNow = { uuid: record.uuid, after: stuck.silent_for };
      return undefined;
    }
    const more = { ...stuck, abort_refused: true };
    return this.say(more, `${said}; Nova refused to abort it (${refused}), and it is followed on`);
  }

  /** Seconds without progress after which this record was aborted, by this call or the one before; null: it was not. */
  aborted(record: ComputeMigration): number | null {
    if (record.status !== 'cancelled') return null;
    if (this.abortedNow?.uuid === record.uuid) return this.abortedNow.after;
    const { reported } = this;
    const due = this.abort && reported?.own === true && reported.abort_refused !== true;
    return due && reported.migration_uuid === record.uuid ? reported.silent_for : null;
  }

  /** An earlier call had it aborted, and died before it could say so: that is no reason to begin anew. */
  endIfAborted(records: ComputeMigration[]): void {
    for (const record of records) {
      const silentFor = this.aborted(record);
      if (silentFor === null) continue;
      const { type, message } = abortedMove(this.input.work, silentFor);
      throw failure(type, message);
    }
  }

  private isOwn(record: ComputeMigration, { ownUserId }: MoveView): boolean {
    if (this.reported?.migration_uuid === record.uuid) return this.reported.own;
    if (record.type !== 'live-migration' || ownUserId === null) return false;
    return this.mine && isOurs(record, this.input.work, ownUserId);
  }

  private say(stuck: Stuck, reason: string): CompensationReport {
    metricMeter
      .createCounter('watcher_rollback_migrations_stuck', 'report', 'Reports of no progress.')
      .add(1);
    const evidence = { migration_uuid: stuck.migration_uuid };
    return { ...report('NO_PROGRESS', reason, null, evidence), stuck, asked: this.run.asked() };
  }

  /** null: accepted. Refused where it is not (any more) in a state for it: then its end is near, or it has come. */
  private async abortIt({ serverId, id }: ComputeMigration): Promise<string | null> {
    try {
      await this.kit.cloud.compute.abortLiveMigration(serverId, id, { signal: this.run.signal });
      return null;
    } catch (error) {
      if (isRefusal(error)) return sentence(error);
      throw error;
    }
  }
}

function isRefusal(error: unknown): error is OpenStackHttpError {
  return isBadRequest(error) || isNotFound(error) || isConflict(error) || isForbidden(error);
}
