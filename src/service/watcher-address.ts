/**
 * The real Watcher's address where this service stands in its place in the catalog (ROLLBACK_WATCHER_URL): used by the
 * service's own client instead of the catalog's, and looked at once at the start, so that no request can go round.
 */
import { Agent, request } from 'undici';
import { PSEUDONYM } from '../api/proxy-headers.js';
import type { ProxyTarget } from '../api/proxy.js';
import type { Config } from '../config.js';
import type { Logger } from '../log.js';
import type { CloudConfig } from '../openstack/cloud-config.js';
import { StartError } from './start-error.js';

const LOOK_TIMEOUT_MS = 5_000;
const LOOP_DETECTED = 508;

/** The catalog's entry may be this service's own. */
export function withRealWatcher(cloud: CloudConfig, watcherUrl: string | null): CloudConfig {
  if (watcherUrl === null) return cloud;
  return { ...cloud, endpointOverrides: { ...cloud.endpointOverrides, 'infra-optim': watcherUrl } };
}

export function proxyTargetOf(
  config: Config['watcher'],
  tls: Pick<CloudConfig, 'ca' | 'insecure'>,
): ProxyTarget | undefined {
  if (!config.proxy || config.url === null) return undefined;
  return { url: config.url, timeout: config.proxyTimeout, ca: tls.ca, insecure: tls.insecure };
}

/**
 * Asks the address as a request that has been here before: only this service, or another of its processes, refuses that.
 * To be called while the API listens. Throws StartError; a Watcher that is away is only warned of.
 */
export async function refuseOwnAddress(target: ProxyTarget, log: Logger): Promise<void> {
  const { url, ca, insecure } = target;
  const connect = { rejectUnauthorized: !insecure, ...(ca !== null && { ca }) };
  const agent = new Agent({ connect: { ...connect, timeout: LOOK_TIMEOUT_MS } });
  try {
    const answer = await request(`${url}/`, {
      dispatcher: agent,
      headers: { via: `1.1 ${PSEUDONYM}` },
      signal: AbortSignal.timeout(LOOK_TIMEOUT_MS),
    });
    await answer.body.dump();
    if (answer.statusCode === LOOP_DETECTED) {
      throw new StartError(
        `ROLLBACK_WATCHER_URL (${url}) leads back to this service: set it to watcher-api's own address, not the one in the catalog.`,
      );
    }
    if (answer.statusCode !== 200) {
      log.warn({ url, status: answer.statusCode }, "Watcher's version document is not to be had");
    }
  } catch (error) {
    if (error instanceof StartError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    log.warn({ url, reason }, 'Watcher is away; what is handed on to it is answered with 503');
  } finally {
    await agent.destroy();
  }
}
