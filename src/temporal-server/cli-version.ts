/** Which Temporal CLI this service wants, and what a binary that was found really is. */
import type { Environment } from '../config.js';
import { lastLine, runProgram } from './run-program.js';

/** The newest version that `go install` can build: later ones have `replace` lines in their go.mod. */
export const CLI_VERSION = '1.5.1';
export const CLI_MODULE = 'github.com/temporalio/cli/cmd/temporal';
/** The first server whose update-with-start, which begins every rollback, is generally available. */
export const OLDEST_SERVER = '1.28.0';

export type CliCheck =
  { usable: true; cli: string; server: string } | { usable: false; reason: string };

/** The first start of a binary of 250 MB from a cold disk takes its time. */
const VERSION_TIMEOUT_MS = 20_000;

/** Runs `temporal --version`; the answer is like "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)". */
export async function checkCli(path: string, env: Environment): Promise<CliCheck> {
  const end = await runProgram(path, ['--version'], { env, timeoutMs: VERSION_TIMEOUT_MS });
  if (end.trouble !== null) return { usable: false, reason: end.trouble };
  const match = /temporal version (\S+) \(Server (\d+\.\d+\.\d+)/.exec(end.stdout);
  const [, cli, server] = match ?? [];
  if (end.code !== 0 || cli === undefined || server === undefined) {
    const said = lastLine(end.stdout) || lastLine(end.stderr) || `nothing, exit code ${end.code}`;
    return { usable: false, reason: `it is no Temporal CLI with a server (it says: ${said})` };
  }
  if (isOlder(server, OLDEST_SERVER)) {
    return {
      usable: false,
      reason: `its server is ${server}, and ${OLDEST_SERVER} or newer is needed`,
    };
  }
  return { usable: true, cli, server };
}

/** Compares "major.minor.patch" number by number. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (let i = 0; i < 3; i += 1) {
    const difference = (a?.[i] ?? 0) - (b?.[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
