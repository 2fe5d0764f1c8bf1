// `npm test`, on a fresh clone as well: packages, build (the replay test loads the bundle that is shipped), the Temporal
// CLI, then Jest with the arguments given. The last line is the total.
import { ensureBuilt } from './lib/build.mjs';
import { runJest, totalLine } from './lib/jest.mjs';
import { requireNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensureTemporalCli } from './lib/temporal-cli.mjs';

requireNode();
await ensurePackages();
await ensureBuilt();
const cli = await ensureTemporalCli();
// Tests must not be led to the caller's own clouds and servers.
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(OS|ROLLBACK|TEMPORAL)_/.test(name)),
);
const result = await runJest(process.argv.slice(2), { ...env, TEMPORAL_CLI_PATH: cli });
console.log(totalLine(result));
process.exitCode = result.code !== 0 || result.failed > 0 ? 1 : 0;
