/** One power change of one Ironic node, asked for or joined, to its end. */
import type { BaremetalNode } from '../src/openstack/cloud.js';
import type { SetNodePowerWork } from '../src/domain/layout-types.js';
import { isBadRequest, isConflict, isOpenStackHttpError } from '../src/openstack/errors.js';
import { failure, sentence } from './failures.js';
import type { Kit } from './kit.js';
import { readNode } from './reading.js';
import { poll } from './waiting.js';
import type { Run } from './waiting.js';

export type PowerTarget = 'power on' | 'power off' | 'soft power off';

/**
 * The node in its new state. Fails: PowerFailed with Ironic's last_error, or once power_timeout is over.
 *
 * Ironic sets target_power_state and clears last_error before it answers 202
 * (ironic/conductor/manager.py, change_node_power_state); at the end it clears target_power_state and sets
 * power_state, or last_error (ironic/conductor/utils.py, node_power_action). So "no target and not as wanted" after
 * a 202 is a failure. A node that is reserved by a conductor answers 409 (NodeLocked): busy.
 */
export async function changePower(
  kit: Kit,
  run: Run,
  work: SetNodePowerWork,
  target: PowerTarget,
): Promise<BaremetalNode> {
  await ask(kit, run, work, target);
  // Ironic bounds a soft power off by itself; its end is awaited a little longer than that.
  const limit = kit.settings.power_timeout * (target === 'soft power off' ? 1.25 : 1);
  const node = await poll(kit, run, limit, async () => {
    const read = await readNode(kit, run, work.nodeId);
    if (read === null)
      throw failure('PowerFailed', `Ironic knows the node ${work.nodeName} no more`);
    if (read.targetPowerState !== null) return undefined;
    if (read.powerState === work.to) return read;
    const why =
      read.lastError ?? `it is "${read.powerState ?? 'unknown'}" and Ironic gives no reason`;
    throw failure('PowerFailed', `${work.nodeName} to "${target}": ${why}`);
  });
  if (node !== undefined) return node;
  throw failure(
    'PowerFailed',
    `${work.nodeName} was not "${work.to}" after ${limit} s ("${target}")`,
  );
}

/** Ask once the node is free; nothing to ask where it is so already, or on its way there. */
async function ask(kit: Kit, run: Run, work: SetNodePowerWork, target: PowerTarget): Promise<void> {
  const seconds =
    target === 'soft power off' ? Math.max(1, Math.ceil(kit.settings.power_timeout)) : null;
  let said = '';
  const done = await poll(kit, run, kit.settings.busy_timeout, async () => {
    const node = await readNode(kit, run, work.nodeId);
    if (node === null)
      throw failure('PowerFailed', `Ironic knows the node ${work.nodeName} no more`);
    // A soft power off under way has the hard one's target; Ironic itself says when it may be asked for.
    if (node.targetPowerState === work.to && target !== 'power off') return true;
    if (node.targetPowerState === null && node.powerState === work.to) return true;
    try {
      await run.asking();
      await kit.cloud.baremetal.setPowerState(work.nodeId, target, seconds, { signal: run.signal });
      return true;
    } catch (error) {
      if (isConflict(error)) {
        run.notAsked();
        said = sentence(error);
        return undefined;
      }
      // The driver has no such power state, or the node is in no state for it.
      if (isBadRequest(error) || (isOpenStackHttpError(error) && error.status === 406)) {
        throw failure('PowerFailed', `${work.nodeName} to "${target}": ${sentence(error)}`);
      }
      throw error;
    }
  });
  if (done === undefined) throw failure('PowerFailed', `${work.nodeName} stayed reserved: ${said}`);
}
