/**
 * "The newer plan wins": what another plan changed after this one, as long as nothing shows that it was undone. Pure.
 */
import { groupBy, type Context, type OtherChange } from './context.js';
import type { Migration } from './facts.js';
import { hasArrived } from './migrations.js';
import { proveMoves, type MoveMember } from './proof.js';
import { serverHost } from './property.js';
import { timeOf } from './time.js';
import { CLOCK_TOLERANCE_MS } from './windows.js';

/** The changes of one property by one other plan, in the order in which they ended; never empty. */
type Changes = readonly OtherChange[];

/** The latest change after `end` (milliseconds) of those plans whose changes were not undone. */
export function newerChange(
  context: Context,
  property: string,
  end: number,
  isUndone: (changes: Changes) => boolean,
): OtherChange | undefined {
  return newest(changesAfter(context, property, end), isUndone);
}

/** By plan. */
function changesAfter(context: Context, property: string, end: number): Changes[] {
  const later = (context.byOthers.get(property) ?? []).filter((change) => change.end > end);
  return [...groupBy(later, ({ plan }) => plan.uuid).values()];
}

function newest(plans: Changes[], isUndone: (changes: Changes) => boolean) {
  let found: OtherChange | undefined;
  for (const changes of plans) {
    const last = changes.at(-1);
    if (last === undefined || last.end <= (found?.end ?? -Infinity)) continue;
    if (!isUndone(changes)) found = last;
  }
  return found;
}

/**
 * Of a property that only its value tells of: it is not what the newer plan set, but what our plan left or found.
 * `hasSet` tells whether a change would have set the live value.
 */
export function isUndoneByValue(
  isOurs: boolean,
  hasSet: (change: OtherChange['change']) => boolean,
): (changes: Changes) => boolean {
  return (changes) => {
    const last = changes.at(-1);
    return isOurs && last !== undefined && !hasSet(last.change);
  };
}

/**
 * Another plan's move of the server after `end`. Undone where a later migration that is no plan's, whoever made it,
 * brought the server back to where that plan's first move found it, as that move's record says.
 */
export function newerMove(
  context: Context,
  serverId: string,
  end: number,
  known: { claimed: ReadonlySet<number>; watcherUsers: ReadonlySet<string> },
): OtherChange | undefined {
  const plans = changesAfter(context, serverHost(serverId), end);
  const proofs = new Map<string, Migration>();
  for (const changes of plans) {
    const plan = changes[0]?.plan;
    if (plan === undefined) continue;
    const movers = { ...known, plan, ends: new Map<string, number>() };
    const { byAction } = proveMoves(context, changes.flatMap(asMember), movers);
    for (const [uuid, record] of byAction) proofs.set(uuid, record);
  }
  const planned = new Set([...proofs.values()].map(({ id }) => id));
  const others = (context.migrations.get(serverId) ?? []).filter(
    (record) => hasArrived(record) && !planned.has(record.id),
  );
  return newest(plans, (changes) => {
    const [first, last] = [changes[0], changes.at(-1)];
    const found = proofs.get(first?.action.uuid ?? '')?.sourceCompute ?? null;
    const lastRecord = proofs.get(last?.action.uuid ?? '');
    if (last === undefined || lastRecord === undefined || found === null) return false;
    return others.some(
      ({ id, destCompute, createdAt }) =>
        id > lastRecord.id &&
        destCompute === found &&
        (timeOf(createdAt) ?? 0) >= last.end - CLOCK_TOLERANCE_MS,
    );
  });
}

function asMember({ action, change, end }: OtherChange, index: number): MoveMember[] {
  return change.kind === 'move' ? [{ action, change, end, index, selected: false }] : [];
}
