/** How the embedded Temporal is set, and every dev server with a file that stands for it in a test or a measurement. */

/**
 * Options of `temporal server start-dev`.
 *
 * - Eager starts are off by default: what a workflow task begins its worker may take at once.
 * - A write-ahead log: each of Temporal's writes waits for the disk once instead of several times, and they come one after the
 *   other. `FULL`: whatever was answered is on the disk, a power failure included (sqlite.org/pragma.html, synchronous).
 */
export const SERVER_SETTINGS: readonly string[] = [
  '--dynamic-config-value',
  'system.enableActivityEagerExecution=true',
  '--sqlite-pragma',
  'journal_mode=WAL',
  '--sqlite-pragma',
  'synchronous=FULL',
];
