/** What may follow `npm run demo --`. Pure. */

export const USAGE = `Usage: npm run demo [-- --keep]

  Starts Temporal, the service and a simulated cloud, lets the simulated Watcher apply a
  host_maintenance plan, and rolls it back over HTTP. Ends everything that it started.

  --keep  leave it all up afterwards, with curl lines to try, until Ctrl-C
`;

export type DemoArguments = { keep: boolean } | 'help' | { unknown: string };

export function readArguments(args: readonly string[]): DemoArguments {
  if (args.includes('--help') || args.includes('-h')) return 'help';
  const unknown = args.find((argument) => argument !== '--keep');
  return unknown === undefined ? { keep: args.length > 0 } : { unknown };
}
