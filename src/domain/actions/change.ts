/**
 * What an action asks for, once its parameters have been read: the common language of the files beside this one.
 * Parameters come from Watcher unchecked (and from plugins), so each file checks its own by hand. Pure.
 */

/** Moves a server to another host, chosen or named. */
export interface MoveChange {
  kind: 'move';
  serverId: string;
  serverName: string | null;
  /** Hosts as the plan names them; see HostIndex.resolve. */
  source: string | null;
  destination: string | null;
  /** A resize moves servers too, to a host that Nova's scheduler chooses. */
  flavor: string | null;
}

export interface StopChange {
  kind: 'stop';
  serverId: string;
  serverName: string | null;
}

export interface ServiceChange {
  kind: 'service';
  /** Every name that the plan gives for the host, the likeliest first. */
  hostNames: string[];
  to: 'enabled' | 'disabled';
  /** Disabling: the reason written. Enabling: whatever the plan says, mostly null. */
  reason: string | null;
}

export interface PowerChange {
  kind: 'power';
  nodeId: string;
  to: 'power on' | 'power off';
}

/** Changes nothing that could be restored. */
export interface NoChange {
  kind: 'nothing';
  reason: string;
}

/** Changed something, or may have, of which the state before is not known. */
export interface OpaqueChange {
  kind: 'opaque';
  reason: string;
  volumeId: string | null;
  resourceName: string | null;
}

export type Change =
  MoveChange | StopChange | ServiceChange | PowerChange | NoChange | OpaqueChange;

export type Parameters = Readonly<Record<string, unknown>>;

/** A parameter that is a string with something in it; null where it is absent or anything else. */
export function text(parameters: Parameters, name: string): string | null {
  if (!Object.hasOwn(parameters, name)) return null;
  const value = parameters[name];
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

/** What becomes of an action that lacks a parameter without which nobody knows what it did. */
export function missing(type: string, name: string, parameters: Parameters): OpaqueChange {
  const found = Object.hasOwn(parameters, name)
    ? `its parameter "${name}" is not usable`
    : `its parameter "${name}" is missing`;
  return opaque(`What this ${type} action did is not known: ${found}.`, parameters);
}

export function opaque(reason: string, parameters: Parameters): OpaqueChange {
  return {
    kind: 'opaque',
    reason,
    volumeId: null,
    resourceName: text(parameters, 'resource_name'),
  };
}
