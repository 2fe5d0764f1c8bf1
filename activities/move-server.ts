/**
 * liveMigrateServer and coldMigrateServer: bring a server back to a host. Read, judge (move-decision.ts), do the one
 * next thing, read again: so a retry, a lost answer or a duplicate finds what is under way and joins it. The reading
 * that ends a migration is judged as it is.
 * It must not know about order or about other servers.
 */
import type { ComputeMigration, ComputeServer } from '../src/openstack/cloud.js';
import type { MoveServerWork } from '../src/domain/layout-types.js';
import type { Evidence } from '../src/domain/result.js';
import { NovaRequests } from './ask-nova.js';
import type { Asked } from './ask-nova.js';
import { failure } from './failures.js';
import { firstAfter, followMigration, lastAfter } from './follow-migration.js';
import type { FollowEnd, Followed } from './follow-migration.js';
import type { Kit } from './kit.js';
import { askToConfirm } from './move-confirmation.js';
import { decideMove, isFailed, isForHosts, isOpen } from './move-decision.js';
import type { MoveDecision, MoveView } from './move-decision.js';
import { failedMove, refusedMove, unrecorded } from './move-failures.js';
import type { MoveFailure } from './move-failures.js';
import { MoveProgress } from './move-progress.js';
import { MoveReadings } from './move-reading.js';
import { MoveSlot } from './move-slot.js';
import { MoveWaits } from './move-waits.js';
import { later, wellBefore } from './nova-time.js';
import { readServer } from './reading.js';
import { report, serverNow } from './reports.js';
import type { CompensationInput, CompensationReport } from './types.js';
import type { Run } from './waiting.js';

/** Readings of one attempt at most: each one follows, waits or asks for something that is bounded by itself. */
const ROUNDS_MAX = 100;
/** A reading that is younger than this is good enough to act on; Nova checks again anyway. */
const FRESH_S = 0.5;

export async function moveServer(
  kit: Kit,
  run: Run,
  input: CompensationInput<MoveServerWork>,
  way: 'live' | 'cold',
): Promise<CompensationReport> {
  const move = new Move(kit, run, input, way);
  try {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const ended = await move.step();
      if (ended !== undefined) {
        if (ended.outcome === 'NO_PROGRESS') move.slot.handOver();
        return { ...ended, evidence: { ...move.evidence, ...ended.evidence } };
      }
    }
  } finally {
    move.slot.release();
  }
  throw failure('ServerBusy', `The server ${input.work.serverName} did not come to rest.`);
}

interface Look {
  view: MoveView;
  decision: MoveDecision;
}

/** One attempt: what it has asked for and seen so far. */
class Move {
  readonly evidence: Evidence = {};
  readonly slot: MoveSlot;
  private readonly work: MoveServerWork;
  private acted: boolean;
  private ignoreOpenRecord = false;
  /** What a migration that is over, or was refused, has left to be done. */
  private atEnd: Look | null = null;
  private readonly readings: MoveReadings;
  private readonly waits: MoveWaits;
  private readonly requests: NovaRequests;
  private readonly progress: MoveProgress;

  constructor(
    private readonly kit: Kit,
    private readonly run: Run,
    private readonly input: CompensationInput<MoveServerWork>,
    private readonly way: 'live' | 'cold',
  ) {
    this.work = input.work;
    this.acted = run.asked();
    this.readings = new MoveReadings(kit, run, input, way);
    this.waits = new MoveWaits(kit, run, input.work.serverName);
    this.requests = new NovaRequests(kit, run, input.work.serverId);
    this.progress = new MoveProgress(kit, run, input);
    this.slot = new MoveSlot(kit, run, input.rollback_id);
  }

  /** Read and do the next thing; a report once there is nothing more to do. */
  async step(): Promise<CompensationReport | undefined> {
    const { view, decision } = await this.look();
    if (decision.do !== 'wait') this.waits.over();
    switch (decision.do) {
      case 'report':
        return decision.report;
      case 'fail':
        throw failure(decision.type, decision.message);
      case 'wait':
        return this.waitOut(decision, view);
      case 'wait-for-host':
        return this.waits.untilHostIsUp(this.work.to);
      case 'follow':
        this.slot.occupy(this.bothEnds(view));
        return this.follow(view, {
          ...this.followed(view),
          record: decision.record,
          since: wellBefore(decision.record.createdAt),
        });
      case 'confirm':
        return this.confirm(view, decision.record.uuid);
      default:
        this.progress.endIfAborted(view.records);
        return this.slot.isHeld() ? this.ask(view) : this.takeSlot(view);
    }
  }

  private async look(): Promise<Look> {
    const { atEnd } = this;
    this.atEnd = null;
    const isToAsk = (view: MoveView): boolean => this.decide(view).do === 'ask';
    return atEnd ?? this.judged(await this.readings.next(this.acted, isToAsk));
  }

  private judged(view: MoveView): Look {
    return { view, decision: this.decide(view) };
  }

  private decide(view: MoveView): MoveDecision {
    return decideMove(view, {
      way: this.way,
      work: this.work,
      onDrift: this.input.on_drift,
      acted: this.acted,
      ignoreOpenRecord: this.ignoreOpenRecord,
    });
  }

  private async waitOut(wait: MoveDecision & { do: 'wait' }, view: MoveView): Promise<undefined> {
    const { server } = view;
    if (server === null) return undefined;
    const changed = await this.waits.until(wait, { ...view, server }, (now) => this.decide(now));
    if (!changed) this.ignoreOpenRecord = true;
    return undefined;
  }

  // ---- the bound per host

  /** Then ask; after a long wait for the slot, only once it has been read again, as if for the first time. */
  private async takeSlot(view: MoveView): Promise<CompensationReport | undefined> {
    const waited = await this.slot.take(this.bothEnds(view));
    if (waited <= FRESH_S) return this.ask(view);
    this.readings.beginAnew();
    return undefined;
  }

