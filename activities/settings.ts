/** What the worker's settings give to the activities. Times in seconds; fractions are fine (tests scale them down). */
import type { RunLimits } from './types.js';

export interface ActivitySettings {
  /** Handed to every rollback by readActionPlan. */
  limits: RunLimits;
  /** Shared polling of migrations and servers: first pause and longest pause. */
  poll_first: number;
  poll_max: number;
  /** A server with a task in progress: how long to wait for it before ServerBusy. */
  busy_timeout: number;
  /** A host that was powered on: how long to wait for its nova-compute to be up. */
  host_up_timeout: number;
  /** One migration, counted from when Nova starts it (not while it is queued). */
  migration_timeout: number;
  /** A migration that has begun: how long Nova may tell no progress of it before that is reported. */
  progress_timeout: number;
  /** A node's power change. */
  power_timeout: number;
  /** Permit a hard power off where the soft one did not end in time. */
  hard_power_off: boolean;
  /** Migrations at once per host over all rollbacks of this worker, counted on both ends, shared fairly. */
  worker_migrations_per_host: number;
}
