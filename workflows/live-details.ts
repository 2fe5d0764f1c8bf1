/**
 * The story as the Temporal Web UI shows it without a click into payloads: a Markdown text of the counts, what runs,
 * what failed, and the first rows of the table. Read by the UI through a query; costs no history.
 */
import type { LaidOutCompensation } from '../src/domain/layout-types.js';
import { shorten } from '../src/domain/report.js';
import type { ResourceState } from '../src/domain/result.js';
import { type Outcome, OUTCOMES } from '../src/domain/states.js';
import type { RollbackRecord } from './rollback-record.js';

/** 50 rows of six short cells keep it under 16 kB, whatever the letters. */
const ROWS_MAX = 50;
const CELL_BYTES_MAX = 36;
const REASON_BYTES_MAX = 100;

type Shown = Pick<RollbackRecord, 'state' | 'counts' | 'all' | 'inState'>;

export function liveDetails(record: Shown): string {
  const all = record.all();
  const counts = OUTCOMES.flatMap((outcome) => {
    const count = record.counts[outcome];
    return count === undefined ? [] : [`${outcome} ${count}`];
  });
  const first: LaidOutCompensation[] = [];
  for (const one of byInterest(record)) {
    if (first.push(one) === ROWS_MAX) break;
  }
  const lines = [
    `**${record.state}**: ${counts.join(', ') || 'nothing to do'} of ${all.length} actions`,
    '',
    '| outcome | action | resource | before | now | reason |',
    '| --- | --- | --- | --- | --- | --- |',
    ...first.map(row),
  ];
  if (all.length > first.length) lines.push('', `… and ${all.length - first.length} more.`);
  return lines.join('\n');
}

const FIRST: readonly Outcome[] = ['ONGOING', 'FAILED', 'NOT_ATTEMPTED'];

/** One after the other, so that no more of them are looked at than are shown: this is made for every step of a rollback. */
function* byInterest(record: Shown): Generator<LaidOutCompensation> {
  for (const state of FIRST) yield* record.inState(state);
  for (const one of record.all()) if (!FIRST.includes(one.state)) yield one;
}

function row(one: LaidOutCompensation): string {
  const cells = [
    one.state,
    one.action_type,
    one.resource_name ?? one.resource_id ?? '',
    stateText(one.before),
    stateText(one.now),
  ].map((text) => cell(text, CELL_BYTES_MAX));
  return `| ${[...cells, cell(one.reason ?? '', REASON_BYTES_MAX)].join(' | ')} |`;
}

function stateText(state: ResourceState | null): string {
  if (state === null) return '';
  const parts = [state.host, state.status, state.power_state, state.flavor];
  const text = parts.filter((part) => part !== undefined && part !== null).join(', ');
  return state.inferred === true && text !== '' ? `${text} (inferred)` : text;
}

/** Nothing of a name or reason may break the table or be taken for markup. */
function cell(text: string, bytesMax: number): string {
  const flat = text.replaceAll(/[\s|`<>*_[\]]+/g, ' ').trim();
  return shorten(flat, bytesMax);
}
