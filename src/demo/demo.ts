/**
 * `npm run demo`: the main job in one command, on a simulated cloud. Puts the parts together, and judges by the
 * cloud's own state.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Environment, environment, readConfig, requestTimeouts } from '../config.js';
import { createLogger } from '../log.js';
import { loadCloudConfig } from '../openstack/config.js';
import { localConfigFiles } from '../openstack/config-files.js';
import { createOpenStackCloud } from '../openstack/create-cloud.js';
import { type Service, type ServiceOptions, startService } from '../service/service.js';
import type { SimulatedCloud } from '../simulated-cloud/types.js';
import { readArguments, USAGE } from './arguments.js';
import { untilReady } from './caller.js';
import { EXIT_INTERRUPTED, type Interruption, listenForInterruption, Started } from './lifetime.js';
import { rollBack } from './roll-back.js';
import { maintain, startDemoCloud } from './scene.js';
import { createScreen, type Screen } from './screen.js';
import { demoEnvironment } from './settings.js';
import { tryItLines } from './try-it.js';
import { showVerdict } from './verdict.js';

const EXIT_DIFFERENT = 1;
const EXIT_USAGE = 2;
/** A start cannot be broken off; what it has not ended by then ends with this process. */
const START_ENDS_WITHIN_MS = 5_000;

interface Stage {
  screen: Screen;
  interruption: Interruption;
  started: Started;
  built: Built;
}

/** Where the build has put what is not imported. */
type Built = Pick<ServiceOptions, 'bundlePath' | 'uiFolder'>;

/** The exit code: 0 only where the cloud is as it was before the plan. */
export async function demo(args: string[], built: Built): Promise<number> {
  const wanted = readArguments(args);
  if (wanted === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  if ('unknown' in wanted) {
    process.stderr.write(`"${wanted.unknown}" is not an argument of the demo.\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  const screen = createScreen(process.stdout, environment());
  const interruption = listenForInterruption(() => {
    screen.line();
    screen.say('Interrupted: ending what was started.');
  });
  const started = new Started();
  try {
    return await play({ screen, interruption, started, built }, wanted.keep);
  } catch (error) {
    if (interruption.signal.aborted) return EXIT_INTERRUPTED;
    throw error;
  } finally {
    await started.endAll();
    screen.say('Ended.');
    interruption.off();
  }
}

async function play(stage: Stage, keep: boolean): Promise<number> {
  const { screen, interruption, started } = stage;
  screen.heading('A cloud, Temporal and the service');
  const cloud = await startDemoCloud();
  started.add(() => cloud.close());
  const before = cloud.snapshot();
  screen.say(`A simulated cloud is up, ${sizeOf(before)}: ${cloud.authUrl}`);
  const { service, apiUrl } = await startOn(cloud, stage);

  screen.heading("Watcher's plan");
  const planUuid = await maintain(cloud);
  const after = cloud.snapshot();
  screen.say(`The simulated Watcher has applied host_maintenance, action plan ${planUuid}.`);

  const failed = service.done.then(() => Promise.reject(new Error('the service has stopped')));
  const ended = await interruption.unless(
    Promise.race([rollBack({ cloud: cloud.env, apiUrl, planUuid, screen, interruption }), failed]),
  );
  const now = cloud.snapshot();
  const restored = showVerdict({ before, after, now, ...ended }, screen);
  if (keep) await stayUp({ cloud, service, apiUrl, screen, interruption });
  else screen.line('To look around in it, with the Web UI: npm run demo -- --keep');
  return restored ? 0 : EXIT_DIFFERENT;
}

/** Temporal, worker and API, as `npm start` has them, with the simulated cloud for their OpenStack. */
async function startOn(
  cloud: SimulatedCloud,
  { screen, interruption, started, built }: Stage,
): Promise<{ service: Service; apiUrl: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'watcher-rollback-demo-'));
  started.add(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  // A database of its own, so that neither a service on this machine nor another demo is joined.
  const own = { databaseFile: join(folder, 'temporal.db'), runName: basename(folder).slice(-6) };
  const env: Environment = demoEnvironment(environment(), cloud.env, own);
  const config = readConfig(env);
  const openStack = createOpenStackCloud(loadCloudConfig(env, localConfigFiles()), {
    timeouts: requestTimeouts(config),
  });
  started.add(() => openStack.close());
  const log = createLogger(config.log);
  const startedAt = performance.now();
  const starting = startService({
    command: 'start',
    config,
    env,
    cloud: openStack,
    log,
    ...built,
    say: (sentence) => screen.say(sentence),
  });
  started.add(() => stopSoon(starting, interruption));
  const service = await interruption.unless(starting);
  if (service.apiUrl === null) throw new Error('the service has no API');
  await untilReady(service.apiUrl, interruption.signal);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  screen.say(`API and worker are ready after ${seconds} s: ${service.apiUrl}`);
  return { service, apiUrl: service.apiUrl };
}

async function stopSoon(starting: Promise<Service>, interruption: Interruption): Promise<void> {
  const stopped = starting.then(
    (service) => service.stop(),
    () => undefined,
  );
  if (!interruption.signal.aborted) return await stopped;
  const settled = await Promise.race([
    starting.then(
      () => true,
      () => true,
    ),
    sleep(START_ENDS_WITHIN_MS, false, { ref: false }),
  ]);
  if (settled) return await stopped;
  // A Temporal that is being built, say: it is in this process group or guarded, and ends with it.
  process.exit(EXIT_INTERRUPTED);
}

async function stayUp(what: {
  cloud: SimulatedCloud;
  service: Service;
  apiUrl: string;
  screen: Screen;
  interruption: Interruption;
}): Promise<void> {
  const { cloud, service, apiUrl, screen, interruption } = what;
  const planUuid = await maintain(cloud);
  screen.heading('Yours to try');
  screen.say(`The simulated Watcher has maintained the host again, action plan ${planUuid}.`);
  screen.say('Everything stays up until Ctrl-C. In another terminal:');
  screen.line();
  screen.lines(tryItLines({ cloud: cloud.env, apiUrl, webUrl: service.webUrl, planUuid }));
  await interruption.unless(service.done);
}

function sizeOf({ services, servers }: ReturnType<SimulatedCloud['snapshot']>): string {
  const all = Object.values(servers);
  const stopped = all.filter(({ status }) => status === 'SHUTOFF').length;
  return `${Object.keys(services).length} hosts and ${all.length} servers, ${stopped} of them SHUTOFF`;
}
