/**
 * `volume_migrate`: moves a volume to another pool (migrate), another type (retype), or swaps an attached one (swap).
 *
 * Parameters (watcher/applier/actions/volume_migration.py): resource_id (volume), migration_type, destination_node,
 * destination_type. The pool or type before is nowhere in the plan, and Cinder keeps no record of it: not reversible
 * until a checkpoint taken before the plan knows it.
 */
import { missing, opaque, text, type Change, type Parameters } from './change.js';

const LOST: Readonly<Record<string, string>> = {
  migrate: 'pool',
  retype: 'type',
  swap: 'pool and type',
};

export function readVolumeMigrate(parameters: Parameters): Change {
  const volumeId = text(parameters, 'resource_id');
  if (volumeId === null) return missing('volume_migrate', 'resource_id', parameters);
  const lost = LOST[text(parameters, 'migration_type') ?? ''] ?? 'pool or type';
  return {
    ...opaque(
      `The volume's ${lost} before the plan is not known: the plan does not say it and Cinder keeps no record. ` +
        'A checkpoint taken before the plan would be needed.',
      parameters,
    ),
    volumeId,
  };
}
