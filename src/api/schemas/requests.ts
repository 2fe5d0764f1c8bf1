/**
 * What callers may send, as zod schemas: these validate, and the OpenAPI document is made from them. Messages complete
 * "Invalid input for field/attribute …".
 */
import { z } from 'zod';
import { DRIFT_POLICIES, HOST_POLICIES } from '../../domain/options.js';
import { ROLLBACK_STATES } from '../../domain/states.js';

/** By shape alone, of any version, as Watcher takes them (oslo_utils.uuidutils.is_uuid_like). */
const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
/** In lower case: one plan must have one workflow id, however it is written. */
export const planUuidSchema = z
  .string('Expected the UUID of an action plan, as Watcher lists it')
  .regex(UUID, 'Expected the UUID of an action plan, as Watcher lists it')
  .toLowerCase();
const ACTION = 'Expected the UUID of an action of the plan';
const actionUuidSchema = z.string(ACTION).regex(UUID, ACTION).toLowerCase();

/** Far above what a person chooses; a request stays small. */
export const ACTIONS_MAX = 1000;
/** In a query: with the rest of its head a request has to stay under 16 kB. */
const QUERY_ACTIONS_MAX = 200;
/** Longest page of a collection, as Watcher's api.max_limit by default; a larger limit is cut to it. */
export const MAX_LIMIT = 1000;
const NUMBER_MAX = 999_999_999;

function oneOf(words: readonly string[]): string {
  return `Expected one of ${words.map((word) => `"${word}"`).join(', ')}`;
}

/** `ceiling` in seconds: ROLLBACK_MAX_AGE_CEILING. */
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

export function rollbackBodySchema(ceiling: number) {
  return z.strictObject(
    {
      ...optionFields(ceiling),
      dry_run: z
        .exactOptional(z.boolean('Expected true or false'))
        .describe('Only say what would be done: the answer of GET …/rollback/preview.'),
    },
    'Expected a JSON object',
  );
}

/** The options of a preview, as query parameters; `actions` separated by commas. For more, POST with dry_run. */
export function previewQuerySchema(ceiling: number) {
  return z.strictObject(optionFields(ceiling, QUERY_ACTIONS_MAX));
}

export const listQuerySchema = z.strictObject({
  limit: z
    .exactOptional(
      z
        .int('Expected a whole number from 1')
        .min(1, 'Expected a whole number from 1')
        .max(NUMBER_MAX),
    )
    .describe(`Rows of a page; more than ${MAX_LIMIT} is cut to that, which is the default.`),
  marker: z
    .exactOptional(
      z
        .string('Expected the marker of a "next" link')
        .regex(/^[\x21-\x7e]{1,2000}$/, 'Expected the marker of a "next" link'),
    )
    .describe('The one of a `next` link, unchanged.'),
  state: z
    .exactOptional(z.enum(ROLLBACK_STATES, `Expected one of ${ROLLBACK_STATES.join(', ')}`))
    .describe('Only rollbacks in this state.'),
});

export const pageQuerySchema = z.strictObject({
  limit: listQuerySchema.shape.limit,
  offset: z
    .exactOptional(
      z.int('Expected a whole number').min(0, 'Expected a whole number').max(NUMBER_MAX),
    )
    .describe("Where the page begins, in the plan's order. Default: 0."),
});

export const noQuerySchema = z.strictObject({});

export const controlOneBodySchema = z.strictObject(
  { action_uuid: actionUuidSchema.describe('The action whose compensation is meant.') },
  'Expected a JSON object',
);
export const controlBodySchema = z.strictObject({}, 'Expected a JSON object');

const REASON = 'Expected a text of 1 to 255 printable characters, or null';
export const stopBodySchema = z.strictObject(
  {
    stopped: z
      .boolean('Expected true or false')
      .describe('Whether all rollbacks are to be stopped.'),
    reason: z
      .exactOptional(
        z
          .string(REASON)
          // Control characters are what it keeps out.
          // oxlint-disable-next-line no-control-regex
          .regex(/^[^\u0000-\u001f\u007f-\u009f]{1,255}$/, REASON)
          .nullable(),
      )
      .describe('Why, for whoever meets it.'),
  },
  'Expected a JSON object',
);
