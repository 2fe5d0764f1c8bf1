/**
 * From facts to a layout: one compensation per action, in the plan's order, each with its reason, its work and what it waits
 * for. Pure: the same facts give the same layout.
 */
import { changedNothing } from './action-states.js';
import { neverStarted } from './acceptance.js';
import { judgePowers } from './actions/change-node-power-state.js';
import { judgeServices } from './actions/change-nova-service-state.js';
import type { Change, OpaqueChange } from './actions/change.js';
import { readChange } from './actions/read-change.js';
import { judgeStops, stopsToProve } from './actions/stop.js';
import { contextOf } from './build-context.js';
import { byEnd, groupBy, type Context, type Member } from './context.js';
import type { Action, Facts } from './facts.js';
import type { LaidOutCompensation, Layout, Refusal } from './layout-types.js';
import { movedServer } from './moved-server.js';
import type { RollbackOptions } from './options.js';
import { orderCompensations } from './order.js';
import { refuseOngoing } from './other-plans.js';
import { proveMoves } from './proof.js';
import { propertyOf } from './property.js';
import { judgeMoves } from './server-host.js';
import { verdict, type Verdict, type Verdicts } from './verdict.js';

const NAMED_AT_MOST = 10;

/** A refusal's type is InvalidRequest, OtherPlanOngoing, PlanNeverStarted or DriftFound. */
export function layOut(facts: Facts, options: RollbackOptions): Layout | { refusal: Refusal } {
  const context = contextOf(facts, options);
  const members = context.members.filter(({ selected }) => selected);
  const early =
    refuseForeignActions(context) ??
    refuseOngoing(
      facts,
      context.hosts,
      context.nodes,
      members.map(({ change }) => change),
    );
  if (early !== null) return { refusal: early };
  const verdicts = judgeAll(context);
  const laidOut = members.map((member) => ({
    id: member.action.uuid,
    member,
    verdict: verdicts.get(member.action.uuid) ?? noVerdict(member),
  }));
  const late = refuseUnstarted(context, laidOut) ?? refuseDrift(context, laidOut);
  if (late !== null) return { refusal: late };
  const parents = orderCompensations(laidOut);
  const last = context.members.length - 1;
  return {
    compensations: laidOut.map(({ member, verdict: of }) =>
      compensation(member, of, parents.get(member.action.uuid) ?? [], last - member.index),
    ),
    notes: [],
  };
}

/**
 * Ids of the servers whose instance actions the layout wants to see (Facts.instanceActions): Nova answers them one
 * server at a time, so only those that a rule asks for are read.
 */
export function needsInstanceActions(facts: {
  actions: readonly Pick<Action, 'type' | 'state' | 'parameters'>[];
}): string[] {
  return [
    ...stopsToProve(
      facts.actions.map(({ type, state, parameters }) => ({
        state,
        change: readChange(type, parameters),
      })),
    ),
  ];
}

type LaidOut = { id: string; member: Member; verdict: Verdict };

function judgeAll(context: Context): Verdicts {
  const verdicts: Verdicts = new Map();
  const groups: Member[] = [];
  for (const member of context.members) {
    const final = finalVerdict(member);
    if (final === null) groups.push(member);
    else verdicts.set(member.action.uuid, final);
  }
  const property = ({ change }: Member): string => propertyOf(change, context.hosts) ?? '';
  for (const services of groupBy(groups.filter(isOf('service')), property).values()) {
    judgeServices(context, services, verdicts);
  }
  for (const powers of groupBy(groups.filter(isOf('power')), property).values()) {
    judgePowers(context, powers, verdicts);
  }
  judgeServers(context, groups, verdicts);
  return verdicts;
}

/** Both properties of a server are judged together: how it moves depends on whether it is started first. */
function judgeServers(context: Context, members: Member[], verdicts: Verdicts): void {
  const moves = members.filter(isOf('move'));
  const proofs = proveMoves(context, moves, {
    plan: context.facts.plan,
    ends: context.ends,
    claimed: new Set(),
    watcherUsers: new Set(),
  });
  const movesOf = groupBy(moves, ({ change }) => change.serverId);
  const stopsOf = groupBy(members.filter(isOf('stop')), ({ change }) => change.serverId);
  for (const id of new Set([...movesOf.keys(), ...stopsOf.keys()])) {
    const moved = movedServer(context, byEnd(movesOf.get(id) ?? []), proofs);
    const stops = stopsOf.get(id) ?? [];
    const isReverted = moved !== null && moved.toRevert !== null;
    const stopped = { isReverted, watcherUsers: proofs.watcherUsers };
    judgeStops(context, stops, stopped, verdicts);
    const isStarted = stops.some(
      ({ action, selected }) => selected && verdicts.get(action.uuid)?.state === 'PENDING',
    );
    if (moved !== null) judgeMoves(context, moved, isStarted, verdicts);
  }
}

