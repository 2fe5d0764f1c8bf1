/**
 * What a caller may ask, checked: a workflow can be started directly through Temporal, past the API. A refusal
 * names the field and says what it must be. Knows nothing of OpenStack.
 */
import { z } from 'zod';
import { completeOptions, DRIFT_POLICIES, HOST_POLICIES } from '../src/domain/options.js';
import type { RollbackOptions } from '../src/domain/options.js';
import { failure } from './failures.js';
import type { RunLimits } from './types.js';

/** Watcher's uuids are of any version (oslo_utils.uuidutils.is_uuid_like asks for the shape alone). */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/iu;
const uuid = z.string('must be a UUID').regex(UUID, 'must be a UUID');
const nullableText = z.string('must be a string or null').nullable();
/** ISO 8601 with a zone. */
const time = z
  .string('must be an ISO 8601 time or null')
  .refine((text) => !Number.isNaN(Date.parse(text)), 'must be an ISO 8601 time or null')
  .nullable();

/** More actions than any plan has; the plan's own bound is limits.max_actions. */
const SELECTION_MAX = 100_000;

function optionsSchema(ceiling: number) {
  const maxAge = `must be a number of seconds from 0 to ${ceiling} (the ceiling that ROLLBACK_MAX_AGE_CEILING sets)`;
  return z.strictObject({
    max_age: z.number(maxAge).min(0, maxAge).max(ceiling, maxAge).optional(),
    on_drift: z.enum(DRIFT_POLICIES, `must be one of ${DRIFT_POLICIES.join(', ')}`).optional(),
    hosts: z.enum(HOST_POLICIES, `must be one of ${HOST_POLICIES.join(', ')}`).optional(),
    allow_cold: z.boolean('must be true or false').optional(),
    max_failures: z
      .int('must be a whole number of 1 or more')
      .min(1, 'must be a whole number of 1 or more')
      .optional(),
    actions: z
      .array(uuid, 'must be a list of action UUIDs or null')
      .min(1, 'must name at least one action, or be null for all')
      .max(SELECTION_MAX, `must name at most ${SELECTION_MAX} actions`)
      .nullable()
      .optional(),
  });
}

function inputSchema(limits: RunLimits) {
  return z.strictObject({
    action_plan_uuid: uuid,
    request: z.strictObject({
      options: optionsSchema(limits.max_age_ceiling),
      requested_by: z.strictObject({
        user_id: nullableText,
        user_name: nullableText,
        project_id: nullableText,
        request_id: nullableText,
      }),
      requested_at: time,
      accept_by: time,
      previous_run_id: nullableText,
    }),
  });
}

export interface CheckedRequest {
  planUuid: string;
  options: RollbackOptions;
}

/** Throws InvalidRequest. */
export function checkRequest(input: unknown, limits: RunLimits): CheckedRequest {
  const parsed = inputSchema(limits).safeParse(input);
  if (!parsed.success) throw failure('InvalidRequest', explain(parsed.error));
  const { action_plan_uuid, request } = parsed.data;
  const given = Object.entries(request.options).filter(([, value]) => value !== undefined);
  const options: Partial<RollbackOptions> = Object.fromEntries(given);
  return {
    planUuid: action_plan_uuid.toLowerCase(),
    options: completeOptions(options, limits.default_max_age),
  };
}

/** The first thing that is wrong; names as the caller knows them (without request.options). */
function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'The request is malformed.';
  const path = issue.path.map(String).filter((part) => part !== 'request' && part !== 'options');
  if (issue.code === 'unrecognized_keys') {
    const where = path.length === 0 ? '' : ` in ${path.join('.')}`;
    return `Unknown field ${issue.keys.map((key) => `"${key}"`).join(', ')}${where}.`;
  }
  const field = path.length === 0 ? 'The request' : path.join('.');
  return `${field}: ${issue.message}.`;
}
