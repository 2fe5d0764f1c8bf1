/**
 * Reading what was thrown, without trusting its class: an error of Node's own is not an `instanceof Error` of every
 * realm (test runners load code in one of their own). Pure.
 */
import { z } from 'zod';

const thrownSchema = z.object({
  message: z.string().default(''),
  code: z.string().nullable().catch(null),
  name: z.string().default('Error'),
  /** Of an AggregateError. */
  errors: z.array(z.unknown()).catch([]),
});

/** "ENOENT" and the like; null where there is none. */
export function codeOf(thrown: unknown): string | null {
  return read(thrown)?.code ?? null;
}

/** Its message, with its code where the message does not have it already. */
export function reasonOf(thrown: unknown): string {
  const error = read(thrown);
  if (error === null) return 'unknown failure';
  // A host of several addresses fails with one error per address, and no message of its own.
  if (error.message === '' && error.errors.length > 0) return reasonOf(error.errors[0]);
  const code = error.code ?? error.name;
  if (error.message === '') return code;
  return error.message.includes(code) ? error.message : `${error.message} (${code})`;
}

function read(thrown: unknown): z.output<typeof thrownSchema> | null {
  if (typeof thrown !== 'object' || thrown === null) return null;
  // The fields of an error are not its own enumerable ones: read each by name.
  const field = (name: string): unknown => (name in thrown ? Reflect.get(thrown, name) : undefined);
  const parsed = thrownSchema.safeParse({
    message: field('message'),
    code: field('code'),
    name: field('name'),
    errors: field('errors'),
  });
  return parsed.success ? parsed.data : null;
}
