/** layOutRollback: read the facts, let the domain decide. A refusal of the domain's becomes a failure here. */
import { layOut } from '../src/domain/layout.js';
import { isFailureType } from '../src/domain/failures.js';
import type { Layout } from '../src/domain/layout-types.js';
import type { RollbackOptions } from '../src/domain/options.js';
import { failure } from './failures.js';
import type { Kit } from './kit.js';
import { readFacts, type ReadFacts } from './read-facts.js';
import type { LayOutInput } from './types.js';
import type { Run } from './waiting.js';

export async function layOutRollback(kit: Kit, run: Run, input: LayOutInput): Promise<Layout> {
  return laidOut(await readFacts(kit, run, input.action_plan_uuid), input.options);
}

/** Throws what the domain refuses. */
export function laidOut({ facts, plansLeftOut }: ReadFacts, options: RollbackOptions): Layout {
  const decided = layOut(facts, options);
  if ('refusal' in decided) {
    const { type, message } = decided.refusal;
    throw failure(isFailureType(type) ? type : 'InternalError', message);
  }
  if (plansLeftOut === 0) return decided;
  const note = `${plansLeftOut} older plans that ran since were not looked into; what they changed is not known.`;
  return { ...decided, notes: [...decided.notes, note] };
}
