/**
 * The exit codes of the command, in one list: `--help`, docs/pipelines.md and the code are made from it or held in step
 * with it by a test. A number, once given, keeps its meaning: pipelines branch on it.
 */
import { FAILURES, type FailureType } from '../domain/failures.js';

export const EXITS = {
  succeeded: {
    code: 0,
    meaning: 'SUCCEEDED; or done as asked, where nothing was to be waited for',
  },
  defect: { code: 1, meaning: 'a defect of the command or of the service; report it' },
  usage: { code: 2, meaning: 'wrong arguments or settings; nothing was asked of the service' },
  partial: {
    code: 3,
    meaning: 'PARTIAL: some came back, some did not; the result says which and why',
  },
  failed: { code: 4, meaning: 'FAILED: nothing came back' },
  cancelled: { code: 5, meaning: 'CANCELLED' },
  refused: {
    code: 6,
    meaning: 'refused: no rights, no such plan, too old, cannot be rolled back, …',
  },
  unreachable: {
    code: 7,
    meaning: 'the service, Keystone, Temporal, its workers or OpenStack cannot be reached',
  },
  timeout: { code: 8, meaning: '--timeout is over; the rollback goes on' },
  running: { code: 9, meaning: 'status: the rollback has not ended yet' },
  unwell: { code: 10, meaning: 'doctor: something is to be put right' },
  interrupted: {
    code: 130,
    meaning: 'interrupted (Ctrl-C); the rollback goes on. 143 after SIGTERM',
  },
  terminated: { code: 143, meaning: 'as 130, after SIGTERM' },
} as const;

export type Exit = keyof typeof EXITS;

const OF_STATE: Readonly<Record<string, Exit>> = {
  SUCCEEDED: 'succeeded',
  PARTIAL: 'partial',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  PENDING: 'running',
  ONGOING: 'running',
  PAUSED: 'running',
};

/** Of a rollback's state. A word that this version does not know is no success. */
export function exitOfState(state: string): Exit {
  return OF_STATE[state] ?? 'defect';
}

export function hasEnded(state: string): boolean {
  return exitOfState(state) !== 'running';
}

/**
 * Of what the service answered. The type of the one list says whether asking again can help; without one (an older
 * service, something in between) the HTTP status does.
 */
export function exitOfAnswer(type: FailureType | null, status: number): Exit {
  if (type === 'InternalError') return 'defect';
  if (type !== null) return FAILURES[type].retryable ? 'unreachable' : 'refused';
  if (status === 429 || status === 502 || status === 503 || status === 504) return 'unreachable';
  return status >= 500 ? 'defect' : 'refused';
}

/** Lines for `--help`. */
export function exitCodeLines(): string[] {
  return Object.values(EXITS)
    .filter(({ code }) => code !== EXITS.terminated.code)
    .map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
}
