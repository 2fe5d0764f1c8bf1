/** What the REST API is built from. Every part takes only what it needs of this. */
import type { Config } from '../config.js';
import type { Logger } from '../log.js';
import type { Metrics } from '../metrics.js';
import type { Compute, Identity, InfraOptim } from '../openstack/cloud.js';
import type { StreamTiming } from './events/feed.js';
import type { ProxyTarget } from './proxy.js';
import type { Rollbacks } from './rollbacks.js';
import type { UiFile } from './ui-files.js';

/** The few calls to OpenStack that the API makes itself; an OpenStackCloud is one. */
export interface ApiCloud {
  identity: Omit<Identity, 'cloudIdentity'>;
  compute: Pick<Compute, 'listServices'>;
  optimizer: Pick<InfraOptim, 'getActionPlan'>;
}

export interface ApiDeps {
  rollbacks: Rollbacks;
  cloud: ApiCloud;
  config: Config['api'];
  log: Logger;
  metrics: Metrics;
  /** Prometheus text of the Temporal SDK and of a worker in this process; absent: none. */
  sdkMetrics?: () => Promise<string>;
  /** The files of the page at /ui/, by name; absent: no page. */
  ui?: ReadonlyMap<string, UiFile>;
  /** Where every request goes that is not this service's own; absent: nowhere, they are answered with 404. */
  proxy?: ProxyTarget;
  /** Pace of event streams; tests shorten it. */
  eventTiming?: Partial<StreamTiming>;
  /** Aborted when the server closes: requests that wait for a rollback answer with what there is. */
  closing?: AbortSignal;
}
