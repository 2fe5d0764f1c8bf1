/** A real Temporal dev server for a test file, and the workflow code bundled as production bundles it. */
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  type WorkflowBundle,
} from '@temporalio/worker';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { dataConverter } from '../../src/temporal/connection.js';
import { ensureSearchAttributes } from '../../src/temporal/namespace.js';
import { silentLogger } from '../../src/log.js';
import { DYNAMIC_CONFIG, dynamicConfig } from '../../src/temporal-server/server-settings.js';

/** Set by scripts/test.mjs, which finds or gets the binary; the cache is where it puts it. */
export function temporalCli(): string {
  const given = process.env['TEMPORAL_CLI_PATH'];
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const path = given ?? join(cache, 'watcher-rollback', 'temporal-cli-1.5.1', 'temporal');
  if (existsSync(path)) return path;
  throw new Error(`no Temporal CLI at ${path}: run the tests with "npm test", which gets it`);
}

/** As the embedded one, without a file. `settings`: more of Temporal's own, by name. */
export async function startTemporal(
  settings: Record<string, unknown> = {},
): Promise<TestWorkflowEnvironment> {
  silenceRuntime();
  const env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: temporalCli() },
      log: { format: 'pretty', level: 'never' },
      extraArgs: dynamicConfig({ ...DYNAMIC_CONFIG, ...settings }),
    },
    client: { dataConverter },
  });
  await ensureSearchAttributes(env.connection, env.namespace ?? 'default', silentLogger());
  return env;
}

let bundle: Promise<WorkflowBundle> | null = null;
export function workflowBundle(): Promise<WorkflowBundle> {
  bundle ??= bundleWorkflowCode({
    workflowsPath: resolve(__dirname, '../../workflows/index.ts'),
    logger: new DefaultLogger('ERROR'),
  });
  return bundle;
}

let installed = false;
/** Once per process, before any worker or native connection. */
export function silenceRuntime(): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => {}),
    shutdownSignals: [],
    telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
  });
}
