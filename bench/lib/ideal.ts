/** What the model says of the times that a part of the benchmark measures. Pure. */
import { runGreedy } from '../model/greedy.js';
import { lowerBound, type ModelBounds } from '../model/lower-bound.js';
import { operationsOf, type Step } from '../model/operations.js';

export interface Ideal {
  /** The longest chain of operations that must follow one another, in the service's own order and with what may run at once. */
  chainMs: number;
  /** Whatever the order: nobody is faster. */
  leastMs: number;
}

/** `steps`: in the order of the plan's actions. */
export function idealOf(steps: readonly Step[], bounds: ModelBounds): Ideal {
  const operations = operationsOf(steps);
  return {
    chainMs: runGreedy(operations, bounds).makespan,
    leastMs: lowerBound(operations, bounds).ms,
  };
}
