/**
 * What a caller may ask, checked once more: a workflow can be started directly through Temporal, past the API. The rules
 * and the sentences are those of the API. Knows nothing of OpenStack.
 */
import { z } from 'zod';
import { completeOptions } from '../src/domain/options.js';
import type { RollbackOptions } from '../src/domain/options.js';
import { optionFields, planUuidSchema } from '../src/requests/options.js';
import { invalidInput, refusalOf } from '../src/requests/sentences.js';
import { failure } from './failures.js';
import type { RunLimits } from './types.js';

const TEXT = 'Expected a text, or null';
const nullableText = z.string(TEXT).nullable();
const TIME = 'Expected a time as in ISO 8601, with its zone, or null';
const time = z
  .string(TIME)
  .refine((text) => !Number.isNaN(Date.parse(text)), TIME)
  .nullable();

/** All but the options, which have a schema of their own. */
const inputSchema = z.strictObject({
  action_plan_uuid: planUuidSchema,
  request: z.strictObject({
    options: z.unknown(),
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

export interface CheckedRequest {
  planUuid: string;
  options: RollbackOptions;
}

/** Throws InvalidRequest. */
export function checkRequest(input: unknown, limits: RunLimits): CheckedRequest {
  const parsed = inputSchema.safeParse(input);
  if (!parsed.success) throw failure('InvalidRequest', explain(parsed.error, input));
  const { action_plan_uuid: planUuid, request } = parsed.data;
  const options = checkOptions(request.options, limits.max_age_ceiling);
  return { planUuid, options: completeOptions(options, limits.default_max_age) };
}

/** By ceiling, of which a process has one or a few: zod compiles a schema wherever one is made, which takes a millisecond. */
const schemas = new Map<number, ReturnType<typeof optionsSchema>>();

function optionsSchema(ceiling: number) {
  return z.strictObject(optionFields(ceiling), 'Expected an object');
}

function schemaUnder(ceiling: number) {
  const known = schemas.get(ceiling);
  if (known !== undefined) return known;
  const made = optionsSchema(ceiling);
  schemas.set(ceiling, made);
  return made;
}

function checkOptions(options: unknown, ceiling: number): Partial<RollbackOptions> {
  const schema = schemaUnder(ceiling);
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  const allowed = Object.keys(schema.shape);
  const sentence = refusalOf(parsed.error, { body: options, what: 'rollback', allowed });
  throw failure('InvalidRequest', sentence);
}

/** The first thing that is wrong; names as the caller knows them (without "request"). */
function explain(error: z.ZodError, input: unknown): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'The request is malformed.';
  const names = issue.path.map(String).filter((part) => part !== 'request');
  const where = names.join('.') || 'request';
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys.map((key) => `"${key}"`).join(', ');
    return `Unknown attribute for argument ${where}: ${unknown}.`;
  }
  return invalidInput(where, valueAt(input, issue.path), issue.message);
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, name) => Object.entries(Object(at)).find(([key]) => key === name)?.[1],
    input,
  );
}
