/**
 * Real dependencies between compensations, as edges; everything else is priority. Pure.
 *
 * Each compensation stands on a level, and every edge leads from a lower level to a higher one, so no plan, however
 * strange, can make a cycle:
 *
 *   node on → enable → revert → start → migrate → disable → node off
 *
 * A level waits only where the same host or the same server is concerned. A host's service has one compensation (to enable
 * or to disable) and so has its node, because actions on one property are merged.
 */
import { unreachable } from './unreachable.js';
import type { Stake, Verdict } from './verdict.js';

export interface Ordered {
  id: string;
  verdict: Pick<Verdict, 'state' | 'stake'>;
}

/** Ids by what they set. Those that are final without having set it are there too: what waits on them can name them. */
interface Index {
  nodeOn: Map<string, string[]>;
  enable: Map<string, string[]>;
  disable: Map<string, string[]>;
  /** Moves (reverts and migrations) by the host that they fill and by the host that they leave. */
  onto: Map<string, string[]>;
  off: Map<string, string[]>;
  /** Servers that stay on a host although they should leave it. */
  stay: Map<string, string[]>;
  revert: Map<string, string[]>;
  start: Map<string, string[]>;
}

/** Parents of every compensation that has work; the others wait for nothing. */
export function orderCompensations(compensations: readonly Ordered[]): Map<string, string[]> {
  const index: Index = {
    nodeOn: new Map(),
    enable: new Map(),
    disable: new Map(),
    onto: new Map(),
    off: new Map(),
    stay: new Map(),
    revert: new Map(),
    start: new Map(),
  };
  for (const { id, verdict } of compensations) {
    if (verdict.stake === null) continue;
    if (verdict.state === 'PENDING') addPending(index, id, verdict.stake);
    else if (verdict.state !== 'SKIPPED') addFinal(index, id, verdict.stake);
  }
  const parents = new Map<string, string[]>();
  for (const { id, verdict } of compensations) {
    if (verdict.state !== 'PENDING' || verdict.stake === null) continue;
    const found = new Set(parentsOf(index, verdict.stake));
    found.delete(id);
    parents.set(id, [...found]);
  }
  return parents;
}

function addPending(index: Index, id: string, stake: Stake): void {
  switch (stake.kind) {
    case 'node':
      if (stake.to === 'power on') add(index.nodeOn, stake.host, id);
      return;
    case 'service':
      add(stake.to === 'enabled' ? index.enable : index.disable, stake.host, id);
      return;
    case 'revert':
    case 'migrate':
      add(index.onto, stake.to, id);
      add(index.off, stake.from, id);
      if (stake.kind === 'revert') add(index.revert, stake.serverId, id);
      return;
    case 'start':
      add(index.start, stake.serverId, id);
  }
}

/** KEPT and NOT_REVERSIBLE: they do not bring about what the others need. */
function addFinal(index: Index, id: string, stake: Stake): void {
  if (stake.kind === 'node' && stake.to === 'power on') add(index.nodeOn, stake.host, id);
  if (stake.kind === 'service' && stake.to === 'enabled') add(index.enable, stake.host, id);
  if (stake.kind === 'migrate' && stake.from !== stake.to) add(index.stay, stake.from, id);
}

function parentsOf(index: Index, stake: Stake): string[] {
  switch (stake.kind) {
    case 'service':
      return stake.to === 'enabled' ? at(index.nodeOn, stake.host) : at(index.onto, stake.host);
    case 'revert':
      return [
        ...at(index.nodeOn, stake.from),
        ...at(index.nodeOn, stake.to),
        ...at(index.enable, stake.to),
      ];
    case 'start':
      // A disabled service still starts what is on its host; only its machine has to be on.
      return [...at(index.nodeOn, stake.host), ...at(index.revert, stake.serverId)];
    case 'migrate':
      return [
        ...at(index.nodeOn, stake.from),
        ...at(index.nodeOn, stake.to),
        ...at(index.enable, stake.to),
        ...at(index.revert, stake.serverId),
        ...at(index.start, stake.serverId),
      ];
    case 'node': {
      if (stake.to === 'power on') return [];
      const disable = at(index.disable, stake.host);
      return [
        ...disable,
        // The disabling waits for these already.
        ...(disable.length > 0 ? [] : at(index.onto, stake.host)),
        ...at(index.off, stake.host),
        ...at(index.stay, stake.host),
      ];
    }
    default:
      return unreachable(stake);
  }
}

function at(map: Map<string, string[]>, key: string | null): string[] {
  return key === null ? [] : (map.get(key) ?? []);
}

function add(map: Map<string, string[]>, key: string | null, id: string): void {
  if (key === null) return;
  const ids = map.get(key);
  if (ids === undefined) map.set(key, [id]);
  else ids.push(id);
}
