/**
 * The status that Nova shows for a server's vm_state and task_state.
 * Source: _STATE_MAP in nova/api/openstack/common.py.
 */
import type { Server, VmState } from '../state.js';

const RESIZE_TASKS = new Set([
  'resize_prep',
  'resize_migrating',
  'resize_migrated',
  'resize_finish',
]);

const DEFAULT_STATUS: Record<VmState, string> = {
  active: 'ACTIVE',
  stopped: 'SHUTOFF',
  paused: 'PAUSED',
  suspended: 'SUSPENDED',
  error: 'ERROR',
  resized: 'VERIFY_RESIZE',
};

export function serverStatus(server: Server): string {
  const { vmState, taskState } = server;
  if (taskState === 'migrating' && (vmState === 'active' || vmState === 'paused'))
    return 'MIGRATING';
  if (taskState !== null && RESIZE_TASKS.has(taskState)) {
    if (vmState === 'active' || vmState === 'stopped') return 'RESIZE';
  }
  if (taskState === 'resize_reverting' && vmState === 'resized') return 'REVERT_RESIZE';
  return DEFAULT_STATUS[vmState];
}

/** nova.compute.power_state: 1 running, 3 paused, 4 shut down, 0 no state. */
export function powerState(server: Server): number {
  const vmState = server.vmState === 'resized' ? server.beforeResize?.vmState : server.vmState;
  if (vmState === 'active') return 1;
  if (vmState === 'paused') return 3;
  if (vmState === 'error') return 0;
  return 4;
}

/** vm_state and task_state for a status that somebody sets by hand. */
export function statesOf(status: string): { vmState: VmState; taskState: string | null } {
  switch (status) {
    case 'ACTIVE':
      return { vmState: 'active', taskState: null };
    case 'SHUTOFF':
      return { vmState: 'stopped', taskState: null };
    case 'PAUSED':
      return { vmState: 'paused', taskState: null };
    case 'SUSPENDED':
      return { vmState: 'suspended', taskState: null };
    case 'ERROR':
      return { vmState: 'error', taskState: null };
    case 'VERIFY_RESIZE':
      return { vmState: 'resized', taskState: null };
    case 'MIGRATING':
      return { vmState: 'active', taskState: 'migrating' };
    case 'RESIZE':
      return { vmState: 'active', taskState: 'resize_migrating' };
    default:
      throw new Error(`the simulated cloud knows no server status "${status}"`);
  }
}
