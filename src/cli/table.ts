/** Answers as tables and paragraphs for a terminal. It writes nothing; colours only where it is told so. */
import Table from 'cli-table3';
import type { CompensationAnswer, ListAnswer, PreviewAnswer, ResultAnswer } from './answers.js';
import { changeOf, countsOf, plain, resourceName } from './words.js';

export interface Look {
  columns: number;
  colours: boolean;
}

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};
/** Narrower than this the last column is of no use: then the terminal wraps. */
const LAST_MIN = 24;
/** Two blanks between columns. */
const GAP = 2;

const RED = '31';
const GREEN = '32';
const YELLOW = '33';
const CYAN = '36';
const BOLD = '1';

export function paint(text: string, code: string, { colours }: Look): string {
  return colours ? `\u001B[${code}m${text}\u001B[0m` : text;
}

export function bold(text: string, look: Look): string {
  return paint(text, BOLD, look);
}

/** Of an outcome or a state. */
export function paintWord(word: string, look: Look): string {
  const code = colourOf(word);
  return code === null ? word : paint(word, code, look);
}

function colourOf(word: string): string | null {
  if (word === 'SUCCEEDED' || word === 'SKIPPED' || word === 'ok') return GREEN;
  if (word === 'FAILED' || word === 'NOT_ATTEMPTED' || word === 'failed') return RED;
  if (word === 'ONGOING') return CYAN;
  return word === 'PENDING' || word === 'not checked' ? null : YELLOW;
}

/** The last column takes what the others leave, and wraps. `rows` may be painted. */
export function table(head: string[], rows: string[][], look: Look): string {
  const widths = head.map((title, column) =>
    rows.reduce((most, row) => Math.max(most, visible(row[column] ?? '')), title.length),
  );
  const others = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP, 0);
  const last = Math.max(LAST_MIN, Math.min(widths.at(-1) ?? 0, look.columns - others - 1));
  const made = new Table({
    head: head.map((title) => bold(title, look)),
    chars: NO_LINES,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colWidths: [...widths.slice(0, -1), last],
    wordWrap: true,
    wrapOnWordBoundary: true,
  });
  made.push(...rows);
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

// oxlint-disable-next-line no-control-regex
const PAINT = /\u001B\[\d+m/g;

/** Width on a terminal, as far as names of servers and hosts go. */
export function visible(text: string): number {
  return text.replaceAll(PAINT, '').length;
}

export function compensationTable(compensations: CompensationAnswer[], look: Look): string {
  const rows = compensations.map((it) => [
    paintWord(it.state, look),
    plain(it.action_type),
    resourceName(it),
    changeOf(it),
    plain(it.reason ?? ''),
  ]);
  return table(['outcome', 'action', 'resource', 'change', 'reason'], rows, look);
}

/** A result as a whole. */
export function resultText(result: ResultAnswer, look: Look): string {
  const { state, action_plan_uuid: plan, counts, compensations, failure, workflow } = result;
  const paragraphs = [
    `${bold(`Rollback of action plan ${plan}`, look)}: ${paintWord(state, look)} (${countsOf(counts)})`,
    ...(compensations.length === 0 ? [] : [compensationTable(compensations, look)]),
    ...(result.truncated ? ['Not all of them are shown: "--all" reads every page.'] : []),
    ...(failure === null ? [] : [plain(failure.message)]),
    ...(workflow.web_url === null ? [] : [`Temporal: ${plain(workflow.web_url)}`]),
  ];
  return paragraphs.join('\n\n');
}

export function listText({ rollbacks, next }: ListAnswer, look: Look): string {
  if (rollbacks.length === 0) return 'There are no rollbacks.';
  const rows = rollbacks.map((row) => [
    row.action_plan_uuid,
    paintWord(row.state, look),
    row.created_at,
    row.updated_at,
    countsOf(row.counts),
  ]);
  const shown = table(['action plan', 'state', 'asked for', 'last change', 'counts'], rows, look);
  return next === null ? shown : `${shown}\n\nThere are more: "--all", or a larger --limit.`;
}

export function previewText(result: PreviewAnswer, look: Look): string {
  const { preview, compensations, action_plan_uuid: plan } = result;
  const title = (text: string): string => bold(text, look);
  const place = new Map(preview.order.map((uuid, index) => [uuid, index + 1]));
  const rows = compensations
    .toSorted((a, b) => placeOf(place, a) - placeOf(place, b))
    .map((it) => [
      String(place.get(it.action_uuid) ?? '-'),
      (it.kind ?? 'nothing').replaceAll('_', ' '),
      resourceName(it),
      changeOf(it),
      plain(it.reason ?? ''),
    ]);
  const hosts = preview.hosts.map((host) => [
    plain(host.host),
    `${host.status}, ${host.state}`,
    String(host.servers),
    String(host.incoming),
    host.room === null
      ? '?'
      : `${host.room.vcpus_free} vCPU, ${host.room.memory_mb_free} MB, ${host.room.disk_gb_free} GB`,
    plain(host.message ?? host.disabled_reason ?? ''),
  ]);
  const headings = ['host', 'service', 'servers', 'to come', 'free', 'note'];
  return [
    `${title(`A rollback of action plan ${plan} would do this`)} (${countsOf(result.counts)}); nothing has been touched.`,
    table(['', 'what', 'resource', 'change', 'reason'], rows, look),
    ...(hosts.length === 0 ? [] : [table(headings, hosts, look)]),
    ...notesOf(preview).map(plain),
  ].join('\n\n');
}

function placeOf(place: Map<string, number>, { action_uuid }: CompensationAnswer): number {
  return place.get(action_uuid) ?? Number.MAX_SAFE_INTEGER;
}

function notesOf({ warnings, audits, newer_plans, needs }: PreviewAnswer['preview']): string[] {
  return [
    ...warnings.map((sentence) => `Warning: ${sentence}`),
    ...audits.map(({ name, message }) => `Audit ${name}: ${message}`),
    ...newer_plans.map(
      ({ uuid, state, resources }) =>
        `Newer action plan ${uuid} (${state}) touched ${resources.join(', ')}.`,
    ),
    ...Object.entries(needs).map(
      ([action, others]) => `Action ${action} also needs ${others.join(', ')}.`,
    ),
  ];
}