/** The verdict on an action that no live state can change; null where the cloud has to be looked at. */
function finalVerdict({ action, change }: Member): Verdict | null {
  if (changedNothing(action.state)) {
    return verdict('SKIPPED', `The action is ${action.state}: it never ran and changed nothing.`);
  }
  if (change.kind === 'nothing') return verdict('SKIPPED', change.reason);
  if (change.kind === 'opaque') {
    return verdict('NOT_REVERSIBLE', change.reason, { resource: opaqueResource(change) });
  }
  return null;
}

function opaqueResource({ volumeId, resourceName }: OpaqueChange): Verdict['resource'] {
  return { type: volumeId === null ? null : 'volume', id: volumeId, name: resourceName };
}

function isOf<K extends Change['kind']>(kind: K) {
  return (member: Member): member is Member<Extract<Change, { kind: K }>> =>
    member.change.kind === kind;
}

/** Cannot happen; but one forgotten case must not take the other compensations with it. */
function noVerdict({ action }: Member): Verdict {
  return verdict('NOT_REVERSIBLE', `No rule covers this ${action.type} action.`);
}

function compensation(
  { action }: Member,
  of: Verdict,
  parents: string[],
  priority: number,
): LaidOutCompensation {
  return {
    action_uuid: action.uuid,
    action_type: action.type,
    kind: of.work?.kind ?? null,
    resource_type: of.resource.type,
    resource_id: of.resource.id,
    resource_name: of.resource.name,
    before: of.before,
    after: of.after,
    now: of.now,
    state: of.state,
    reason: of.reason,
    parents,
    attempts: 0,
    started_at: null,
    finished_at: null,
    evidence: of.evidence,
    work: of.work,
    priority,
    residue: of.residue,
  };
}

function refuseForeignActions({ options, ends, facts }: Context): Refusal | null {
  const foreign = (options.actions ?? []).filter((uuid) => !ends.has(uuid));
  if (foreign.length === 0) return null;
  return {
    type: 'InvalidRequest',
    message:
      `Field "actions": not actions of action plan ${facts.plan.uuid}: ${someOf(foreign)}. ` +
      'Leave the field out, or name actions of this plan.',
  };
}

/**
 * Watcher marks actions CANCELLED that ran and that never did. Where nothing but such actions is there and the
 * cloud shows no trace of any, the plan was cancelled before it began.
 */
function refuseUnstarted({ facts, options }: Context, laidOut: LaidOut[]): Refusal | null {
  const mayHaveRun = facts.actions.some(
    ({ state }) => !changedNothing(state) && state !== 'CANCELLED' && state !== 'DELETED',
  );
  if (facts.plan.state !== 'CANCELLED' || mayHaveRun || options.actions !== null) return null;
  if (laidOut.some(({ verdict: of }) => of.state !== 'SKIPPED' || hasProof(of))) return null;
  const { uuid, state } = facts.plan;
  return neverStarted(uuid, state, `${laidOut.length} CANCELLED or PENDING, no trace of any`);
}

function hasProof(of: Verdict): boolean {
  return of.evidence.proof_migration_uuid !== undefined;
}

function refuseDrift({ options }: Context, laidOut: LaidOut[]): Refusal | null {
  if (options.on_drift !== 'fail') return null;
  const drifted = laidOut.filter(({ verdict: of }) => of.drift);
  if (drifted.length === 0) return null;
  const named = drifted.map(({ verdict: of, id }) => of.reason ?? id);
  return {
    type: 'DriftFound',
    message:
      `Changed since the plan, and on_drift is "fail": ${someOf(named)} ` +
      'Nothing was touched. Ask with on_drift "keep" or "restore".',
  };
}

function someOf(names: string[]): string {
  const more = names.length - NAMED_AT_MOST;
  const shown = names.slice(0, NAMED_AT_MOST).join(' ');
  return more > 0 ? `${shown} And ${more} more.` : shown;
}
