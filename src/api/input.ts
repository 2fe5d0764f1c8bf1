/** Checks what a request says: path, query and body, by the schemas. Every refusal is an ApiError in Watcher's style. */
import { z } from 'zod';
import { planUuidSchema } from '../requests/options.js';
import { invalidInput, refusalOf, shown } from '../requests/sentences.js';
import { ApiError } from './errors.js';
import { MAX_LIMIT } from './schemas/requests.js';

/** In lower case. Throws InvalidRequest. */
export function planUuid(text: unknown): string {
  const parsed = planUuidSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw invalid('action_plan_uuid', text, parsed.error.issues[0]?.message ?? '');
}

export type Query = Readonly<Record<string, unknown>>;

/** Refuses what a path does not know, as Watcher does: a misspelt filter must not pass for none. */
export function readQuery<S extends z.ZodObject>(query: Query, schema: S): z.output<S> {
  const known = Object.keys(schema.shape);
  for (const [name, value] of Object.entries(query)) {
    const allowed = known.length === 0 ? 'none is allowed here' : `allowed are ${known.join(', ')}`;
    if (!known.includes(name)) {
      throw new ApiError('InvalidRequest', `Unknown argument: "${shown(name)}"; ${allowed}.`);
    }
    if (typeof value !== 'string') throw invalid(name, value, 'Expected it once');
  }
  const typed = Object.fromEntries(
    Object.entries(query).map(([name, text]) => [name, typedValue(schema.shape[name], text)]),
  );
  const parsed = schema.safeParse(typed);
  if (parsed.success) return parsed.data;
  const field = String(parsed.error.issues[0]?.path[0] ?? '');
  throw invalid(field, query[field], parsed.error.issues[0]?.message ?? '');
}

/** A parameter is text; what the schema wants it to be decides how it is read. Text that is no such thing stays text. */
function typedValue(schema: z.core.$ZodType | undefined, text: unknown): unknown {
  if (typeof text !== 'string') return text;
  const wants = wantedType(schema);
  if (wants === 'number' && /^\d{1,15}$/.test(text)) return Number(text);
  if (wants === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (wants === 'array') return text.split(',');
  return text;
}

/** The type below "optional" and "nullable". */
function wantedType(schema: z.core.$ZodType | undefined): string | undefined {
  // Zod's documented way into a schema for those who build on it.
  /* oxlint-disable no-underscore-dangle */
  let inner = schema;
  while (inner instanceof z.core.$ZodOptional || inner instanceof z.core.$ZodNullable) {
    inner = inner._zod.def.innerType;
  }
  return inner?._zod.def.type;
  /* oxlint-enable no-underscore-dangle */
}

/** Of a page; cut to the longest. */
export function limitOf(query: { limit?: number }): number {
  return Math.min(query.limit ?? MAX_LIMIT, MAX_LIMIT);
}

/** undefined (no body) is an empty object. `what` is what the fields are attributes of. */
export function readBody<S extends z.ZodObject>(
  body: unknown,
  schema: S,
  what: string,
): z.output<S> {
  const parsed = schema.safeParse(body === undefined ? {} : body);
  if (parsed.success) return parsed.data;
  const allowed = Object.keys(schema.shape);
  throw new ApiError('InvalidRequest', refusalOf(parsed.error, { body, what, allowed }));
}

function invalid(field: string, value: unknown, expected: string): ApiError {
  return new ApiError('InvalidRequest', invalidInput(field, value, expected));
}
