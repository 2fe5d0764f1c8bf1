/** Results in words for people: what a compensation changes, how long things take. Pure. */
import type { CompensationAnswer, ResourceStateAnswer, ResultAnswer } from './answers.js';

/** Names come from tenants: nothing in them may move the cursor or colour the screen. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

export function resourceName(it: CompensationAnswer): string {
  const kind = (it.resource_type ?? '').replaceAll('_', ' ');
  const name = it.resource_name ?? it.resource_id ?? '';
  return plain(`${kind} ${name}`) || '-';
}

const PROPERTIES = ['host', 'status', 'power_state', 'flavor'] as const;

/** "compute-2 → compute-1", "disabled → enabled": from what is (or was made) to what the plan found. */
export function changeOf(it: CompensationAnswer): string {
  const { before } = it;
  // What has come back is told from where the plan had put it.
  const from = it.state === 'SUCCEEDED' ? (it.after ?? it.now) : (it.now ?? it.after);
  if (before === null) return from === null ? '-' : `${stateWords(from)} → ?`;
  if (from === null) return `? → ${stateWords(before)}`;
  const differ = PROPERTIES.filter((name) => before[name] !== null && before[name] !== from[name]);
  if (differ.length === 0) return stateWords(before);
  const side = (state: ResourceStateAnswer): string =>
    differ.map((name) => state[name] ?? '?').join(', ');
  return plain(`${side(from)} → ${side(before)}`);
}

function stateWords(state: ResourceStateAnswer): string {
  return plain(PROPERTIES.map((name) => state[name] ?? '').join(' ')) || '-';
}

const OUTCOME_ORDER = [
  'SUCCEEDED',
  'SKIPPED',
  'KEPT',
  'NOT_REVERSIBLE',
  'FAILED',
  'NOT_ATTEMPTED',
  'ONGOING',
  'PENDING',
];

/** "10 SUCCEEDED, 1 FAILED, 3 PENDING". */
export function countsOf(counts: Readonly<Record<string, number>>): string {
  const names = Object.keys(counts).toSorted((a, b) => rank(a) - rank(b));
  const parts = names
    .filter((name) => (counts[name] ?? 0) > 0)
    .map((name) => `${counts[name] ?? 0} ${name}`);
  return parts.length === 0 ? 'nothing to do' : parts.join(', ');
}

function rank(outcome: string): number {
  const index = OUTCOME_ORDER.indexOf(outcome);
  return index < 0 ? OUTCOME_ORDER.length : index;
}

export interface Progress {
  done: number;
  all: number;
}

export function progressOf({ counts }: Pick<ResultAnswer, 'counts'>): Progress {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return { all, done: all - (counts['PENDING'] ?? 0) - (counts['ONGOING'] ?? 0) };
}

/**
 * Milliseconds that are left, as the pace so far has it; null while there is none. Only what was work counts: what is
 * SKIPPED or KEPT was so within a second and says nothing about the pace.
 */
export function timeLeftMs(
  { counts, state }: Pick<ResultAnswer, 'counts' | 'state'>,
  elapsedMs: number,
): number | null {
  const worked = (counts['SUCCEEDED'] ?? 0) + (counts['FAILED'] ?? 0);
  const left = (counts['PENDING'] ?? 0) + (counts['ONGOING'] ?? 0);
  if (state === 'PAUSED' || worked === 0) return null;
  return (elapsedMs / worked) * left;
}

/** "45 s", "3 min 20 s", "2 h 5 min". */
export function durationWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Milliseconds between two times of an answer; 0 where one does not parse. */
export function between(from: string | null, to: string | null): number {
  const ms = Date.parse(to ?? '') - Date.parse(from ?? '');
  return Number.isFinite(ms) && ms > 0 ? ms : 0;
}
