/**
 * What must hold after a rollback, whatever happened: judged by the cloud's own ledger and state, never by what the service
 * says of itself but to compare the two.
 */
import type { CompensationResult, RollbackResult } from '../../src/domain/result.js';
import type { LedgerEntry } from '../../src/simulated-cloud/types.js';
import type { Stage } from './stage.js';

/** Sentences; none is as it should be. */
export function violationsOf(stage: Stage, result: RollbackResult): string[] {
  return [
    ...unfinished(result),
    ...twice(stage),
    ...broken(stage, result),
    ...untrue(stage, result),
  ];
}

/** After another POST in calm weather: what was left is done, for all that nobody else has touched. */
export function leftovers(stage: Stage, second: RollbackResult): string[] {
  const now = stage.sim.snapshot();
  const found: string[] = [];
  for (const [id, before] of Object.entries(stage.before.servers)) {
    const is = now.servers[id];
    // Where somebody changed its host, a server may have to stay where it is.
    if (
      stage.touched.has(id) ||
      stage.touched.has(before.host ?? '') ||
      stage.touched.has(is?.host ?? '')
    )
      continue;
    if (is?.host === before.host && is?.status === before.status) continue;
    // In calm weather only a nova-compute that is down for good keeps Nova from that.
    if (someHostIsDown(stage) && cannotBeConfirmed(stage, second, id)) continue;
    found.push(
      `server ${before.name} is ${is?.status} on ${is?.host}, was ${before.status} on ${before.host}; ${whyOf(second, id)}`,
    );
  }
  for (const [host, before] of Object.entries(stage.before.services)) {
    if (stage.touched.has(host)) continue;
    const is = now.services[host];
    if (is?.status !== before.status)
      found.push(
        `service of ${host} is ${is?.status}, was ${before.status}; ${whyOf(second, host)}`,
      );
  }
  for (const [id, before] of Object.entries(stage.before.nodes)) {
    if ([id, before.name].some((one) => stage.touched.has(one)) || stage.unprovable.has(id))
      continue;
    const is = now.nodes[id];
    if (is?.powerState !== before.powerState)
      found.push(`node ${before.name} is ${is?.powerState}; ${whyOf(second, id)}`);
  }
  return found;
}

function whyOf(result: RollbackResult, resource: string): string {
  const reasons = result.compensations
    .filter(({ resource_id: id, resource_name: name }) => id === resource || name === resource)
    .map(({ state, reason }) => `${state} (${reason ?? ''})`);
  return reasons.join(', ') || 'no compensation';
}

function unfinished(result: RollbackResult): string[] {
  const open = result.compensations.filter(
    ({ state }) => state === 'PENDING' || state === 'ONGOING',
  );
  const silent = result.compensations.filter(
    ({ state, reason }) =>
      ['FAILED', 'KEPT', 'NOT_ATTEMPTED', 'NOT_REVERSIBLE'].includes(state) && !reason,
  );
  return [
    ...(['SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED'].includes(result.state)
      ? []
      : [`it ended ${result.state}`]),
    ...open.map(({ action_uuid: id, state }) => `action ${id} is ${state} after the end`),
    ...silent.map(({ action_uuid: id, state }) => `action ${id} is ${state} without a reason`),
  ];
}

const MOVES = new Set(['live-migrate', 'cold-migrate']);

/** Our own effects: none begun while one of the same resource runs, and none repeated that had already come about. */
function twice({ sim, touched }: Stage): string[] {
  const found: string[] = [];
  const open = new Map<string, LedgerEntry>();
  const applied = new Map<string, LedgerEntry>();
  for (const entry of sim.ledger) {
    if (entry.userId !== sim.adminUserId || entry.outcome === 'rejected') continue;
    const { resourceId: id, effect } = entry;
    const key = `${MOVES.has(effect) ? 'move' : effect} ${id}`;
    if (entry.outcome === 'started') {
      const running = open.get(key);
      if (running !== undefined)
        found.push(`${key} (#${entry.seq}) was begun while #${running.seq} ran`);
      const done = applied.get(key);
      if (done !== undefined && !touched.has(id))
        found.push(`${key} (#${entry.seq}) was begun after #${done.seq} had done it`);
      open.set(key, entry);
    } else {
      const asked = open.get(key)?.detail ?? null;
      open.delete(key);
      // One that landed elsewhere has not done what was asked.
      const isDone = !MOVES.has(effect) || asked === null || asked === entry.detail;
      if (entry.outcome === 'applied' && isDone) applied.set(key, entry);
    }
  }
  return found;
}

const WHOLE = ['ACTIVE', 'SHUTOFF'];

function someHostIsDown({ sim }: Stage): boolean {
  return Object.values(sim.snapshot().services).some(({ state }) => state === 'down');
}

/** Where Nova has taken no confirmation for as long as we ask, nobody can do more; but the result has to say so. */
function cannotBeConfirmed({ sim }: Stage, result: RollbackResult, id: string): boolean {
  if (sim.snapshot().servers[id]?.status !== 'VERIFY_RESIZE') return false;
  return result.compensations.some(
    ({ resource_id: resource, state, reason }) =>
      resource === id && state === 'FAILED' && reason?.includes('could not be confirmed') === true,
  );
}

/** Every server ends whole. */
function broken(stage: Stage, result: RollbackResult): string[] {
  return Object.entries(stage.sim.snapshot().servers)
    .filter(([id, { status }]) => !stage.touched.has(id) && !WHOLE.includes(status))
    .filter(([id]) => !cannotBeConfirmed(stage, result, id))
    .map(([, { name, status }]) => `server ${name} is left ${status}`);
}

/** What the result says of a resource is so. */
function untrue(stage: Stage, result: RollbackResult): string[] {
  const found = result.compensations
    .filter(({ state }) => state === 'SUCCEEDED' || state === 'SKIPPED')
    .flatMap((one) => differences(stage, one));
  return result.restored && result.state !== 'SUCCEEDED'
    ? [...found, 'restored, but not SUCCEEDED']
    : found;
}

function differences({ sim, touched }: Stage, one: CompensationResult): string[] {
  const { before, resource_id: id, resource_type: type, state } = one;
  if (before === null || id === null || touched.has(id) || touched.has(one.resource_name ?? ''))
    return [];
  const now = sim.snapshot();
  const tell = (what: string, is: unknown, was: unknown): string[] =>
    is === was
      ? []
      : [
          `${one.resource_name ?? id} is said to be ${state}, but its ${what} is ${String(is)}, not ${String(was)}`,
        ];
  if (type === 'server') {
    const server = now.servers[id];
    return [
      ...(before.host === undefined ? [] : tell('host', server?.host, before.host)),
      ...(before.status === undefined ? [] : tell('status', server?.status, before.status)),
    ];
  }
  if (type === 'compute_service' && before.status !== undefined) {
    return tell('status', now.services[one.resource_name ?? '']?.status, before.status);
  }
  if (type === 'node' && before.power_state !== undefined) {
    return tell('power', now.nodes[id]?.powerState, before.power_state);
  }
  return [];
}
