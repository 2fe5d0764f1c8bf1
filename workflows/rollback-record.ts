/**
 * What a rollback knows of itself: compensations with their outcomes, counts, history; and the result made of it,
 * bounded in size. Knows nothing of activities or of how compensations are run.
 */
import { patched, workflowInfo } from '@temporalio/workflow';
import type { RunLimits } from '../activities/types.js';
import type { CloudId } from '../src/domain/cloud-id.js';
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import type { RequestedBy, RollbackOptions } from '../src/domain/options.js';
import { shorten } from '../src/domain/report.js';
import type { HistoryEntry, RollbackResult } from '../src/domain/result.js';
import { type Counts, type Outcome, type RollbackState } from '../src/domain/states.js';
import { boundedCompensations, lastEntries, pageOf } from './bounded-result.js';
import type { CarriedState, CompensationsPage, PageAsked } from './messages.js';

/** Kept in memory and across continue-as-new. */
const HISTORY_ENTRIES_MAX = 1000;
const OWN_EVENTS_MIN = 500;
const HISTORY_BYTES_MAX = 6_000_000;
const CALLS_MAX = 1000;
/** Of a reason or a message, whatever a cloud says. */
const SENTENCE_BYTES_MAX = 1000;

export class RollbackRecord {
  readonly uuid: string;
  readonly createdAt: string;
  state: RollbackState = 'PENDING';
  options: RollbackOptions;
  limits: RunLimits;
  /** undefined: accepted by a worker that did not say. */
  readonly cloud: CloudId | undefined;
  failure: RollbackResult['failure'] = null;
  /** Events that it took to take over what the run before knew: they must not count, or a run might do nothing else. */
  takenOverWith = 0;
  /** Updates that this run has taken. */
  calls = 0;
  /** When the reads of the layout began; null: in an earlier run. */
  laidOutSinceMs: number | null = null;
  /** No worker of version 0.1.0 can have decided anything in this run (acceptance.ts). */
  isUnmixed = false;
  /** Told of every note, right after it is made. */
  onNote: ((event: string, message: string) => void) | null = null;
  readonly history: HistoryEntry[];
  readonly counts: Counts = {};
  private readonly compensations: LaidOutCompensation[];
  private readonly byAction = new Map<string, LaidOutCompensation>();
  private readonly byState = new Map<Outcome, Set<LaidOutCompensation>>();
  private updatedAt: string;
  private changed = 0;
  private historyCut = false;

  constructor(
    readonly planUuid: string,
    readonly requestedBy: RequestedBy,
    start: Pick<CarriedState, 'options' | 'limits' | 'compensations'> & Partial<CarriedState>,
  ) {
    const info = workflowInfo();
    this.uuid = start.uuid ?? info.firstExecutionRunId;
    this.createdAt = start.created_at ?? info.startTime.toISOString();
    this.updatedAt = now();
    this.options = start.options;
    this.limits = start.limits;
    this.cloud = start.cloud;
    this.history = start.history ?? [];
    this.compensations = start.compensations;
    for (const compensation of this.compensations) {
      this.byAction.set(compensation.action_uuid, compensation);
      this.enter(compensation);
    }
  }

  get(actionUuid: string): LaidOutCompensation | undefined {
    return this.byAction.get(actionUuid);
  }

  mustGet(actionUuid: string): LaidOutCompensation {
    const compensation = this.get(actionUuid);
    if (compensation === undefined) throw new Error(`no compensation of action ${actionUuid}`);
    return compensation;
  }

  /** How many are not final yet. */
  openCount(): number {
    return (this.counts.PENDING ?? 0) + (this.counts.ONGOING ?? 0);
  }

  all(): readonly LaidOutCompensation[] {
    return this.compensations;
  }

  /** Those in a state, without a look at all the others. */
  inState(state: Outcome): Iterable<LaidOutCompensation> {
    return this.byState.get(state) ?? [];
  }

  /** Change one compensation; counts and times follow. */
  update(compensation: LaidOutCompensation, change: Partial<LaidOutCompensation>): void {
    const { state } = compensation;
    Object.assign(compensation, change);
    if (compensation.reason !== null) {
      compensation.reason = shorten(compensation.reason, SENTENCE_BYTES_MAX);
    }
    if (compensation.state !== state) {
      this.leave(compensation, state);
      this.enter(compensation);
    }
    this.touch();
  }

