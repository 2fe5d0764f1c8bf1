/** What holds for every compensation on a server. Pure. */
import type { Server } from './facts.js';

/** Why a server is left alone under every policy, or null. */
export function serverNeverOurs(server: Server): string | null {
  if (server.status === 'ERROR') {
    return `${server.name} is in ERROR: it is left alone. Mend it in Nova and ask again.`;
  }
  if (server.locked) {
    return `${server.name} is locked: it is left alone. Unlock it and ask again.`;
  }
  return null;
}

/**
 * Statuses of a server with a task in progress, behind which it is active or stopped: the work waits for the end of the
 * task and then sees which. Source: nova/api/openstack/common.py, _STATE_MAP.
 */
const BUSY_STATUSES: ReadonlySet<string> = new Set([
  'MIGRATING',
  'RESIZE',
  'REVERT_RESIZE',
  'REBOOT',
  'HARD_REBOOT',
  'PASSWORD',
  'REBUILD',
]);

export function isBusy({ status, taskState }: Server): boolean {
  return taskState !== null || BUSY_STATUSES.has(status);
}

/** What has to be done to a server before Nova migrates it. */
const FIRST: Readonly<Record<string, string>> = {
  SUSPENDED: 'resume it',
  RESCUE: 'unrescue it',
  SHELVED: 'unshelve it',
  SHELVED_OFFLOADED: 'unshelve it',
  SOFT_DELETED: 'restore it',
  BUILD: 'wait until it is built',
  VERIFY_RESIZE: 'confirm or revert its resize',
};

/**
 * How a server of this status goes to another host. Nova migrates live what is active or paused, and cold what is active
 * or stopped (check_instance_state of live_migrate and resize, nova/compute/api.py).
 */
export function wayToMove(
  server: Server,
  isStartedFirst: boolean,
): { kind: 'live_migrate' | 'cold_migrate' } | { unreachable: string } {
  const { status } = server;
  if (status === 'ACTIVE' || status === 'PAUSED' || BUSY_STATUSES.has(status)) {
    return { kind: 'live_migrate' };
  }
  if (status === 'SHUTOFF') return { kind: isStartedFirst ? 'live_migrate' : 'cold_migrate' };
  return {
    unreachable:
      `${server.name} is ${status}, and Nova migrates only servers that are ACTIVE, PAUSED or SHUTOFF: ` +
      `${FIRST[status] ?? 'bring it to one of those'} and ask again.`,
  };
}
