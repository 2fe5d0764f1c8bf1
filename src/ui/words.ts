/** How outcomes, states and work are said on the page: a word and a sign, so that nothing depends on colour. Pure. */
import type { CompensationKind, CompensationResult, ResourceState } from '../domain/result.js';
import type { Counts, Outcome, RollbackState } from '../domain/states.js';

export const RUNNING: readonly RollbackState[] = ['PENDING', 'ONGOING', 'PAUSED'];

const SIGNS: Readonly<Record<Outcome | RollbackState, string>> = {
  PENDING: '○',
  ONGOING: '▶',
  PAUSED: '‖',
  SUCCEEDED: '✓',
  SKIPPED: '–',
  KEPT: '=',
  NOT_REVERSIBLE: '!',
  FAILED: '✗',
  NOT_ATTEMPTED: '…',
  PARTIAL: '◐',
  CANCELLED: '■',
};

export function signOf(state: Outcome | RollbackState): string {
  return SIGNS[state];
}

const OUTCOME_ORDER: readonly Outcome[] = [
  'ONGOING',
  'FAILED',
  'NOT_ATTEMPTED',
  'NOT_REVERSIBLE',
  'KEPT',
  'PENDING',
  'SUCCEEDED',
  'SKIPPED',
];

/** Those that need eyes first. */
export function byAttention(
  all: readonly CompensationResult[],
  order: readonly Outcome[] = OUTCOME_ORDER,
): CompensationResult[] {
  return order.flatMap((outcome) => all.filter(({ state }) => state === outcome));
}

export function countsText(counts: Counts): string {
  const parts = OUTCOME_ORDER.flatMap((outcome) =>
    counts[outcome] === undefined ? [] : [`${counts[outcome]} ${outcome}`],
  );
  return parts.length === 0 ? 'nothing to do' : parts.join(', ');
}

export function total(counts: Counts): number {
  return OUTCOME_ORDER.reduce((sum, outcome) => sum + (counts[outcome] ?? 0), 0);
}

export function finished(counts: Counts): number {
  return total(counts) - (counts.PENDING ?? 0) - (counts.ONGOING ?? 0);
}

export function nameOf(one: CompensationResult): string {
  return one.resource_name ?? one.resource_id ?? one.action_uuid;
}

const WORK: Readonly<Record<CompensationKind, (name: string, one: CompensationResult) => string>> =
  {
    live_migrate: (name, one) => `live-migrate ${name}${way(one)}`,
    cold_migrate: (name, one) => `cold-migrate ${name}${way(one)}`,
    revert_resize: (name) => `revert the resize of ${name}`,
    start_server: (name) => `start ${name}`,
    set_service_status: (name, one) => {
      const verb = one.before?.status === 'disabled' ? 'disable' : 'enable';
      return `${verb} nova-compute of ${name}`;
    },
    set_node_power: (name, one) => `${one.before?.power_state ?? 'set power of'} ${name}`,
  };

/** What is or would be done, e.g. "live-migrate vm-1: compute-2 → compute-1"; null where nothing is. */
export function workText(one: CompensationResult): string | null {
  return one.kind === null ? null : WORK[one.kind](nameOf(one), one);
}

function way({ before, after, now }: CompensationResult): string {
  const from = now?.host === before?.host ? after?.host : (now?.host ?? after?.host);
  const to = before?.host;
  if (to === undefined || to === null) return '';
  return from === undefined || from === null ? `: → ${to}` : `: ${from} → ${to}`;
}

export function stateText(state: ResourceState | null): string {
  if (state === null) return '';
  const parts = [state.host, state.status, state.power_state, state.flavor];
  const text = parts.filter((part) => part !== undefined && part !== null).join(', ');
  return state.inferred === true && text !== '' ? `${text} (inferred)` : text;
}

/** The reader's own time of day, and the date where it is another one. */
export function timeText(iso: string, now: Date = new Date()): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const clock = time.toLocaleTimeString();
  return time.toDateString() === now.toDateString()
    ? clock
    : `${time.toLocaleDateString()} ${clock}`;
}

export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
