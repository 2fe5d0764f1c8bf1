/**
 * `migrate`: moves a server, live or cold.
 *
 * Parameters (watcher/applier/actions/migration.py): migration_type ("live" or "cold"), resource_id (server),
 * source_node, destination_node (absent: Nova's scheduler chooses), resource_name.
 * Before and after: the server's host, from Nova's migration records; from source_node and destination_node only
 * where there is no record. Undone by a live or cold migration back, or by revertResize where a cold migration was
 * left in VERIFY_RESIZE: see server-host.ts, because a resize moves servers too.
 *
 * migration_type is not needed to undo it: the server's status at that time decides how it goes back.
 */
import { missing, text, type Change, type Parameters } from './change.js';

export function readMigrate(parameters: Parameters): Change {
  const serverId = text(parameters, 'resource_id');
  if (serverId === null) return missing('migrate', 'resource_id', parameters);
  return {
    kind: 'move',
    serverId,
    serverName: text(parameters, 'resource_name'),
    source: text(parameters, 'source_node'),
    destination: text(parameters, 'destination_node'),
    flavor: null,
  };
}
