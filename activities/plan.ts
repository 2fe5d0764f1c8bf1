/**
 * readActionPlan: is the request well-formed, does the plan exist, what is it like, and, where the workflow wants it at once,
 * the layout. Whether the plan may be rolled back is judged by the workflow (age is measured from the caller's request); here
 * only whether it is worth while to read more. Reads only.
 */
import { executionEnd, refusePlan } from '../src/domain/acceptance.js';
import { failure } from './failures.js';
import type { Kit } from './kit.js';
import { laidOut } from './layout.js';
import { beginFacts } from './read-facts.js';
import { ENDED } from './other-plans.js';
import { readPlan } from './read-plan.js';
import { checkRequest } from './request-schema.js';
import type { LayOutToo, PlanReading, ReadActionPlanInput } from './types.js';
import type { Run } from './waiting.js';

export async function readActionPlan(
  kit: Kit,
  run: Run,
  input: ReadActionPlanInput,
  layOut?: LayOutToo,
): Promise<PlanReading> {
  const { limits } = kit.settings;
  const { planUuid, options } = checkRequest(input, limits);
  const plan = await readPlan(kit, run, planUuid);
  // Whatever the layout is decided by is read after the plan was seen to have ended: its last action may just have run.
  const facts = layOut === undefined || !ENDED.has(plan.state) ? null : beginFacts(kit, run);
  const actions = await kit.cloud.optimizer.listActions(planUuid, { signal: run.signal });
  if (actions.length > limits.max_actions) {
    throw failure(
      'PlanTooLarge',
      `Action plan ${planUuid} has ${actions.length} actions; one rollback takes at most ${limits.max_actions} (ROLLBACK_MAX_ACTIONS).`,
    );
  }
  const states: Record<string, number> = {};
  for (const { state } of actions) states[state] = (states[state] ?? 0) + 1;
  const reading: PlanReading = {
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
  if (facts === null || layOut === undefined) return reading;
  if (actions.length > (layOut.up_to ?? Infinity)) return reading;
  const refusal = refusePlan({
    planUuid,
    planState: plan.state,
    actionStates: states,
    endedAt: reading.plan.ended_at,
    requestedAt: layOut.requested_at,
    maxAge: options.max_age,
    maxAgeCeiling: limits.max_age_ceiling,
    resumed: input.request.previous_run_id !== null,
  });
  if (refusal !== null) return reading;
  return { ...reading, layout: laidOut(await facts.of(plan, actions), options) };
}
