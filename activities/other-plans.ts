/**
 * Watcher's other plans, as many rollbacks at once want them: one listing at a time for all who wait, and the actions of a plan
 * that has ended read once, for they do not change any more. Where a thousand plans are to be rolled back, each would else read
 * all the others. It must not know what is decided from them.
 */
import type { InfraOptim, WatcherAction, WatcherActionPlan } from '../src/openstack/cloud.js';
import { raceAbort } from '../src/openstack/race-abort.js';
import { InBatches } from './in-batches.js';
import { earliest } from './nova-time.js';

/** Of ended plans, in all; the least recently asked for go first. */
const ACTIONS_KEPT_MAX = 200_000;
/** Watcher takes several queries for each plan that it lists: by far the dearest read of all. */
const LISTINGS_AT_ONCE = 1;
/** States of a plan that ran and does not run any more. */
export const ENDED: ReadonlySet<string> = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);

/** PENDING ones of an ended plan may still be ended by Watcher. */
const UNDER_WAY: ReadonlySet<string> = new Set(['PENDING', 'ONGOING']);

interface Kept {
  /** Of the plan as it was listed: another one means that it is not the same any more. */
  version: string;
  actions: Promise<WatcherAction[]>;
  count: number;
}

export class OtherPlans {
  private readonly listings: InBatches<string, WatcherActionPlan[]>;
  /** By plan; in the order of their last use. */
  private readonly kept = new Map<string, Kept>();
  private keptActions = 0;

  constructor(private readonly optimizer: InfraOptim) {
    this.listings = new InBatches(
      (times) => optimizer.listActionPlans({ changedSince: earliest(times) }),
      LISTINGS_AT_ONCE,
    );
  }

  /** Every plan that changed since then, or runs; older ones may be among them. */
  async list(changedSince: string, signal: AbortSignal): Promise<WatcherActionPlan[]> {
    return await this.listings.ask(changedSince, signal);
  }

  async actionsOf(plan: WatcherActionPlan, signal: AbortSignal): Promise<WatcherAction[]> {
    if (!ENDED.has(plan.state)) return await this.optimizer.listActions(plan.uuid, { signal });
    const version = `${plan.state} ${plan.updatedAt ?? ''}`;
    const known = this.kept.get(plan.uuid);
    const kept = known?.version === version ? known : this.read(plan.uuid, version);
    // To the end of the order.
    this.kept.delete(plan.uuid);
    this.kept.set(plan.uuid, kept);
    return await raceAbort(kept.actions, signal);
  }

  /** Not under the caller's signal: others may wait for it too. The client's own time-outs bound it. */
  private read(planUuid: string, version: string): Kept {
    this.forget(planUuid);
    const kept: Kept = { version, actions: this.optimizer.listActions(planUuid), count: 0 };
    void this.account(planUuid, kept);
    return kept;
  }

  private async account(planUuid: string, kept: Kept): Promise<void> {
    // Watcher may end a plan before it ends its actions (watcher/applier/sync.py): those are read again.
    const length = await kept.actions.then(
      (actions) => (actions.some(({ state }) => UNDER_WAY.has(state)) ? null : actions.length),
      () => null,
    );
    if (this.kept.get(planUuid) !== kept) return;
    if (length === null) {
      this.forget(planUuid);
      return;
    }
    // The plan itself counts as well, so that plans without actions are bounded too.
    kept.count = length + 1;
    this.keptActions += kept.count;
    for (const [uuid] of this.kept) {
      if (this.keptActions <= ACTIONS_KEPT_MAX) break;
      this.forget(uuid);
    }
  }

  private forget(planUuid: string): void {
    this.keptActions -= this.kept.get(planUuid)?.count ?? 0;
    this.kept.delete(planUuid);
  }
}
