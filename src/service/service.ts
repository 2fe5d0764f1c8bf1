/**
 * One process of the service: the parts that a command names, started together and drained together. The commands and
 * the demo differ in which parts they take.
 */
import type { Config, Environment } from '../config.js';
import type { Logger } from '../log.js';
import type { CloudConfig } from '../openstack/cloud-config.js';
import type { OpenStackCloud } from '../openstack/cloud.js';
import type { DevServer } from '../temporal-server/dev-server.js';
import {
  type TemporalProfile,
  temporalProfile,
  withAddress,
  withKeys,
} from '../temporal/connection.js';
import { installRuntime, type InstalledRuntime, type RuntimeOptions } from '../worker/runtime.js';
import { type ApiPart, startApiPart } from './api-part.js';
import { startEmbeddedTemporal } from './embedded-temporal.js';
import { type CodecPart, startCodecPart } from './codec-part.js';
import { payloadKeysOf } from './payload-keys.js';
import { StartError } from './start-error.js';
import { startWorkerPart, type WorkerPart } from './worker-part.js';

export type Command = 'start' | 'api' | 'worker';

export interface ServiceOptions {
  command: Command;
  config: Config;
  env: Environment;
  cloud: OpenStackCloud;
  /** How the cloud's certificates are checked, for what is handed on to Watcher. Default: as the system does. */
  tls?: Pick<CloudConfig, 'ca' | 'insecure'>;
  log: Logger;
  /** Path of the prebuilt workflow bundle. */
  bundlePath: string;
  /** Folder of the built files of the page at /ui/. */
  uiFolder: string;
  /** Takes whole sentences for the person who waits. */
  say: (sentence: string) => void;
}

export interface Service {
  /** null: this process has no API. */
  readonly apiUrl: string | null;
  /** Address of Temporal's Web UI, where it is known. */
  readonly webUrl: string | null;
  /** Rejects when a part has failed; resolves after `stop`. */
  readonly done: Promise<void>;
  /** Nothing new; what is in flight is given the grace. Once is enough. */
  stop(): Promise<void>;
}

export async function startService(options: ServiceOptions): Promise<Service> {
  const { command, config, log } = options;
  const keys = payloadKeysOf(config.temporal);
  const { profile: reached, server } = await reachTemporal(options);
  const profile = keys === null ? reached : withKeys(reached, keys);
  const webUrl = config.temporal.webUrl ?? server?.uiUrl ?? null;
  let api: ApiPart | null = null;
  let worker: WorkerPart | null = null;
  let codec: CodecPart | null = null;
  let runtime: InstalledRuntime | null = null;
  try {
    // Without a worker nothing uses the native runtime, and nothing would end it: the process would outlive its stop.
    runtime = command === 'api' ? null : await installRuntime(metricsOf(options));
    const installed = runtime;
    if (command !== 'worker') {
      api = await startApiPart({
        ...options,
        profile,
        webUrl,
        ...(installed !== null && { sdkMetrics: () => installed.sdkMetrics() }),
      });
    }
    if (command !== 'api') worker = await startWorkerPart({ ...options, profile });
    if (command !== 'worker' && config.temporal.codecPort !== null) {
      codec = await startCodecPart(config.temporal.codecPort, profile.codecs, webUrl);
      log.info({ url: codec.url, encryption: keys !== null }, 'codec endpoint');
    }
    if (command === 'worker') log.info({ url: runtime?.metricsUrl }, 'worker metrics');
  } catch (error) {
    await Promise.allSettled([api?.stop(), worker?.stop(), codec?.stop()]);
    await runtime?.shutdown();
    await server?.stop();
    throw error;
  }
  return running({ api, worker, codec, server, webUrl });
}

function metricsOf({ command, config, log }: ServiceOptions): RuntimeOptions {
  // Beside an API the SDK's metrics come through the API's own /metrics.
  return command === 'worker'
    ? { log, metricsHost: config.worker.metricsHost, metricsPort: config.worker.metricsPort }
    : { log, metricsHost: '127.0.0.1', metricsPort: 0 };
}

function running(parts: {
  api: ApiPart | null;
  worker: WorkerPart | null;
  codec: CodecPart | null;
  server: DevServer | null;
  webUrl: string | null;
}): Service {
  const { api, worker, codec, server } = parts;
  let stopping: Promise<void> | null = null;
  const finished = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    finished.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const failures: Promise<void>[] = [stopped];
  if (worker !== null) failures.push(worker.done.then(() => stopped));
  if (server?.owned === true) {
    failures.push(
      server.exited.then((reason) => {
        if (stopping === null) throw new StartError(`The embedded Temporal ended: ${reason}`);
        return stopped;
      }),
    );
  }
  const stop = async (): Promise<void> => {
    await Promise.all([api?.stop(), worker?.stop(), codec?.stop()]);
    await server?.stop();
    finished.abort();
  };
  return {
    apiUrl: api?.url ?? null,
    webUrl: parts.webUrl,
    done: Promise.race(failures),
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}

async function reachTemporal(
  options: ServiceOptions,
): Promise<{ profile: TemporalProfile; server: DevServer | null }> {
  const { command, config, env, say } = options;
  const profile = temporalProfile(env);
  if (profile.address !== null) return { profile, server: null };
  if (command !== 'start') {
    throw new StartError(
      `No Temporal server is named: set TEMPORAL_ADDRESS (or a profile in temporal.toml), or use "npm start", which brings its own.`,
    );
  }
  const server = await startEmbeddedTemporal({
    env,
    namespace: profile.namespace,
    databaseFile: config.temporal.databaseFile,
    say,
  });
  return { profile: withAddress(profile, server.address), server };
}
