/**
 * Properties: what actions change and compensations restore, one key per property of one resource. Two actions with a
 * key in common have changed the same thing. Pure.
 */
import type { Change } from './actions/change.js';
import type { Host } from './facts.js';
import type { HostIndex } from './hosts.js';
import { unreachable } from './unreachable.js';

export const serverHost = (serverId: string): string => `server ${serverId} host`;
export const serverPower = (serverId: string): string => `server ${serverId} power`;
export const serviceStatus = (host: string): string => `service ${host} status`;
export const nodePower = (nodeId: string): string => `node ${nodeId} power`;

/** The property that a change concerns; null where it concerns none that is known. */
export function propertyOf(change: Change, hosts: HostIndex): string | null {
  switch (change.kind) {
    case 'move':
      return serverHost(change.serverId);
    case 'stop':
      return serverPower(change.serverId);
    case 'service':
      return serviceStatus(
        hostOfService(change.hostNames, hosts)?.name ?? change.hostNames[0] ?? '',
      );
    case 'power':
      return nodePower(change.nodeId);
    case 'nothing':
    case 'opaque':
      return null;
    default:
      return unreachable(change);
  }
}

/** The host that a service action means: the first of its names that any host answers to. */
export function hostOfService(names: readonly string[], hosts: HostIndex): Host | undefined {
  for (const name of names) {
    const host = hosts.resolve(name);
    if (host !== undefined) return host;
  }
  return undefined;
}
