/**
 * The whole service for a test: simulated cloud, real clients, activities, workflow, worker and REST API, as `npm start`
 * puts them together, at a test's pace. Temporal is given: one server per test file.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createActivities } from '../../activities/index.js';
import type { RollbackActivities } from '../../activities/types.js';
import { type Config, readConfig } from '../../src/config.js';
import { type Logger, silentLogger } from '../../src/log.js';
import type { OpenStackCloud } from '../../src/openstack/cloud.js';
import { type ApiPart, startApiPart } from '../../src/service/api-part.js';
import { startWorkerPart } from '../../src/service/worker-part.js';
import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { SimulatedCloud, SimulatedCloudOptions } from '../../src/simulated-cloud/types.js';
import {
  connectNative,
  temporalProfile,
  withAddress,
  withKeys,
} from '../../src/temporal/connection.js';
import type { PayloadKeys } from '../../src/temporal/encryption-codec.js';
import { createWorker } from '../../src/worker/create-worker.js';
import { clientOf } from '../support/cloud.js';
import { workflowBundle } from '../support/temporal.js';
import { RollbackCaller } from './caller.js';

/** The documented settings, scaled down to what the simulated cloud takes. Seconds. */
export const SCALED: Readonly<Record<string, string>> = {
  ROLLBACK_PORT: '0',
  ROLLBACK_LOG_LEVEL: 'silent',
  ROLLBACK_ACCEPT_TIMEOUT: '10',
  ROLLBACK_COMPENSATION_TIMEOUT: '20',
  ROLLBACK_MIGRATION_TIMEOUT: '10',
  ROLLBACK_HEARTBEAT_TIMEOUT: '2',
  ROLLBACK_RETRY_INITIAL: '0.05',
  ROLLBACK_RETRY_MAX: '0.2',
  ROLLBACK_RETRY_ATTEMPTS: '10',
  ROLLBACK_ROOM_DELAY: '0.1',
  ROLLBACK_ROOM_PASSES: '3',
  ROLLBACK_POLL_FIRST: '0.02',
  ROLLBACK_POLL_MAX: '0.1',
  ROLLBACK_BUSY_TIMEOUT: '2',
  ROLLBACK_HOST_UP_TIMEOUT: '2',
  ROLLBACK_POWER_TIMEOUT: '2',
  ROLLBACK_SHUTDOWN_GRACE: '2',
};

/** A worker in this process. */
export interface WorkerForTest {
  stop(): Promise<void>;
}

export interface ServiceForTest extends RollbackCaller {
  readonly sim: SimulatedCloud;
  readonly config: Config;
  readonly url: string;
  /** Another worker, or the first where the service was started without. */
  startWorker(wrap?: Wrap): Promise<WorkerForTest>;
  close(): Promise<void>;
}

export type Wrap = (activities: RollbackActivities) => RollbackActivities;

export interface ServiceOptions {
  /** "host:port" of Temporal. */
  temporal: string;
  simulated?: SimulatedCloudOptions;
  settings?: Readonly<Record<string, string>>;
  /** Limits that the settings do not allow to be so small. */
  limits?: Partial<Config['activities']['limits']>;
  /** Built files of the page at /ui/; absent: no page. */
  uiFolder?: string;
  /** Encrypt what Temporal keeps. */
  keys?: PayloadKeys;
  /** Default true. */
  worker?: boolean;
  wrap?: Wrap;
  /** Default: silent. */
  log?: Logger;
}

export async function startServiceForTest(options: ServiceOptions): Promise<ServiceForTest> {
  const sim = await startSimulatedCloud(options.simulated);
  const config = configOf(options);
  const readable = withAddress(temporalProfile({}), options.temporal);
  const profile = options.keys === undefined ? readable : withKeys(readable, options.keys);
  const cloud = clientOf(sim);
  const log = options.log ?? silentLogger();
  const workers: WorkerForTest[] = [];
  const api: ApiPart = await startApiPart({
    config,
    profile,
    cloud,
    log,
    webUrl: null,
    ...(options.uiFolder === undefined ? {} : { uiFolder: options.uiFolder }),
  });
  const startWorker = async (wrap?: Wrap): Promise<WorkerForTest> => {
    // A worker shares nothing with another one, or with the API, but the cloud.
    const own = clientOf(sim);
    const running =
      wrap === undefined
        ? await startWorkerPart({
            config,
            profile,
            cloud: own,
            log,
            bundlePath: await bundlePath(),
          })
        : await startWrapped(config, profile, wrap(activitiesOf(own, config)));
    const worker = once(async () => {
      await running.stop();
      await own.close();
    });
    workers.push(worker);
    return worker;
  };
  const caller = new RollbackCaller(
    api.url,
    sim.issueToken({ userName: 'anna', roles: ['admin'] }),
  );
  const service: ServiceForTest = Object.assign(caller, {
    sim,
    config,
    url: api.url,
    startWorker,
    async close() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await api.stop();
      await cloud.close();
      await sim.close();
    },
  });
  if (options.worker !== false) await startWorker(options.wrap);
  return service;
}

export function configOf(options: Pick<ServiceOptions, 'settings' | 'limits'> = {}): Config {
  const config = readConfig({
    ...SCALED,
    ROLLBACK_TASK_QUEUE: `test-${randomUUID()}`,
    ...options.settings,
  });
  const { activities } = config;
  const limits = { ...activities.limits, ...options.limits };
  return { ...config, activities: { ...activities, limits } };
}

export function activitiesOf(cloud: OpenStackCloud, config: Config): RollbackActivities {
  const timing = { record_appears: 1, record_settles: 1, read_errors: 1 };
  return createActivities({ cloud, settings: config.activities, timing });
}

async function startWrapped(
  config: Config,
  profile: ReturnType<typeof withAddress>,
  activities: RollbackActivities,
): Promise<WorkerForTest> {
  const connection = await connectNative(profile);
  const worker = await createWorker({
    connection,
    namespace: profile.namespace,
    taskQueue: config.temporal.taskQueue,
    activities,
    workflowBundle: await workflowBundle(),
    shutdownGraceMs: config.shutdownGrace * 1000,
  });
  const running = worker.run();
  return once(async () => {
    worker.shutdown();
    await running;
    await connection.close();
  });
}

function once(stop: () => Promise<void>): WorkerForTest {
  let stopped: Promise<void> | null = null;
  return {
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

let written: Promise<string> | null = null;
function bundlePath(): Promise<string> {
  written ??= workflowBundle().then((bundle) => {
    const file = join(mkdtempSync(join(tmpdir(), 'rollback-bundle-')), 'workflow-bundle.js');
    writeFileSync(file, 'code' in bundle ? bundle.code : '');
    return file;
  });
  return written;
}
