/**
 * What may be asked of a rollback, as zod schemas: the API and the worker hold requests to the same ones, for a workflow can
 * be started past the API. Messages complete "Invalid input for field/attribute …". It must not know who asks.
 */
import { z } from 'zod';
import { DRIFT_POLICIES, HOST_POLICIES } from '../domain/options.js';

/** By shape alone, of any version, as Watcher takes them (oslo_utils.uuidutils.is_uuid_like). */
const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
/** In lower case: one plan must have one workflow id, however it is written. */
export const planUuidSchema = z
  .string('Expected the UUID of an action plan, as Watcher lists it')
  .regex(UUID, 'Expected the UUID of an action plan, as Watcher lists it')
  .toLowerCase();
const ACTION = 'Expected the UUID of an action of the plan';
export const actionUuidSchema = z.string(ACTION).regex(UUID, ACTION).toLowerCase();

/** Far above what a person chooses; a request stays small. */
export const ACTIONS_MAX = 1000;
function oneOf(words: readonly string[]): string {
  return `Expected one of ${words.map((word) => `"${word}"`).join(', ')}`;
}

/** `ceiling` in seconds: ROLLBACK_MAX_AGE_CEILING. `actionsMax`: where a request has room for fewer. */
export function optionFields(ceiling: number, actionsMax: number = ACTIONS_MAX) {
  const ages = `Expected a whole number of seconds from 1 to ${ceiling}; an administrator raises that limit with ROLLBACK_MAX_AGE_CEILING`;
  const failures = 'Expected a whole number from 1 to 10000';
  const actions = `Expected a list of 1 to ${actionsMax} UUIDs of actions of the plan, or null for all`;
  return {
    max_age: z
      .exactOptional(z.int(ages).min(1, ages).max(ceiling, ages))
      .describe('Greatest age of the plan, in seconds from the end of its execution.'),
    on_drift: z
      .exactOptional(z.enum(DRIFT_POLICIES, oneOf(DRIFT_POLICIES)))
      .describe('What to do with what somebody changed since the plan. Default: keep.'),
    hosts: z
      .exactOptional(z.enum(HOST_POLICIES, oneOf(HOST_POLICIES)))
      .describe('Whether compute services and node power are restored too. Default: restore.'),
    allow_cold: z
      .exactOptional(z.boolean('Expected true or false'))
      .describe('Permit a cold migration of an ACTIVE server that cannot go live. Default: false.'),
    abort_stuck: z
      .exactOptional(z.boolean('Expected true or false'))
      .describe(
        "Abort a live migration of this rollback's own that makes no progress for ROLLBACK_PROGRESS_TIMEOUT; its compensation is FAILED. Default: false.",
      ),
    max_failures: z
      .exactOptional(z.int(failures).min(1, failures).max(10_000, failures))
      .describe('After that many FAILED compensations nothing new is started. Default: 10.'),
    actions: z
      .exactOptional(
        z.array(actionUuidSchema, actions).min(1, actions).max(actionsMax, actions).nullable(),
      )
      .describe('Only the compensations of these actions; null: of all. Default: null.'),
  };
}
