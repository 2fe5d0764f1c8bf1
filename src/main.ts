/** The program: `start`, `api`, `worker` or `demo`. Reads settings, starts, and drains on SIGTERM or Ctrl-C. */
import { fileURLToPath } from 'node:url';
import { type Config, ConfigError, environment, readConfig, requestTimeouts } from './config.js';
import { settingsHelp } from './config/describe.js';
import { reportCrashes } from './crash.js';
import { createLogger } from './log.js';
import { CloudConfigError } from './openstack/cloud-config.js';
import { loadCloudConfig } from './openstack/config.js';
import { localConfigFiles } from './openstack/config-files.js';
import { createOpenStackCloud } from './openstack/create-cloud.js';
import { type Command, startService } from './service/service.js';
import { StartError } from './service/start-error.js';
import { withRealWatcher } from './service/watcher-address.js';
import { DevServerError } from './temporal-server/dev-server.js';
import { NoTemporalCli } from './temporal-server/find-cli.js';
import { withoutTokens } from './token-text.js';

/** Settings, arguments or surroundings are wrong: a person must act before another start makes sense. */
const EXIT_SETTINGS = 2;
const EXIT_FAILED = 1;
/** As shells say it of a program that was interrupted. */
const EXIT_INTERRUPTED = 130;
const SAME_SIGNAL_MS = 1_000;

const BUILT = {
  bundlePath: fileURLToPath(new URL('../workflow-bundle.js', import.meta.url)),
  uiFolder: fileURLToPath(new URL('./ui/', import.meta.url)),
};
const USAGE = `Usage: npm start | npm run api | npm run worker | npm run demo [-- --keep]

  start   API and worker in one process, and Temporal where TEMPORAL_ADDRESS names none
  api     the REST API alone
  worker  the worker alone
  demo    a simulated cloud, a plan, its rollback: the main job in one command
`;

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === 'demo') {
    const { demo } = await import('./demo/demo.js');
    return await demo(rest, BUILT);
  }
  if (rest.length > 0 || (command !== 'start' && command !== 'api' && command !== 'worker')) {
    process.stderr.write(`${USAGE}\n${settingsHelp()}\n`);
    return command === '--help' || command === 'help' ? 0 : EXIT_SETTINGS;
  }
  return await serve(command);
}

async function serve(command: Command): Promise<number> {
  const env = environment();
  const config: Config = readConfig(env);
  const log = createLogger(config.log);
  reportCrashes(log);
  const cloudConfig = withRealWatcher(loadCloudConfig(env, localConfigFiles()), config.watcher.url);
  const cloud = createOpenStackCloud(cloudConfig, { timeouts: requestTimeouts(config) });
  log.info({ command, openstack: cloud.description }, 'starting');
  let starting = true;
  const interrupted = firstSignal((signal) => {
    // Nothing is in flight yet; an embedded Temporal ends with this process.
    if (starting) process.exit(EXIT_INTERRUPTED);
    log.info({ signal }, 'draining; again to stop now');
  });
  try {
    const service = await startService({
      command,
      config,
      env,
      cloud,
      tls: cloudConfig,
      log,
      ...BUILT,
      say: (sentence) => log.info(sentence),
    });
    starting = false;
    log.info({ api: service.apiUrl, temporalWebUi: service.webUrl }, 'ready');
    try {
      await Promise.race([interrupted, service.done]);
    } finally {
      await service.stop();
    }
    log.info('stopped');
    return 0;
  } finally {
    await cloud.close();
  }
}

/** Resolves at the first SIGTERM or SIGINT; the second ends the process at once. */
function firstSignal(notice: (signal: string) => void): Promise<void> {
  return new Promise((resolve) => {
    let seenAt = 0;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        // A Ctrl-C may come twice at once: from the terminal, and handed on by npm.
        if (seenAt > 0 && Date.now() - seenAt < SAME_SIGNAL_MS) return;
        if (seenAt > 0) process.exit(EXIT_INTERRUPTED);
        seenAt = Date.now();
        notice(signal);
        resolve();
      });
    }
  });
}

const PLAIN = [ConfigError, CloudConfigError, StartError, DevServerError, NoTemporalCli];

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // What a person can put right is said in a sentence; anything else is a defect and keeps its stack.
  const plain = PLAIN.some((kind) => error instanceof kind);
  const text = error instanceof Error ? (plain ? error.message : error.stack) : String(error);
  process.stderr.write(`watcher-rollback: ${withoutTokens(text ?? '')}\n`);
  process.exitCode = plain ? EXIT_SETTINGS : EXIT_FAILED;
}
