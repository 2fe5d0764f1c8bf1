/**
 * What callers may send, as zod schemas: these validate, and the OpenAPI document is made from them. Messages complete
 * "Invalid input for field/attribute …".
 */
import { z } from 'zod';
import { ROLLBACK_STATES } from '../../domain/states.js';
import { actionUuidSchema, optionFields } from '../../requests/options.js';

/** In a query: with the rest of its head a request has to stay under 16 kB. */
const QUERY_ACTIONS_MAX = 200;
/** Longest page of a collection, as Watcher's api.max_limit by default; a larger limit is cut to it. */
export const MAX_LIMIT = 1000;
const NUMBER_MAX = 999_999_999;

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
