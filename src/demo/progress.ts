/** What is new in a rollback since the last look at it, compensation by compensation. Pure. */
import type { CompensationResult, RollbackResult } from '../domain/result.js';
import type { Outcome } from '../domain/states.js';
import { isFinal } from '../domain/states.js';

export interface ProgressEvent {
  state: Outcome;
  /** "live-migrate vm-1: compute-2 → compute-1" */
  what: string;
  /** How long it took; null where it has not ended, or never ran. */
  seconds: number | null;
  /** Why it ended otherwise than SUCCEEDED. */
  reason: string | null;
}

export type Seen = ReadonlyMap<string, Outcome>;

/** The ends first, in their order, then what has started since. */
export function progressSince(
  seen: Seen,
  { compensations }: Pick<RollbackResult, 'compensations'>,
): { events: ProgressEvent[]; seen: Seen } {
  const news = compensations.filter(({ action_uuid, state }) => seen.get(action_uuid) !== state);
  const ended = news
    .filter(({ state }) => isFinal(state))
    .toSorted((a, b) => (a.finished_at ?? '').localeCompare(b.finished_at ?? ''));
  const begun = news
    .filter(({ state }) => state === 'ONGOING')
    .toSorted((a, b) => (a.started_at ?? '').localeCompare(b.started_at ?? ''));
  return {
    events: [...ended, ...begun].map(eventOf),
    seen: new Map(compensations.map(({ action_uuid, state }) => [action_uuid, state])),
  };
}

function eventOf(compensation: CompensationResult): ProgressEvent {
  const { state, started_at, finished_at, reason } = compensation;
  return {
    state,
    what: describe(compensation),
    seconds:
      started_at === null || finished_at === null
        ? null
        : (Date.parse(finished_at) - Date.parse(started_at)) / 1000,
    reason: state === 'SUCCEEDED' || !isFinal(state) ? null : reason,
  };
}

/** What a compensation does, as the activity's summary in Temporal's Web UI says it. */
export function describe(compensation: CompensationResult): string {
  const { kind, action_type, resource_name, resource_id, before, after, action_uuid } =
    compensation;
  const name = resource_name ?? resource_id ?? action_uuid;
  const way = `${name}: ${after?.host ?? '?'} → ${before?.host ?? '?'}`;
  switch (kind) {
    case 'live_migrate':
      return `live-migrate ${way}`;
    case 'cold_migrate':
      return `cold-migrate ${way}`;
    case 'revert_resize':
      return `revert resize of ${way}`;
    case 'start_server':
      return `start ${name}`;
    case 'set_service_status':
      return `${before?.status === 'disabled' ? 'disable' : 'enable'} nova-compute on ${name}`;
    case 'set_node_power':
      return `${before?.power_state ?? 'power'} node ${name}`;
    case null:
      return `${action_type} ${name}`;
    default:
      return kind satisfies never;
  }
}

/** `seconds` since the rollback was asked for. */
export function progressLine(event: ProgressEvent, seconds: number): string {
  const word = event.state === 'ONGOING' ? 'started' : event.state;
  const took = event.seconds === null ? '' : ` (${event.seconds.toFixed(1)} s)`;
  const why = event.reason === null ? '' : `: ${event.reason}`;
  return `${seconds.toFixed(1).padStart(6)} s  ${word.padEnd(14)}  ${event.what}${took}${why}`;
}
