/** Runs side by side, and the table of faults and outcomes that comes of them. */
import type { Run } from './run.js';

const RUNS_PER_LINE = 25;

export async function sideBySide(
  seeds: readonly number[],
  lanes: number,
  playerOf: (lane: number) => (seed: number) => Promise<Run>,
  /** Told of each run as it ends. */
  tell: (runs: readonly Run[]) => void = () => undefined,
): Promise<Run[]> {
  const runs: Run[] = [];
  let next = 0;
  const lane = async (playOne: (seed: number) => Promise<Run>): Promise<void> => {
    for (let seed = seeds[next++]; seed !== undefined; seed = seeds[next++]) {
      runs.push(await playOne(seed));
      tell(runs);
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, index) => lane(playerOf(index))));
  return runs;
}

/** Every so many runs a line; a run that failed at once. Null: nothing to say. */
export function progressOf(runs: readonly Run[]): string | null {
  const last = runs.at(-1);
  if (last === undefined) return null;
  if (last.violations.length > 0)
    return `${last.kind} ${last.seed} (${last.first}, then ${last.second}): ${last.violations.join('; ')}`;
  if (runs.length % RUNS_PER_LINE > 0) return null;
  const failing = runs.filter(({ violations }) => violations.length > 0).length;
  return `${last.kind}: ${runs.length} runs, ${failing} failing`;
}

/** One line per kind of fault: in how many runs it was, and how those ended at first and after another POST. */
export function tableOf(runs: readonly Run[]): string {
  const faults = [...new Set(runs.flatMap((run) => run.faults))].toSorted();
  const head = ['fault', 'runs', 'ended at first', 'and after another POST'];
  const rows = faults.map((fault) => {
    const those = runs.filter((run) => run.faults.includes(fault));
    return [
      fault,
      String(those.length),
      counted(those.map(({ first }) => first)),
      counted(those.map(({ second }) => second)),
    ];
  });
  rows.push([
    'all',
    String(runs.length),
    counted(runs.map(({ first }) => first)),
    counted(runs.map(({ second }) => second)),
  ]);
  rows.unshift(head);
  const widths = [0, 1, 2].map((column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function counted(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) if (word !== '') counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([word, count]) => `${count} ${word}`)
    .join(', ');
}
