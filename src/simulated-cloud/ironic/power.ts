/**
 * Power changes of nodes, and what they do to the compute service on them. Knows nothing of HTTP.
 * Source: ironic/conductor/utils.py, node_power_action. Simplified: Nova sees at once that a compute host is gone.
 */
import type { Caller, Node } from '../state.js';
import type { World } from '../world.js';

export type PowerTarget = 'power on' | 'power off' | 'soft power off' | 'rebooting';

/** The conductor whose name a locked node shows. */
export const CONDUCTOR = 'simulated-conductor';

const EFFECTS: Record<PowerTarget, string> = {
  'power on': 'power-on',
  'power off': 'power-off',
  'soft power off': 'soft-power-off',
  rebooting: 'reboot',
};

export function changePower(
  world: World,
  node: Node,
  target: PowerTarget,
  timeoutSeconds: number | null,
  caller: Caller,
  done: (succeeded: boolean) => void = () => undefined,
): void {
  const ledger = (outcome: 'started' | 'applied' | 'failed'): void => {
    world.ledger.add({
      service: 'baremetal',
      effect: EFFECTS[target],
      resourceId: node.uuid,
      detail: node.name,
      outcome,
      userId: caller.userId,
    });
  };
  const wanted = target === 'power on' || target === 'rebooting' ? 'power on' : 'power off';
  ledger('started');
  node.reservation = CONDUCTOR;
  node.targetPowerState = wanted;
  node.lastError = null;
  touch(world, node);
  const ignored = target === 'soft power off' && node.ignoresSoftPowerOff;
  // Ironic waits for a soft power off for `timeout`, by default soft_power_off_timeout (600 s).
  const duration = ignored ? (timeoutSeconds ?? 600) * 1000 : world.times.power;
  world.clock.after(duration, () => {
    node.reservation = null;
    node.targetPowerState = null;
    if (ignored) {
      node.lastError = `Failed to change power state to '${target}'. Error: timed out`;
      touch(world, node);
      ledger('failed');
      done(false);
      return;
    }
    applyPower(world, node, wanted);
    ledger('applied');
    done(true);
  });
}

/** Put a node into a power state; its nova-compute goes down at once, and comes up after `times.hostBoot`. */
export function applyPower(world: World, node: Node, powerState: string): void {
  const changed = node.powerState !== powerState;
  node.powerState = powerState;
  node.powerChangedAt = world.clock.now();
  touch(world, node);
  const host = [...world.state.hosts.values()].find(({ nodeId }) => nodeId === node.uuid);
  if (!host || !changed) return;
  if (powerState === 'power on') {
    world.clock.after(world.times.hostBoot, () => {
      if (node.powerState === 'power on') host.up = true;
    });
  } else {
    host.lastReportAt = world.clock.now();
    host.up = false;
  }
}

function touch(world: World, node: Node): void {
  node.updatedAt = world.clock.now();
}
