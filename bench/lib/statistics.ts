/** Figures from repeated runs: medians with their spread, and how a figure grows. Pure. */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

export interface Spread {
  median: number;
  min: number;
  max: number;
}

/** Of one figure, measured several times. */
export function spread(values: readonly number[]): Spread {
  return {
    median: rounded(median(values)),
    min: rounded(Math.min(...values)),
    max: rounded(Math.max(...values)),
  };
}

/** Three significant digits; large numbers stay whole. */
export function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

/**
 * k of "figure ~ size^k": the slope of a straight line through the logarithms (least squares). 1 is linear; below 1 a constant
 * part still counts.
 */
export function exponent(points: readonly (readonly [size: number, figure: number])[]): number {
  const logs = points.map(([size, figure]) => [Math.log(size), Math.log(figure)] as const);
  const x = logs.reduce((sum, [size]) => sum + size, 0) / logs.length;
  const y = logs.reduce((sum, [, figure]) => sum + figure, 0) / logs.length;
  const along = logs.reduce((sum, [size, figure]) => sum + (size - x) * (figure - y), 0);
  return along / logs.reduce((sum, [size]) => sum + (size - x) ** 2, 0);
}