  note(event: string, message: string, actionUuid: string | null = null): void {
    this.touch();
    this.history.push({
      time: this.updatedAt,
      action_uuid: actionUuid,
      event,
      message: shorten(message, SENTENCE_BYTES_MAX),
    });
    if (this.history.length > HISTORY_ENTRIES_MAX) {
      this.history.shift();
      this.historyCut = true;
    }
    this.onNote?.(event, message);
  }

  /** Differs from what it was where anything has changed. */
  get changes(): number {
    return this.changed;
  }

  /** ISO 8601. */
  lastChange(): string {
    return this.updatedAt;
  }

  setState(state: RollbackState): void {
    this.state = state;
    this.touch();
  }

  /** The rollback result so far, without compensations and history (isBrief). */
  brief(): RollbackResult {
    return { ...this.head(), truncated: true, compensations: [], history: [] };
  }

  /** The rollback result so far. */
  result(): RollbackResult {
    const { compensations, isCut } = boundedCompensations(this.compensations);
    const history = lastEntries(this.history);
    return {
      ...this.head(),
      truncated: isCut || history.length < this.history.length || this.historyCut,
      compensations,
      history,
    };
  }

  private head(): RollbackResult {
    const info = workflowInfo();
    return {
      action_plan_uuid: this.planUuid,
      uuid: this.uuid,
      state: this.state,
      restored: this.state === 'SUCCEEDED',
      dry_run: false,
      truncated: false,
      created_at: this.createdAt,
      updated_at: this.updatedAt,
      options: this.options,
      requested_by: this.requestedBy,
      counts: { ...this.counts },
      failure: this.failure,
      compensations: [],
      history: [],
      workflow: {
        id: info.workflowId,
        run_id: info.runId,
        namespace: info.namespace,
        web_url: null,
      },
      links: [],
    };
  }

  page(asked: PageAsked): CompensationsPage {
    return pageOf(this.compensations, asked);
  }

  carry(
    others: Pick<
      CarriedState,
      'paused' | 'held' | 'time_used' | 'room_passes' | 'enabled_hosts' | 'told_of_failure'
    >,
  ): CarriedState {
    return {
      ...others,
      uuid: this.uuid,
      created_at: this.createdAt,
      options: this.options,
      limits: this.limits,
      ...(this.cloud !== undefined && { cloud: this.cloud }),
      compensations: this.compensations,
      history: this.history,
    };
  }

  private touch(): void {
    this.changed += 1;
    this.updatedAt = now();
  }

  private enter(compensation: LaidOutCompensation): void {
    const { state } = compensation;
    const those = this.byState.get(state) ?? new Set();
    this.byState.set(state, those.add(compensation));
    this.counts[state] = those.size;
  }

  private leave(compensation: LaidOutCompensation, state: Outcome): void {
    const those = this.byState.get(state);
    those?.delete(compensation);
    if (those === undefined || those.size === 0) delete this.counts[state];
    else this.counts[state] = those.size;
  }
}

/**
 * Whether a rollback should go on in a new run, once nothing is in flight. Temporal advises it from 4,096 events or 4 MB on, and
 * warns from 10,240 or 10 MB on. Each new run of a large rollback costs a pause and its state twice, so the advice is followed
 * only where it is for the calls of one run, of which Temporal takes 2,000: events have a limit of their own, and bytes are left
 * enough room for handing the state on.
 */
export function historyIsLong({ limits, takenOverWith, calls }: RollbackRecord): boolean {
  const { continueAsNewSuggested: isAdvised, historyLength, historySize } = workflowInfo();
  const own = historyLength - takenOverWith;
  if (own > limits.continue_as_new_after) return true;
  // Taking over may cost many bytes: they count once the run has done something.
  if (takenOverWith > 0 && own <= OWN_EVENTS_MIN) return false;
  const isLarge = historySize > HISTORY_BYTES_MAX || (isAdvised && calls > CALLS_MAX);
  if (!isAdvised && !isLarge) return false;
  return patched('longer-runs') ? isLarge : isAdvised;
}

/** Workflow time: the SDK makes Date deterministic. */
export function now(): string {
  return new Date().toISOString();
}
