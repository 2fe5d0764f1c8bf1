/**
 * Whether a plan may be rolled back at all: finished, started, young enough. Called from workflow code, so it is
 * deterministic: every time is a parameter.
 */
import type { FailureType } from './failures.js';
import type { Action, ActionPlan } from './facts.js';
import type { Refusal } from './layout-types.js';
import { sayDuration, timeOf } from './time.js';

/**
 * Action states that show that Watcher's applier began the action: `pre_execute` sets ONGOING before anything
 * else, and the others follow from it (watcher/applier/workflow_engine). CANCELLED does not: the applier gives it to
 * PENDING actions too, when a plan is cancelled and when it restarts (sync.py), perhaps days later, which would
 * make an old plan look young. The plan's own `updated_at` stands in where only CANCELLED ones are left.
 */
const RAN_STATES: ReadonlySet<string> = new Set(['SUCCEEDED', 'FAILED', 'ONGOING', 'CANCELLING']);

/** States in which an action has certainly changed nothing. */
const UNTOUCHED_STATES: ReadonlySet<string> = new Set(['PENDING', 'SKIPPED', 'DELETED']);

/** End of the plan's execution, as one of the strings given. */
export function executionEnd(
  plan: Pick<ActionPlan, 'createdAt' | 'updatedAt'>,
  actions: Iterable<Pick<Action, 'state' | 'updatedAt'>>,
): string {
  let latest: string | null = null;
  for (const action of actions) {
    if (!RAN_STATES.has(action.state) || timeOf(action.updatedAt) === null) continue;
    if ((timeOf(latest) ?? -Infinity) < (timeOf(action.updatedAt) ?? 0)) latest = action.updatedAt;
  }
  return latest ?? plan.updatedAt ?? plan.createdAt;
}

export interface PlanToJudge {
  planUuid: string;
  planState: string;
  /** Number of actions by Watcher's action state. */
  actionStates: Record<string, number>;
  /** ISO time, see executionEnd. */
  endedAt: string;
  /** ISO time of the caller's request. */
  requestedAt: string;
  /** Seconds. */
  maxAge: number;
  /** Seconds: the administrator's greatest max_age. */
  maxAgeCeiling: number;
  /** Takes up again what an accepted rollback left unfinished: exempt from max_age up to the ceiling. */
  resumed: boolean;
}

/** null where the plan may be rolled back. */
export function refusePlan(plan: PlanToJudge): Refusal | null {
  return refuseUnfinished(plan) ?? refuseUnstarted(plan) ?? refuseOld(plan);
}

function refuse(type: FailureType, message: string): Refusal {
  return { type, message };
}

/** What to do with a plan in a state that is no end of an execution. */
const NOT_FINISHED: Readonly<Record<string, string>> = {
  RECOMMENDED: 'it was never applied, so there is nothing to roll back',
  PENDING: 'it is about to be applied; wait for its end, or cancel it, and ask again',
  ONGOING: 'it is being applied; wait for its end, or cancel it, and ask again',
  CANCELLING: 'it is being cancelled; wait until it is CANCELLED and ask again',
  SUPERSEDED: 'a newer plan replaced it before it was applied, so there is nothing to roll back',
  DELETED: 'it was deleted',
};

function refuseUnfinished({ planUuid, planState }: PlanToJudge): Refusal | null {
  if (planState === 'SUCCEEDED' || planState === 'FAILED' || planState === 'CANCELLED') return null;
  const advice = NOT_FINISHED[planState] ?? 'only a plan that is finished can be rolled back';
  return refuse(
    'PlanNotFinished',
    `Action plan ${planUuid} is ${planState}: ${advice}. ` +
      'A plan can be rolled back once it is SUCCEEDED, FAILED or CANCELLED.',
  );
}

function refuseUnstarted({ planUuid, planState, actionStates }: PlanToJudge): Refusal | null {
  const counts = Object.entries(actionStates).filter(([, count]) => count > 0);
  if (counts.some(([state]) => !UNTOUCHED_STATES.has(state))) return null;
  const seen = counts.map(([state, count]) => `${count} ${state}`).join(', ');
  return neverStarted(planUuid, planState, counts.length > 0 ? seen : 'it has none');
}

/** Also used by the layout, which can tell whether CANCELLED actions ever ran. */
export function neverStarted(planUuid: string, planState: string, actions: string): Refusal {
  return refuse(
    'PlanNeverStarted',
    `Action plan ${planUuid} is ${planState}, but none of its actions ever started (${actions}), ` +
      'so there is nothing to roll back.',
  );
}

function refuseOld(plan: PlanToJudge): Refusal | null {
  const ended = timeOf(plan.endedAt);
  const requested = timeOf(plan.requestedAt);
  if (ended === null || requested === null) {
    const bad = ended === null ? `end "${plan.endedAt}"` : `request "${plan.requestedAt}"`;
    return refuse('PlanTooOld', `The age of action plan ${plan.planUuid} is not known: ${bad}.`);
  }
  const limit = plan.resumed ? plan.maxAgeCeiling : Math.min(plan.maxAge, plan.maxAgeCeiling);
  // A plan that ended "after" the request is a matter of two clocks, not of age.
  const age = Math.max(0, (requested - ended) / 1000);
  if (age <= limit) return null;
  const ceiling = say(plan.maxAgeCeiling);
  return refuse(
    'PlanTooOld',
    `Action plan ${plan.planUuid} ended ${say(age)} ago, at ${plan.endedAt}; ` +
      `the limit of this request is ${say(limit)}. ` +
      (age <= plan.maxAgeCeiling
        ? `Ask with a larger max_age, up to ${ceiling}; an administrator raises the default with ROLLBACK_MAX_AGE.`
        : `An administrator can raise the greatest max_age, now ${ceiling}, with ROLLBACK_MAX_AGE_CEILING; ` +
          'but mind that the cloud has changed since.'),
  );
}

function say(seconds: number): string {
  return `${sayDuration(seconds)} (${Math.floor(seconds)} s)`;
}
