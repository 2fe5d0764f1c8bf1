/** The results as they are kept, by part, and how docs/benchmarks.md shows them. Pure. */
import { type Row, tableOf } from './rows.js';

export interface Machine {
  cores: number;
  cpu: string;
  memoryGb: number;
  node: string;
  temporalSdk: string;
  temporal: string;
}

export interface PartResults {
  /** ISO 8601. */
  at: string;
  /** Of the code that was measured; null: not in a clone. Absent in older ones. */
  commit?: string | null;
  machine: Machine;
  /** What else ran: the load of the minute before. */
  load: number;
  rows: readonly Row[];
}

export type Results = Readonly<Record<string, PartResults>>;

const BETWEEN = /(?<=<!-- results: [^>]{0,200} -->\n)[^]*?(?=<!-- end of results -->)/;

/** The document with these results instead of those in it. */
export function withResults(text: string, results: Results): string {
  const parts = Object.entries(results).map(
    ([name, { at, commit, machine, load, rows }]) =>
      `### ${name}\n\n${at.slice(0, 10)}${commit ? ` at ${commit}` : ''}, ${machineText(machine)}; load ${load} at the start.\n\n${tableOf(rows)}\n`,
  );
  const all = parts.length === 0 ? ['No results are kept yet.\n'] : parts;
  return text.replace(BETWEEN, () => `\n${all.join('\n')}\n`);
}

export function machineText(machine: Machine): string {
  const { cores, cpu, memoryGb, node, temporalSdk, temporal } = machine;
  return `${cores} cores (${cpu}), ${memoryGb} GB, Node ${node}, Temporal SDK ${temporalSdk}, ${temporal}`;
}
