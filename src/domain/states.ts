/**
 * The words of the service: outcomes of one compensation and states of a whole rollback.
 * Pure; imports nothing.
 */

/** Outcomes of a compensation that are not final yet. */
export const OPEN_OUTCOMES = ['PENDING', 'ONGOING'] as const;

/**
 * Final outcomes of a compensation.
 * - SUCCEEDED: restored, and seen to be.
 * - SKIPPED: nothing to do (already as before, never took effect, changes nothing, covered by another).
 * - KEPT: changed by somebody since, or not ours to touch; left alone.
 * - NOT_REVERSIBLE: the state before is not known or not reachable, or nothing proves that the action ran.
 * - FAILED: tried; the reason is the cloud's own.
 * - NOT_ATTEMPTED: cancelled, stopped, or something it needs is not so.
 */
export const FINAL_OUTCOMES = [
  'SUCCEEDED',
  'SKIPPED',
  'KEPT',
  'NOT_REVERSIBLE',
  'FAILED',
  'NOT_ATTEMPTED',
] as const;

export const OUTCOMES = [...OPEN_OUTCOMES, ...FINAL_OUTCOMES] as const;

export type OpenOutcome = (typeof OPEN_OUTCOMES)[number];
export type FinalOutcome = (typeof FINAL_OUTCOMES)[number];
export type Outcome = (typeof OUTCOMES)[number];

export const ROLLBACK_STATES = [
  'PENDING',
  'ONGOING',
  'PAUSED',
  'SUCCEEDED',
  'PARTIAL',
  'FAILED',
  'CANCELLED',
] as const;
export type RollbackState = (typeof ROLLBACK_STATES)[number];

export function isFinal(outcome: Outcome): outcome is FinalOutcome {
  return outcome !== 'PENDING' && outcome !== 'ONGOING';
}

export type Counts = Partial<Record<Outcome, number>>;

export function countOutcomes(outcomes: Iterable<Outcome>): Counts {
  const counts: Counts = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** The state of a rollback that has ended without being cancelled, from its compensations' outcomes. */
export function endState(counts: Counts): 'SUCCEEDED' | 'PARTIAL' | 'FAILED' {
  const of = (outcome: Outcome): number => counts[outcome] ?? 0;
  const good = of('SUCCEEDED') + of('SKIPPED');
  const all = OUTCOMES.reduce((sum, outcome) => sum + of(outcome), 0);
  if (good === all) return 'SUCCEEDED';
  if (of('FAILED') + of('NOT_ATTEMPTED') > 0 && of('SUCCEEDED') === 0) return 'FAILED';
  return 'PARTIAL';
}

export function isRollbackState(value: string | null | undefined): value is RollbackState {
  return ROLLBACK_STATES.some((state) => state === value);
}
