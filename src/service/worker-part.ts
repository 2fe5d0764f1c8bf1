/** The worker as a part of a process: connects (patiently, within a bound), prepares the namespace, polls, drains. */
import { Client, Connection } from '@temporalio/client';
import type { NativeConnection, Worker } from '@temporalio/worker';
import { setTimeout as sleep } from 'node:timers/promises';
import { createActivities } from '../../activities/index.js';
import { layOutInParts } from '../../activities/layout-parts.js';
import { ofOneCloud } from '../../activities/own-cloud.js';
import { switchLooks } from '../../activities/asked-switch.js';
import { underStopSwitch } from '../../activities/stop-switch.js';
import { traced } from '../../activities/traced.js';
import type { Config } from '../config.js';
import type { Logger } from '../log.js';
import type { OpenStackCloud } from '../openstack/cloud.js';
import { connectNative, lazyClient, type TemporalProfile } from '../temporal/connection.js';
import { ensureSearchAttributes, warnOfShortRetention } from '../temporal/namespace.js';
import { workerPolls } from '../temporal/readiness.js';
import { partSender } from '../temporal/send-part.js';
import { stopSwitchReader } from '../temporal/stop-switch.js';
import { webhookOf } from './webhook-settings.js';
import { createWorker } from '../worker/create-worker.js';

export interface WorkerPart {
  /** Settles when the worker has stopped: resolves after `stop`, rejects where it failed. */
  readonly done: Promise<void>;
  /** No new work; what is in flight is given the grace; resolves when all has ended. */
  stop(): Promise<void>;
}

export interface WorkerPartOptions {
  config: Config;
  profile: TemporalProfile;
  cloud: OpenStackCloud;
  log: Logger;
  /** Path of the prebuilt workflow bundle. */
  bundlePath: string;
}

/** A worker that starts beside its Temporal server waits for it that long; then the supervisor's turn. */
const CONNECT_TRIES = 30;
const CONNECT_PAUSE_MS = 2_000;
/** The first poll is seen within a fraction of a second. */
const POLL_LOOKS = 50;
const POLL_PAUSE_MS = 100;

export async function startWorkerPart(options: WorkerPartOptions): Promise<WorkerPart> {
  const { config, profile, cloud, log } = options;
  const webhook = webhookOf(config.webhook);
  const connection = await patiently(() => connectNative(profile), profile, log);
  const client = lazyClient(profile);
  try {
    await prepareNamespace(options);
    const stopSwitch = switchLooks(stopSwitchReader(client));
    const draining = new AbortController();
    const own = createActivities({
      cloud,
      draining: draining.signal,
      stopSwitch,
      settings: config.activities,
      ...(webhook !== null && { webhook }),
    });
    const switched = layOutInParts(underStopSwitch(own, stopSwitch), partSender(client));
    const activities = traced(ofOneCloud(switched, cloud.identity));
    const worker = await createWorker({
      connection,
      namespace: profile.namespace,
      taskQueue: config.temporal.taskQueue,
      activities,
      workflowBundle: { codePath: options.bundlePath },
      shutdownGraceMs: config.shutdownGrace * 1000,
      payloadCodecs: profile.codecs,
    });
    const done = runAndClose(worker, connection, client);
    await Promise.race([done, untilItPolls(options)]);
    log.info({ taskQueue: config.temporal.taskQueue }, 'worker polls');
    const drain = (): void => draining.abort();
    return { done, stop: () => stop(worker, done, drain, config.shutdownGrace) };
  } catch (error) {
    await Promise.all([connection.close(), client.connection.close()]);
    throw error;
  }
}

/** Ready is only what Temporal has seen polling: a request a moment earlier would be told that no worker is there. */
async function untilItPolls({ config, profile, log }: WorkerPartOptions): Promise<void> {
  const connection = await Connection.connect(profile.options);
  const client = new Client({ connection, namespace: profile.namespace });
  try {
    for (let look = 0; look < POLL_LOOKS; look += 1) {
      if (await workerPolls(client, config.temporal.taskQueue)) return;
      await sleep(POLL_PAUSE_MS);
    }
    log.warn(
      { taskQueue: config.temporal.taskQueue },
      'Temporal does not see this worker poll yet',
    );
  } finally {
    await connection.close();
  }
}

async function runAndClose(
  worker: Worker,
  connection: NativeConnection,
  client: Client,
): Promise<void> {
  try {
    await worker.run();
  } finally {
    await Promise.all([connection.close(), client.connection.close()]);
  }
}

async function stop(
  worker: Worker,
  done: Promise<void>,
  drain: () => void,
  graceSeconds: number,
): Promise<void> {
  if (worker.getState() === 'RUNNING') worker.shutdown();
  const grace = setTimeout(drain, graceSeconds * 1000);
  try {
    await done;
  } finally {
    clearTimeout(grace);
  }
}

async function prepareNamespace({ config, profile, log }: WorkerPartOptions): Promise<void> {
  const connection = await Connection.connect(profile.options);
  try {
    await ensureSearchAttributes(connection, profile.namespace, log);
    const ceiling = config.activities.limits.max_age_ceiling;
    await warnOfShortRetention(connection, profile.namespace, ceiling, log);
  } finally {
    await connection.close();
  }
}

async function patiently<T>(
  connect: () => Promise<T>,
  profile: TemporalProfile,
  log: Logger,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await connect();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (attempt === CONNECT_TRIES) {
        throw new Error(
          `Temporal at ${profile.address ?? 'no address'} cannot be reached: ${reason}. Check TEMPORAL_ADDRESS and the server.`,
          { cause: error },
        );
      }
      log.warn({ address: profile.address, attempt, reason }, 'Temporal is away; trying again');
      await sleep(CONNECT_PAUSE_MS);
    }
  }
}
