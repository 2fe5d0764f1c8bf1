/**
 * readActionPlan: is the request well-formed, does the plan exist, what is it like. Whether it may be rolled back is
 * judged by the workflow (age is measured from the caller's request). Reads only.
 */
import type { WatcherActionPlan } from '../src/openstack/cloud.js';
import { executionEnd } from '../src/domain/acceptance.js';
import { isBadRequest, isNotFound } from '../src/openstack/errors.js';
import { failure } from './failures.js';
import type { Kit } from './kit.js';
import { begun } from './reading.js';
import { checkRequest } from './request-schema.js';
import type { PlanReading, ReadActionPlanInput } from './types.js';
import type { Run } from './waiting.js';

export async function readActionPlan(
  kit: Kit,
  run: Run,
  input: ReadActionPlanInput,
): Promise<PlanReading> {
  const { limits } = kit.settings;
  const { planUuid, options } = checkRequest(input, limits);
  const listing = begun(kit.cloud.optimizer.listActions(planUuid, { signal: run.signal }));
  // What is wrong with the plan is to be said first, not what Watcher makes of its actions then.
  const plan = await readPlan(kit, run, planUuid);
  const actions = await listing;
  if (actions.length > limits.max_actions) {
    throw failure(
      'PlanTooLarge',
      `Action plan ${planUuid} has ${actions.length} actions; one rollback takes at most ${limits.max_actions} (ROLLBACK_MAX_ACTIONS).`,
    );
  }
  const states: Record<string, number> = {};
  for (const { state } of actions) states[state] = (states[state] ?? 0) + 1;
  return {
    plan: {
      uuid: plan.uuid,
      state: plan.state,
      strategy_name: plan.strategyName,
      ended_at: executionEnd(plan, actions),
      action_states: states,
    },
    options,
    limits,
  };
}

/** Fails: ActionPlanNotFound. Watcher answers 400 to an identifier that it does not take for one. */
export async function readPlan(kit: Kit, run: Run, uuid: string): Promise<WatcherActionPlan> {
  try {
    return await kit.cloud.optimizer.getActionPlan(uuid, { signal: run.signal });
  } catch (error) {
    if (isNotFound(error)) {
      throw failure(
        'ActionPlanNotFound',
        `Watcher knows no action plan ${uuid}. Check the UUID; deleted plans cannot be rolled back.`,
      );
    }
    if (isBadRequest(error)) {
      throw failure('InvalidRequest', `action_plan_uuid: Watcher refuses it: ${error.message}.`);
    }
    throw error;
  }
}
