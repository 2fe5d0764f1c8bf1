/** How the embedded Temporal is set, and every dev server that stands for it in a test or a measurement. Pure. */

/** Off by default: what a workflow task begins its worker may take at once. By Temporal's names. */
export const DYNAMIC_CONFIG: Readonly<Record<string, unknown>> = {
  'system.enableActivityEagerExecution': true,
};

/** As options of `temporal server start-dev`, which takes each as JSON. */
export function dynamicConfig(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => [
    '--dynamic-config-value',
    `${name}=${JSON.stringify(value)}`,
  ]);
}

/**
 * Options of a server with a file. A write-ahead log: each of Temporal's writes waits for the disk once instead of several times,
 * and they come one after the other. `FULL`: whatever was answered is on the disk, a power failure included
 * (sqlite.org/pragma.html, synchronous).
 */
export const SERVER_SETTINGS: readonly string[] = [
  ...dynamicConfig(DYNAMIC_CONFIG),
  '--sqlite-pragma',
  'journal_mode=WAL',
  '--sqlite-pragma',
  'synchronous=FULL',
];
