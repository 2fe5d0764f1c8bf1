/** A plan, as Watcher has it. Reads only. */
import type { WatcherActionPlan } from '../src/openstack/cloud.js';
import { isBadRequest, isNotFound } from '../src/openstack/errors.js';
import { failure } from './failures.js';
import type { Kit } from './kit.js';
import type { Run } from './waiting.js';

/** Fails: ActionPlanNotFound, InvalidRequest. Watcher answers 400 to an identifier that it does not take for one. */
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
