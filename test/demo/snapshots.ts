/** Small clouds for the demo's pure parts: two hosts, three servers. */
import type { CloudSnapshot } from '../../src/simulated-cloud/types.js';

export function snapshot(): CloudSnapshot {
  return {
    servers: {
      's-10': { name: 'vm-10', host: 'compute-1', status: 'ACTIVE', flavor: 'm1' },
      's-2': { name: 'vm-2', host: 'compute-1', status: 'SHUTOFF', flavor: 'm1' },
      's-3': { name: 'vm-3', host: 'compute-2', status: 'ERROR', flavor: 'm1' },
    },
    services: {
      'compute-1': { status: 'enabled', disabledReason: null, state: 'up' },
      'compute-2': { status: 'enabled', disabledReason: null, state: 'up' },
    },
    nodes: {
      'n-1': { name: 'compute-1', powerState: 'power on' },
      'n-2': { name: 'compute-2', powerState: 'power on' },
    },
  };
}

/** compute-1 is disabled and its running server gone to compute-2. */
export function maintained(): CloudSnapshot {
  const cloud = snapshot();
  cloud.servers['s-10'] = { name: 'vm-10', host: 'compute-2', status: 'ACTIVE', flavor: 'm1' };
  cloud.services['compute-1'] = { status: 'disabled', disabledReason: 'why', state: 'up' };
  return cloud;
}
