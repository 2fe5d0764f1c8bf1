/**
 * The verdict on one action: what its compensation will be, and the comparison of before, after and now that every
 * property goes through. Pure.
 */
import { byEnd, type Member, type OtherChange } from './context.js';
import type { CompensationWork } from './layout-types.js';
import type { DriftPolicy } from './options.js';
import type { Evidence, ResourceState, ResourceType } from './result.js';

export interface Resource {
  type: ResourceType | null;
  id: string | null;
  name: string | null;
}

/** What a compensation sets, or would have set: for the edges of the others. See order.ts. */
export type Stake =
  | { kind: 'node'; host: string | null; to: 'power on' | 'power off' }
  | { kind: 'service'; host: string; to: 'enabled' | 'disabled' }
  | { kind: 'revert' | 'migrate'; serverId: string; from: string | null; to: string | null }
  | { kind: 'start'; serverId: string; host: string | null };

export interface Verdict {
  state: 'PENDING' | 'SKIPPED' | 'KEPT' | 'NOT_REVERSIBLE';
  reason: string | null;
  resource: Resource;
  work: CompensationWork | null;
  before: ResourceState | null;
  after: ResourceState | null;
  now: ResourceState | null;
  residue: string | null;
  evidence: Evidence;
  /** Changed by somebody since: what on_drift "fail" refuses. */
  drift: boolean;
  stake: Stake | null;
}

export type Verdicts = Map<string, Verdict>;

const NOBODY: Resource = { type: null, id: null, name: null };

export function verdict(
  state: Verdict['state'],
  reason: string | null,
  more: Partial<Verdict> = {},
): Verdict {
  return {
    state,
    reason,
    resource: NOBODY,
    work: null,
    before: null,
    after: null,
    now: null,
    residue: null,
    evidence: {},
    drift: false,
    stake: null,
    ...more,
  };
}

/** One property of one resource, ready to be judged. */
export interface Comparison {
  /** For sentences: "vm-1", "nova-compute on compute-2", "node rack1-3". */
  name: string;
  /** The live state in words: 'is on compute-3 since …', 'is disabled ("broken disk")'. */
  nowIs: string;
  isBefore: boolean;
  isAfter: boolean;
  /** Nothing proves that any action on it took effect; `null` where it is proved or SUCCEEDED. */
  unproved: string | null;
  /** Why it is not ours to touch under any policy, or null. */
  neverOurs: string | null;
  /** A later change by another plan that was not undone since, or undefined. */
  newer: OtherChange | undefined;
  policy: DriftPolicy;
}

export type Judgement = 'restore' | Pick<Verdict, 'state' | 'reason' | 'drift' | 'evidence'>;

/**
 * The rules in their order:
 * 1. changed later by another plan, and not undone since: drift, whatever the value (that plan may count on it);
 * 2. now is before: nothing to do;
 * 3. never ours: left alone under every policy;
 * 4. unproved: we do not undo what we cannot show to be the plan's doing;
 * 5. now is after: restore;
 * 6. anything else was made by somebody since: drift.
 */
export function judge(it: Comparison): Judgement {
  const { newer, policy } = it;
  if (it.unproved === null && newer !== undefined && policy !== 'restore') {
    const { plan, action } = newer;
    const at = action.updatedAt ?? action.createdAt;
    const reason =
      `${it.name} ${it.nowIs}: the newer action plan ${plan.uuid} changed it at ${at}. ` +
      'Roll that plan back first, or ask with on_drift "restore".';
    return { state: 'KEPT', reason, drift: true, evidence: { action_plan_uuid: plan.uuid } };
  }
  if (it.isBefore) {
    return it.unproved === null
      ? ended('SKIPPED', `${it.name} ${it.nowIs}, as before the plan.`)
      : ended(
          'SKIPPED',
          `The action never took effect: ${it.name} ${it.nowIs}, as before the plan.`,
        );
  }
  if (it.neverOurs !== null) return ended('KEPT', it.neverOurs);
  if (it.unproved !== null) return ended('NOT_REVERSIBLE', it.unproved);
  if (it.isAfter || policy === 'restore') return 'restore';
  return ended(
    'KEPT',
    `${it.name} ${it.nowIs}: somebody changed it since the plan, so it is left alone.`,
    true,
  );
}

function ended(state: Verdict['state'], reason: string, drift = false): Judgement {
  return { state, reason, drift, evidence: {} };
}

/** The actions on one property, sorted out. */
export interface Group<M extends Member> {
  /** Whose compensation it is: the earliest that took effect, else the earliest. */
  owner: M;
  /** Of all that took effect, in the order in which they ended. */
  effective: M[];
  /** The one that made the state after. */
  last: M;
  isProved: boolean;
  /** Earlier ones: any of them may or may not have made the state that the owner found. */
  doubtful: M[];
}

/** Gives every member but the owner its verdict; the owner's is up to the caller. null where nobody asks for any. */
export function sortOut<M extends Member>(
  members: M[],
  took: (member: M) => boolean,
  resource: Resource,
  verdicts: Verdicts,
): Group<M> | null {
  const sorted = byEnd(members);
  const effective = sorted.filter(took);
  const wanted = (member: M): boolean => member.selected;
  const owner = effective.find(wanted) ?? sorted.find(wanted);
  if (owner === undefined) return null;
  const tookEffect = new Set(effective);
  const isProved = tookEffect.has(owner);
  for (const member of sorted) {
    if (member === owner) continue;
    const isIdle = isProved && !tookEffect.has(member);
    verdicts.set(
      member.action.uuid,
      isIdle ? neverTookEffect(member, owner, resource) : covered(owner, resource),
    );
  }
  const doubtful = sorted.slice(0, sorted.indexOf(owner)).filter((it) => !tookEffect.has(it));
  return { owner, effective, last: effective.at(-1) ?? owner, isProved, doubtful };
}

/** An action whose property another action's compensation restores. */
export function covered(owner: Member, resource: Resource): Verdict {
  return verdict('SKIPPED', `Covered by the compensation of action ${owner.action.uuid}.`, {
    resource,
  });
}

/** An unproved action among others on the same property that did take effect. */
export function neverTookEffect(member: Member, owner: Member, resource: Resource): Verdict {
  return verdict(
    'SKIPPED',
    `Nothing shows that this ${member.action.state} action took effect; ` +
      `what is left to restore is done for action ${owner.action.uuid}.`,
    { resource },
  );
}

export function unprovedReason(member: Member, name: string, proof: string): string {
  return (
    `${name} is not as before, but nothing proves that this ${member.action.state} action did it: ` +
    `${proof}. Somebody who knows has to restore it by hand.`
  );
}

/**
 * Where before is inferred from the action alone and an earlier action, of which nobody knows whether it took effect, may
 * have made that state: then before is not known.
 */
export function doubtfulReason(doubtful: Member, name: string): string {
  return (
    `What ${name} was before the plan is not known: nothing tells whether the earlier ` +
    `${doubtful.action.state} action ${doubtful.action.uuid} took effect. Somebody who knows has to restore it by hand.`
  );
}
