// The Temporal CLI for tests: found or got by the compiled sources.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './run.mjs';
import { say } from './say.mjs';

/** Its path. Ends the process with one sentence where there is none. */
export async function ensureTemporalCli() {
  const module = join(ROOT, 'dist/src/temporal-server/find-cli.js');
  const { findTemporalCli, NoTemporalCli } = await import(pathToFileURL(module).href);
  try {
    const { path } = await findTemporalCli({ env: process.env, say });
    return path;
  } catch (error) {
    if (!(error instanceof NoTemporalCli)) throw error;
    say(error.message);
    return process.exit(1);
  }
}
