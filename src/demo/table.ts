/** Host by host: the cloud before the plan, after it, and now, as aligned text. Pure. */
import type { CloudSnapshot } from '../simulated-cloud/types.js';

/** How a cell stands to the state before the plan. */
export type Mark = 'plain' | 'changed' | 'restored' | 'different';
export type Paint = (text: string, mark: Mark) => string;

type Cell = readonly string[];
interface Row {
  labels: [host: string, part: string];
  cells: [before: Cell, after: Cell, now: Cell];
}

/** Three such columns and the labels fit a terminal of 80 columns. */
const CELL_WIDTH = 19;
const GAP = '  ';
const HEADINGS = ['host', '', 'before the plan', 'after the plan', 'now'];
const FOOTNOTE = '* SHUTOFF';

/** Lines without line ends. `paint` gets text that is padded already, so colours do not disturb the columns. */
export function hostTable(
  before: CloudSnapshot,
  after: CloudSnapshot,
  now: CloudSnapshot,
  paint: Paint = (text) => text,
): string[] {
  const rows = hostsOf([before, after, now]).flatMap((host) => rowsOf(host, before, after, now));
  const widths = HEADINGS.map((heading, column) =>
    rows.reduce((width, row) => Math.max(width, columnWidth(row, column)), heading.length),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join(GAP);
  const lines = [line(HEADINGS, widths), rule];
  let host = '';
  for (const row of rows) {
    if (host !== '' && host !== row.labels[0]) lines.push(rule);
    lines.push(...linesOf(row, host === row.labels[0], widths, paint));
    host = row.labels[0];
  }
  return lines.some((text) => text.includes('*')) ? [...lines, FOOTNOTE] : lines;
}

function hostsOf(snapshots: CloudSnapshot[]): string[] {
  const names = snapshots.flatMap(({ services }) => Object.keys(services));
  return [...new Set(names)].toSorted(byName);
}

function rowsOf(host: string, ...snapshots: [CloudSnapshot, CloudSnapshot, CloudSnapshot]): Row[] {
  const row = (part: string, cell: (snapshot: CloudSnapshot) => Cell): Row => {
    const [before, after, now] = snapshots;
    return { labels: [host, part], cells: [cell(before), cell(after), cell(now)] };
  };
  return [
    row('servers', (snapshot) => serversCell(snapshot, host)),
    row('service', (snapshot) => serviceCell(snapshot, host)),
    row('node', (snapshot) => nodeCell(snapshot, host)),
  ];
}

function serversCell({ servers }: CloudSnapshot, host: string): Cell {
  const here = Object.values(servers)
    .filter((server) => server.host === host)
    .toSorted((a, b) => byName(a.name, b.name));
  if (here.length === 0) return ['-'];
  return wrapped(here.map(({ name, status }) => name + statusMark(status)));
}

function statusMark(status: string): string {
  if (status === 'ACTIVE') return '';
  return status === 'SHUTOFF' ? '*' : `(${status})`;
}

function serviceCell({ services }: CloudSnapshot, host: string): Cell {
  const service = services[host];
  if (service === undefined) return ['-'];
  const state = `${service.status}, ${service.state}`;
  return service.disabledReason === null ? [state] : [state, service.disabledReason];
}

function nodeCell({ nodes }: CloudSnapshot, host: string): Cell {
  const node = Object.values(nodes).find(({ name }) => name === host);
  return [node?.powerState ?? '-'];
}

function wrapped(words: string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > CELL_WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function columnWidth({ labels, cells }: Row, column: number): number {
  const texts = column < 2 ? [labels[column] ?? ''] : (cells[column - 2] ?? []);
  return texts.reduce((width, text) => Math.max(width, text.length), 0);
}

function linesOf(row: Row, sameHost: boolean, widths: number[], paint: Paint): string[] {
  const [before, after, now] = row.cells;
  const marks = [
    'plain',
    same(before, after) ? 'plain' : 'changed',
    same(before, now) ? (same(before, after) ? 'plain' : 'restored') : 'different',
  ] as const;
  const height = Math.max(...row.cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, index) => {
    const labels = index > 0 ? ['', ''] : [sameHost ? '' : row.labels[0], row.labels[1]];
    const texts = [...labels, ...row.cells.map((cell) => cell[index] ?? '')];
    return line(texts, widths, (text, column) =>
      column < 2 ? text : paint(text, marks[column - 2] ?? 'plain'),
    );
  });
}

function line(
  texts: readonly string[],
  widths: readonly number[],
  paint: (text: string, column: number) => string = (text) => text,
): string {
  const padded = texts.map((text, column) => paint(text.padEnd(widths[column] ?? 0), column));
  return padded.join(GAP).trimEnd();
}

function same(a: Cell, b: Cell): boolean {
  return a.join('\n') === b.join('\n');
}

/** vm-2 before vm-10. */
function byName(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
