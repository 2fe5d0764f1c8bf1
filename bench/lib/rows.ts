/** A row of the table: one figure, its target where the project has set one, and whether it was reached. Pure. */
import { median as medianOf, spread, type Spread } from './statistics.js';

export interface Target {
  atMost?: number;
  atLeast?: number;
}

export interface Measured {
  name: string;
  unit: string;
  /** One per run. */
  values: readonly number[];
  /** Absent: the figure is told, and not judged. */
  target?: Target;
  /** What it was made of, for the JSON. */
  facts?: unknown;
}

export interface Row extends Measured, Spread {
  reached?: boolean;
}

/** Judged by the exact median, not by the digits that are shown. */
export function row(measured: Measured): Row {
  const figure = spread(measured.values);
  const { target } = measured;
  return {
    ...measured,
    ...figure,
    ...(target && { reached: reaches(medianOf(measured.values), target) }),
  };
}

function reaches(value: number, { atMost = Infinity, atLeast = -Infinity }: Target): boolean {
  return value <= atMost && value >= atLeast;
}

type Cells = readonly [string, string, string, string, string, string];
const HEAD: Cells = ['', 'median', 'min – max', 'runs', 'target', ''];

/** Markdown whose columns line up in a terminal as well. */
export function tableOf(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cellsOf)];
  const widths = HEAD.map((_, at) => Math.max(3, ...lines.map((line) => line[at]?.length ?? 0)));
  const text = (line: Cells): string =>
    `| ${line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  const [head = '', ...body] = lines.map(text);
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body].join('\n');
}

function cellsOf({ name, unit, values, median, min, max, target, reached }: Row): Cells {
  return [
    name,
    unit === '' ? String(median) : `${median} ${unit}`,
    min === max ? '' : `${min} – ${max}`,
    String(values.length),
    target === undefined ? '' : targetText(target),
    reached === undefined ? '' : reached ? 'reached' : 'not reached',
  ];
}

function targetText({ atMost, atLeast }: Target): string {
  return atMost === undefined ? `≥ ${String(atLeast)}` : `≤ ${String(atMost)}`;
}