  private bothEnds(view: MoveView): string[] {
    return [view.server?.host ?? this.work.from, this.work.to];
  }

  // ---- asking and following

  private followed(view: MoveView): Followed {
    return {
      serverId: this.work.serverId,
      serverName: this.work.serverName,
      after: Math.max(this.work.sinceMigrationId, ...view.records.map((record) => record.id)),
      ownUserId: view.ownUserId,
      since: null,
      record: null,
    };
  }

  private async ask(view: MoveView): Promise<CompensationReport | undefined> {
    const { compute } = this.kit.cloud;
    const { serverId, to } = this.work;
    const options = { signal: this.run.signal };
    const asked = await this.requests.ask(() =>
      this.way === 'live'
        ? compute.liveMigrate(serverId, to, options)
        : compute.coldMigrate(serverId, to, options),
    );
    if (asked.is === 'refused') return this.refused(asked.said, view);
    if (asked.is !== 'accepted') return this.readAgain(asked);
    this.progress.asked();
    if (asked.requestId !== null) this.evidence.nova_request_id = asked.requestId;
    // The listing begins at the latest time that Nova itself has told: our clock and Nova's may differ.
    const updatedAt = view.server?.updatedAt ?? null;
    return this.follow(view, {
      ...this.followed(view),
      type: this.way === 'live' ? 'live-migration' : 'migration',
      since: wellBefore(later(this.kit.clock.latest, updatedAt)),
      isNew: true,
    });
  }

  private readAgain(asked: Asked): undefined {
    if (asked.is === 'gone') this.acted = true;
    return undefined;
  }

  private async follow(view: MoveView, what: Followed): Promise<CompensationReport | undefined> {
    this.acted = true;
    const followed = await followMigration(this.kit, this.run, what, this.progress.watched());
    let { record } = followed;
    if (record === null) {
      // The listing may have been asked from too late a time: look at all records of the server once.
      const { records, server } = await this.readings.anew();
      record = firstAfter(records, what);
      if (record === null && server === null) return undefined;
      if (record === null) throw unrecorded(this.kit, this.work, this.evidence.nova_request_id);
    }
    this.evidence.migration_uuid = record.uuid;
    if (followed.silence !== undefined) {
      const said = await this.progress.act(followed.silence, record, view);
      return said ?? this.follow(view, { ...what, record, isNew: false });
    }
    if (followed.stale) this.ignoreOpenRecord = true;
    if (isFailed(record)) return this.failed(view, record, what, followed);
    if (followed.server !== undefined && !isOpen(record)) {
      const others = view.records.filter((one) => one.id !== record.id);
      const end = this.judged({ ...view, server: followed.server, records: [record, ...others] });
      // Anything else depends on more than what was read at the end.
      if (end.decision.do === 'report' || end.decision.do === 'confirm') this.atEnd = end;
    }
    return undefined;
  }

  private async confirm(view: MoveView, uuid: string): Promise<CompensationReport | undefined> {
    this.evidence.migration_uuid = uuid;
    this.slot.occupy(this.bothEnds(view));
    const asked = await askToConfirm(this.kit, this.run, this.requests, this.work);
    if (asked.is !== 'accepted') return this.readAgain(asked);
    const record = view.records.find((one) => one.uuid === uuid) ?? null;
    return this.follow(view, {
      ...this.followed(view),
      // As if it were already: only what comes after `finished` is of interest now.
      record: record === null ? null : { ...record, status: 'confirming' },
      since: wellBefore(record?.createdAt ?? null),
      isNew: true,
    });
  }

  // ---- how it can fail

  private async refused(said: string, view: MoveView): Promise<CompensationReport | undefined> {
    const now = view.hostsFromBefore === true ? await this.readings.anew() : null;
    if (now !== null && this.isForHosts(now)) return undefined;
    return this.ended(refusedMove(this.work, this.way, said, view.server), view.server);
  }

  private async failed(
    view: MoveView,
    record: ComputeMigration,
    what: Followed,
    followed: FollowEnd,
  ): Promise<CompensationReport | undefined> {
    const { kit, run, work } = this;
    if (what.record === null) {
      const now = await this.readings.anew();
      // Of an earlier attempt, which nothing had shown before this one asked: ours is younger.
      const ours = lastAfter(now.records, { ...what, after: record.id });
      if (ours !== null) return this.follow(view, { ...what, record: ours });
      const notBegun = record.destCompute === null && record.status !== 'cancelled';
      if (notBegun && view.hostsFromBefore === true && this.isForHosts(now)) return undefined;
    }
    const server =
      followed.server === undefined ? await readServer(kit, run, work.serverId) : followed.server;
    const end = await failedMove(kit, run, {
      work,
      way: this.way,
      status: record.status,
      abortedAfter: this.progress.aborted(record),
      requestId: this.evidence.nova_request_id ?? null,
      server,
    });
    return this.ended(end, server ?? view.server);
  }

  /** Nova was asked on account of hosts as they were before, and nothing came of it. Now they stand in the way: that counts. */
  private isForHosts(now: MoveView): boolean {
    const look = this.judged(now);
    if (!isForHosts(look.decision)) return false;
    this.run.notAsked();
    this.acted = this.run.asked();
    this.slot.release();
    this.readings.onlyNew();
    this.atEnd = look;
    return true;
  }

  private ended(end: MoveFailure, server: ComputeServer | null): CompensationReport {
    if ('type' in end) throw failure(end.type, end.message);
    const { outcome, reason, ...more } = end;
    const now = server === null ? null : serverNow(server);
    return { ...report(outcome, reason, now, this.evidence), ...more };
  }
}
