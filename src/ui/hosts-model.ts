/** Hosts as columns: which servers each had before the plan, after it, and has now. Pure. */
import type { CompensationResult } from '../domain/result.js';
import type { Outcome } from '../domain/states.js';
import { nameOf } from './words.js';

export const PHASES = ['before', 'after', 'now'] as const;
export type Phase = (typeof PHASES)[number];

export interface Chip {
  /** The server's id. */
  id: string;
  name: string;
  outcome: Outcome;
  /** Host that it is being moved to; null where it is not moving. */
  movingTo: string | null;
}

export interface HostColumn {
  host: string;
  servers: Record<Phase, Chip[]>;
  /** Of nova-compute and of the node's power, as far as the plan concerned them: "enabled → disabled → enabled". */
  service: Record<Phase, string> | null;
  power: Record<Phase, string> | null;
}

const natural = new Intl.Collator('en', { numeric: true });

export function hostColumns(compensations: readonly CompensationResult[]): HostColumn[] {
  const columns = new Map<string, HostColumn>();
  const columnOf = (host: string): HostColumn => {
    const known = columns.get(host);
    if (known !== undefined) return known;
    const servers = { before: [], after: [], now: [] };
    const column: HostColumn = { host, servers, service: null, power: null };
    columns.set(host, column);
    return column;
  };
  for (const one of onePerServer(compensations)) {
    for (const phase of PHASES) {
      const host = one[phase]?.host;
      if (host === undefined || host === null) continue;
      columnOf(host).servers[phase].push(chipOf(one, phase, host));
    }
  }
  for (const one of compensations) {
    if (one.resource_type === 'compute_service')
      columnOf(nameOf(one)).service ??= texts(one, 'status');
    if (one.resource_type === 'node') columnOf(nameOf(one)).power ??= texts(one, 'power_state');
  }
  for (const column of columns.values()) {
    for (const phase of PHASES) {
      column.servers[phase].sort((a, b) => natural.compare(a.name, b.name));
    }
  }
  return [...columns.values()].toSorted((a, b) => natural.compare(a.host, b.host));
}

function chipOf(one: CompensationResult, phase: Phase, host: string): Chip {
  const target = one.before?.host ?? null;
  const moving = phase === 'now' && one.state === 'ONGOING' && target !== host;
  return {
    id: one.resource_id ?? one.action_uuid,
    name: nameOf(one),
    outcome: one.state,
    movingTo: moving ? target : null,
  };
}

/** Several actions on one server make one compensation with work; the others are covered by it. */
function onePerServer(compensations: readonly CompensationResult[]): CompensationResult[] {
  const chosen = new Map<string, CompensationResult>();
  for (const one of compensations) {
    if (one.resource_type !== 'server' || one.resource_id === null) continue;
    const known = chosen.get(one.resource_id);
    if (known === undefined || (!tellsHost(known) && tellsHost(one)))
      chosen.set(one.resource_id, one);
  }
  return [...chosen.values()];
}

function tellsHost(one: CompensationResult): boolean {
  return one.kind !== null && typeof one.before?.host === 'string';
}

function texts(
  one: CompensationResult,
  property: 'status' | 'power_state',
): Record<Phase, string> | null {
  const of = (phase: Phase): string => one[phase]?.[property] ?? 'not known';
  const all = { before: of('before'), after: of('after'), now: of('now') };
  return PHASES.every((phase) => all[phase] === 'not known') ? null : all;
}
