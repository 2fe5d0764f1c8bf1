/** Runs side by side, and the table of faults and outcomes that comes of them. */
import type { Run } from './run.js';

export async function sideBySide(
  seeds: readonly number[],
  lanes: number,
  playerOf: (lane: number) => (seed: number) => Promise<Run>,
): Promise<Run[]> {
  const runs: Run[] = [];
  let next = 0;
  const lane = async (playOne: (seed: number) => Promise<Run>): Promise<void> => {
    for (let seed = seeds[next++]; seed !== undefined; seed = seeds[next++])
      runs.push(await playOne(seed));
  };
  await Promise.all(Array.from({ length: lanes }, (_, index) => lane(playerOf(index))));
  return runs;
}

/** One line per kind of fault: in how many runs it was, and how those ended at first and after another POST. */
export function tableOf(runs: readonly Run[]): string {
  const faults = [...new Set(runs.flatMap((run) => run.faults))].toSorted();
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
