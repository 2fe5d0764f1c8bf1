/** The options of a rollback: from flags to the body of a POST and to the query of a preview. Pure. */
import type { RollbackOptions } from '../../domain/options.js';

export interface ChoosingFlags {
  /** Seconds. */
  maxAge?: number;
  onDrift?: RollbackOptions['on_drift'];
  hosts?: RollbackOptions['hosts'];
  allowCold?: boolean;
  abortStuck?: boolean;
  maxFailures?: number;
  /** UUIDs, also several in one word with commas between. */
  action?: string[];
}

/** Only what was asked for: the service has the defaults. */
export function bodyOf(flags: ChoosingFlags): Partial<RollbackOptions> {
  const { maxAge, onDrift, hosts, allowCold, abortStuck, maxFailures, action } = flags;
  return {
    ...(maxAge === undefined ? {} : { max_age: maxAge }),
    ...(onDrift === undefined ? {} : { on_drift: onDrift }),
    ...(hosts === undefined ? {} : { hosts }),
    ...(allowCold === undefined ? {} : { allow_cold: allowCold }),
    ...(abortStuck === undefined ? {} : { abort_stuck: abortStuck }),
    ...(maxFailures === undefined ? {} : { max_failures: maxFailures }),
    ...(action === undefined ? {} : { actions: action.flatMap((word) => word.split(',')) }),
  };
}

export function queryOf(flags: ChoosingFlags): Record<string, string> {
  const entries = Object.entries(bodyOf(flags)).map(([name, value]) => [name, String(value)]);
  return Object.fromEntries(entries);
}
