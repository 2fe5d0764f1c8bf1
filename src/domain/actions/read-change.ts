/** The list of action types that the service knows. A new one is a file here and a line below. Pure. */
import { readChangeNodePowerState } from './change-node-power-state.js';
import { readChangeNovaServiceState } from './change-nova-service-state.js';
import { opaque, type Change, type Parameters } from './change.js';
import { readMigrate } from './migrate.js';
import { readNop } from './nop.js';
import { readResize } from './resize.js';
import { readSleep } from './sleep.js';
import { readStop } from './stop.js';
import { readVolumeMigrate } from './volume-migrate.js';

const READERS: ReadonlyMap<string, (parameters: Parameters) => Change> = new Map([
  ['migrate', readMigrate],
  ['change_nova_service_state', readChangeNovaServiceState],
  ['change_node_power_state', readChangeNodePowerState],
  ['resize', readResize],
  ['stop', readStop],
  ['volume_migrate', readVolumeMigrate],
  ['nop', readNop],
  ['sleep', readSleep],
]);

/** Never throws, whatever a plugin put into the plan. */
export function readChange(type: string, parameters: unknown): Change {
  const given: Parameters = isRecord(parameters) ? parameters : {};
  const reader = READERS.get(type);
  if (reader !== undefined) return reader(given);
  return opaque(
    `Action type "${type}" is not known to this service, so neither is what would undo it.`,
    given,
  );
}

function isRecord(value: unknown): value is Parameters {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
