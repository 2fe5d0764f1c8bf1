/** How compensation activities word their ends. No OpenStack calls here. */
import type { ComputeServer } from '../src/openstack/cloud.js';
import type { Evidence, ResourceState } from '../src/domain/result.js';
import type { CompensationReport } from './types.js';

export function report(
  outcome: CompensationReport['outcome'],
  reason: string | null,
  now: ResourceState | null,
  evidence: Evidence = {},
): CompensationReport {
  return { outcome, reason, now, evidence };
}

export function serverNow(server: ComputeServer): ResourceState {
  return {
    host: server.host,
    status: server.status,
    ...(server.updatedAt === null ? {} : { since: server.updatedAt }),
  };
}

export const GONE_BEFORE = 'The server was deleted since the plan ran.';

/** "server vm-1" with its id, for messages. */
export function named(server: { name: string; id: string }): string {
  return `server ${server.name} (${server.id})`;
}
