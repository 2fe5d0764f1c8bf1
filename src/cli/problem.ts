/** What a command ends with where it does not do what was asked: one sentence, a type of the one list, an exit code. */
import type { FailureType } from '../domain/failures.js';
import { EXITS, type Exit } from './exit-codes.js';

export class Problem extends Error {
  override readonly name = 'Problem';
  /** null: the service refused, and an older version of it does not say by which type. */
  readonly type: FailureType | null;
  readonly exit: Exit;
  /** HTTP status of the service's answer; null where there was none. */
  readonly status: number | null;

  /** `message` is the service's own sentence wherever it said one. */
  constructor(
    message: string,
    about: { type: FailureType | null; exit: Exit; status?: number | null },
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.type = about.type;
    this.exit = about.exit;
    this.status = about.status ?? null;
  }

  get code(): number {
    return EXITS[this.exit].code;
  }
}

export function usage(message: string): Problem {
  return new Problem(message, { type: 'WrongUsage', exit: 'usage' });
}

/** The JSON document of a command that came to nothing. */
export function problemDocument(problem: Problem): unknown {
  const { message, type, status, code } = problem;
  return { error: { type, status, message, exit_code: code } };
}
