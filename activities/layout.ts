/** layOutRollback: read the facts, let the domain decide. A refusal of the domain's becomes a failure here. */
import { layOut } from '../src/domain/layout.js';
import { isFailureType } from '../src/domain/failures.js';
import type { Layout } from '../src/domain/layout-types.js';
import { failure } from './failures.js';
import type { Kit } from './kit.js';
import { readFacts } from './read-facts.js';
import type { LayOutInput } from './types.js';
import type { Run } from './waiting.js';

export async function layOutRollback(kit: Kit, run: Run, input: LayOutInput): Promise<Layout> {
  const { facts, plansLeftOut } = await readFacts(kit, run, input.action_plan_uuid);
  const laidOut = layOut(facts, input.options);
  if ('refusal' in laidOut) {
    const { type, message } = laidOut.refusal;
    throw failure(isFailureType(type) ? type : 'InternalError', message);
  }
  if (plansLeftOut === 0) return laidOut;
  const note = `${plansLeftOut} older plans that ran since were not looked into; what they changed is not known.`;
  return { ...laidOut, notes: [...laidOut.notes, note] };
}
