/**
 * `resize`: gives a server another flavor, and mostly another host.
 *
 * Parameters (watcher/applier/actions/resize.py): resource_id (server), flavor (id or name).
 * Before: the flavor is not in the plan, the host is in Nova's migration record. Undone by revertResize, flavor and all,
 * where Watcher gave up before confirming it (VERIFY_RESIZE); otherwise the host is restored like a migrate's
 * (server-host.ts) and the flavor stays: nothing recorded it.
 */
import { missing, text, type Change, type Parameters } from './change.js';

export function readResize(parameters: Parameters): Change {
  const serverId = text(parameters, 'resource_id');
  if (serverId === null) return missing('resize', 'resource_id', parameters);
  const flavor = text(parameters, 'flavor');
  if (flavor === null) return missing('resize', 'flavor', parameters);
  return {
    kind: 'move',
    serverId,
    serverName: text(parameters, 'resource_name'),
    source: null,
    destination: null,
    flavor,
  };
}
