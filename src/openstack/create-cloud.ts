/** Puts the clients of one cloud together: one session, one set of connections. Nothing is sent before the first call. */
import { IronicClient } from './baremetal/baremetal.js';
import type { CloudConfig } from './cloud-config.js';
import type { CallOptions, OpenStackCloud } from './cloud.js';
import { NovaClient } from './compute/compute.js';
import { createHttpClient, type HttpTimeouts } from './http.js';
import { KeystoneClient } from './identity/identity.js';
import { WatcherClient } from './optimizer/optimizer.js';
import { PlacementClient } from './placement/placement.js';
import { Session } from './session.js';

export interface CloudOptions {
  timeouts?: Partial<HttpTimeouts>;
  /** Largest answer in bytes; 32 MiB by default. */
  maxAnswerBytes?: number;
}

export interface ConnectedCloud extends OpenStackCloud {
  /**
   * Tries credentials, catalog and microversions: a sentence for each thing that this cloud cannot do or tell (no
   * bare metal service, say); [] where all is there. Throws what any call throws.
   */
  limitations(options?: CallOptions): Promise<string[]>;
}

export function createOpenStackCloud(
  config: CloudConfig,
  options: CloudOptions = {},
): ConnectedCloud {
  const http = createHttpClient({ ca: config.ca, insecure: config.insecure, ...options });
  const session = new Session(config, http);
  const compute = new NovaClient(session);
  const baremetal = new IronicClient(session);
  return {
    identity: new KeystoneClient(session, config.authUrl, http),
    compute,
    baremetal,
    optimizer: new WatcherClient(session),
    placement: new PlacementClient(session),
    description: describe(config),
    limitations: async (call) => [
      ...(await compute.limitations(call)),
      ...(await baremetal.limitations(call)),
    ],
    close: () => http.close(),
  };
}

function describe(config: CloudConfig): string {
  const name = config.cloudName === null ? '' : `${config.cloudName} at `;
  const region = config.region === null ? '' : `, region ${config.region}`;
  const warning = config.insecure ? ', certificates NOT checked (verify: false)' : '';
  return `${name}${config.authUrl}${region}${warning}`;
}
