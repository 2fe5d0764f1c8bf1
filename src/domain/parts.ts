/**
 * Compensations in parts: Temporal warns of a payload over 512 kB and ends a workflow for one over 2 MB, and those of a large
 * plan are more than that. Used inside workflow code. Pure.
 */
import type { LaidOutCompensation } from './layout-types.js';

/**
 * Characters of JSON in one part. They are compressed to a fifth or less (most of what is left are uuids); even what hardly
 * can be is then within Temporal's 2 MB.
 */
export const PART_CHARS = 1_500_000;

/** Names the parts of one whole. */
export interface PartsOf {
  /** The same for all of one whole, and no other's. */
  id: string;
  count: number;
}

export interface Part {
  id: string;
  index: number;
  compensations: LaidOutCompensation[];
}

/** In their order; at least one part, each with at least one of them where there is any. */
export function inParts(
  compensations: readonly LaidOutCompensation[],
  charsMax = PART_CHARS,
): LaidOutCompensation[][] {
  const parts: LaidOutCompensation[][] = [];
  let part: LaidOutCompensation[] = [];
  let chars = 0;
  for (const one of compensations) {
    const more = JSON.stringify(one).length + 1;
    if (part.length > 0 && chars + more > charsMax) {
      parts.push(part);
      part = [];
      chars = 0;
    }
    part.push(one);
    chars += more;
  }
  return [...parts, part];
}

/**
 * Of a layout that was not sent in parts. One without them is a defect of whoever made it; taken for an empty one, it would say
 * that there is nothing to do. `defect`: what to throw, which each room has its own kind of.
 */
export function compensationsOf(
  { compensations }: { compensations?: LaidOutCompensation[] | undefined },
  defect: (message: string) => Error,
): LaidOutCompensation[] {
  if (compensations !== undefined) return compensations;
  throw defect('The layout has neither compensations nor parts of them. Nothing was touched.');
}

/** What has come of any whole, in any order, some of it perhaps twice. */
export class Parts {
  private readonly come = new Map<string, Map<number, LaidOutCompensation[]>>();

  add({ id, index, compensations }: Part): void {
    const those = this.come.get(id) ?? new Map<number, LaidOutCompensation[]>();
    this.come.set(id, those.set(index, compensations));
  }

  isWhole({ id, count }: PartsOf): boolean {
    const those = this.come.get(id);
    return Array.from({ length: count }, (_, index) => index).every((index) => those?.has(index));
  }

  /** All of it, once it is whole; what came of others is forgotten: nobody asks for it any more. */
  take({ id, count }: PartsOf): LaidOutCompensation[] {
    if (!this.isWhole({ id, count })) throw new Error(`parts of ${id} are missing`);
    const those = this.come.get(id);
    this.come.clear();
    return Array.from({ length: count }, (_, index) => those?.get(index) ?? []).flat();
  }
}
