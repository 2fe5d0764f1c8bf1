// The built service with everything in one process, on a simulated cloud, for programs that look at it from outside.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from '../../scripts/lib/run.mjs';
import { say } from '../../scripts/lib/say.mjs';

/** A module of dist/src. */
export const load = (path) => import(pathToFileURL(join(ROOT, 'dist/src', path)).href);

/** `folder` keeps Temporal's database; `runName` names the task queue; `more`: further parts of the service, as the page. */
export async function startBuiltService(sim, folder, runName, more = {}) {
  const { demoEnvironment } = await load('demo/settings.js');
  const { readConfig } = await load('config.js');
  const { createLogger } = await load('log.js');
  const { loadCloudConfig } = await load('openstack/config.js');
  const { localConfigFiles } = await load('openstack/config-files.js');
  const { createOpenStackCloud } = await load('openstack/create-cloud.js');
  const { startService } = await load('service/service.js');

  const own = { databaseFile: join(folder, 'temporal.db'), runName };
  const { TEMPORAL_ADDRESS: _, ...around } = process.env;
  const env = {
    ...demoEnvironment(around, sim.env, own),
    ROLLBACK_LOG_LEVEL: 'error',
    ROLLBACK_RATE_LIMIT: '0',
  };
  const config = readConfig(env);
  const cloud = createOpenStackCloud(loadCloudConfig(env, localConfigFiles()));
  const service = await startService({
    command: 'start',
    config,
    env,
    cloud,
    log: createLogger(config.log),
    bundlePath: join(ROOT, 'dist/workflow-bundle.js'),
    say,
    ...more,
  });
  return {
    apiUrl: service.apiUrl,
    webUrl: service.webUrl,
    async stop() {
      await service.stop();
      await cloud.close();
    },
  };
}
