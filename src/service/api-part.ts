/** The REST API as a part of a process. It starts before Temporal and OpenStack do, and says 503 until they are there. */
import type { Client } from '@temporalio/client';
import { cloudIdOf } from '../../activities/own-cloud.js';
import type { ApiServer, Certificate } from '../api/server.js';
import { startApiServer } from '../api/server.js';
import type { ApiDeps } from '../api/deps.js';
import { readUiFiles } from '../api/ui-files.js';
import type { Config } from '../config.js';
import type { Logger } from '../log.js';
import { createMetrics } from '../metrics.js';
import type { CloudConfig } from '../openstack/cloud-config.js';
import type { OpenStackCloud } from '../openstack/cloud.js';
import { lazyClient, type TemporalProfile } from '../temporal/connection.js';
import { TemporalRollbacks } from '../temporal/rollbacks.js';
import { certificateOf, followCertificate, lifeOf } from './api-certificate.js';
import { StartError } from './start-error.js';
import { proxyTargetOf, refuseOwnAddress } from './watcher-address.js';

export interface ApiPart {
  readonly url: string;
  stop(): Promise<void>;
}

export interface ApiPartOptions {
  config: Config;
  profile: TemporalProfile;
  cloud: OpenStackCloud;
  tls?: Pick<CloudConfig, 'ca' | 'insecure'>;
  log: Logger;
  /** Address of Temporal's Web UI for links; null: none. */
  webUrl: string | null;
  sdkMetrics?: () => Promise<string>;
  /** Folder of the page's built files; absent: no page. */
  uiFolder?: string;
}

export async function startApiPart(options: ApiPartOptions): Promise<ApiPart> {
  const { config, profile, cloud, log, webUrl, sdkMetrics, uiFolder } = options;
  const certificate = certificateOf(config.tls);
  const client: Client = lazyClient(profile);
  const rollbacks = new TemporalRollbacks({
    client,
    taskQueue: config.temporal.taskQueue,
    webUrl,
    startsAtOnce: config.temporal.startsAtOnce,
    ownCloud: async () => cloudIdOf(await cloud.identity.cloudIdentity()),
  });
  const proxy = proxyTargetOf(config.watcher, options.tls ?? { ca: null, insecure: false });
  const deps: ApiDeps = {
    rollbacks,
    cloud,
    config: config.api,
    log,
    metrics: createMetrics({ processMetrics: true }),
    ...(sdkMetrics === undefined ? {} : { sdkMetrics }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(uiFolder === undefined ? {} : { ui: readUiFiles(uiFolder) }),
  };
  const server = await listening(config, deps, certificate);
  const unfollow =
    certificate &&
    followCertificate(config.tls, certificate, { log, take: (next) => server.renew(next) });
  const stop = async (): Promise<void> => {
    unfollow?.();
    await server.close(config.shutdownGrace * 1000);
    await client.connection.close();
  };
  try {
    // Only a server that listens can find itself at the address.
    if (proxy !== undefined) await refuseOwnAddress(proxy, log);
  } catch (error) {
    await stop();
    throw error;
  }
  log.info({ url: server.url, ...(certificate && lifeOf(certificate)) }, 'API listens');
  return { url: server.url, stop };
}

/** What is wrong with an address, by the system's word for it. */
const ADDRESS_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there (another start of this service?)',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'it is no address of this machine',
};

async function listening(
  { api }: Config,
  deps: ApiDeps,
  certificate: Certificate | null,
): Promise<ApiServer> {
  try {
    return await startApiServer(deps, {}, certificate);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const problem = ADDRESS_PROBLEMS[code];
    if (problem === undefined) throw error;
    throw new StartError(
      `The API cannot listen on ${api.host}, port ${api.port}: ${problem}. Set ROLLBACK_HOST or ROLLBACK_PORT to another.`,
    );
  }
}
