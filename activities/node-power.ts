/**
 * setNodePowerState: a node back on, until its nova-compute is up; or back off, once it is disabled and empty.
 * A node in maintenance, with a fault, or in transition to something else is never ours. What the host's
 * compute service was before is put back once the node has come to rest; while its power is changing or unknown the
 * service stays disabled, and the failure says so.
 */
import { ApplicationFailure } from '@temporalio/common';
import type { BaremetalNode } from '../src/openstack/cloud.js';
import type { FailureType } from '../src/domain/failures.js';
import type { SetNodePowerWork } from '../src/domain/layout-types.js';
import type { ResourceState } from '../src/domain/result.js';
import { Stopped } from './asked-switch.js';
import { failure, toFailure } from './failures.js';
import { emptyHost, type HostEmptying } from './host-emptying.js';
import type { Kit } from './kit.js';
import { changePower } from './power-change.js';
import { readComputeService, readNode } from './reading.js';
import { report } from './reports.js';
import type { CompensationInput, CompensationReport } from './types.js';
import { NothingNew, poll } from './waiting.js';
import type { Run } from './waiting.js';

const POWER_FAILED: FailureType = 'PowerFailed';

/** Three requests; a cancelled rollback waits for them. */
const PUT_BACK_MS = 30_000;

function nodeNow(node: BaremetalNode): ResourceState {
  return { power_state: node.powerState };
}

export async function setNodePowerState(
  kit: Kit,
  run: Run,
  input: CompensationInput<SetNodePowerWork>,
): Promise<CompensationReport> {
  const { work } = input;
  const node = await readNode(kit, run, work.nodeId);
  if (node === null) {
    return report('NOT_REVERSIBLE', `Ironic knows the node ${work.nodeName} no more`, null);
  }
  const reason = notOurs(node, work);
  if (reason !== null) return report('KEPT', reason, nodeNow(node));
  return work.to === 'power on' ? powerOn(kit, run, work, node) : powerOff(kit, run, work, node);
}

/** Why the node is left alone; a power change to the wanted state under way is none: it is joined. */
function notOurs(node: BaremetalNode, work: SetNodePowerWork): string | null {
  if (node.maintenance) {
    const why = node.maintenanceReason === null ? '' : `: ${node.maintenanceReason}`;
    return `The node is in maintenance${why}`;
  }
  if (node.fault !== null) return `The node has a fault: ${node.fault}`;
  if (node.targetProvisionState !== null) {
    return `The node is in transition (${node.provisionState ?? '?'} to ${node.targetProvisionState})`;
  }
  if (node.targetPowerState !== null && node.targetPowerState !== work.to) {
    return `The node's power is being changed to ${node.targetPowerState} by somebody`;
  }
  return null;
}

async function powerOn(
  kit: Kit,
  run: Run,
  work: SetNodePowerWork,
  node: BaremetalNode,
): Promise<CompensationReport> {
  const wasOn = isAsWanted(node, work);
  const after = wasOn ? node : await changePower(kit, run, work, 'power on');
  const up = await computeIsUp(kit, run, work.host);
  const outcome = wasOn && !run.asked() ? 'SKIPPED' : 'SUCCEEDED';
  const note = outcome === 'SKIPPED' ? 'Already on' : null;
  if (up) return report(outcome, note, nodeNow(after));
  // The property is the node's power, and that is as before. What waits for the host judges it by itself.
  const down = `the node is on, but nova-compute on ${work.host ?? 'it'} is not up after ${kit.settings.host_up_timeout} s`;
  return report(outcome, down, nodeNow(after));
}

async function computeIsUp(kit: Kit, run: Run, host: string | null): Promise<boolean> {
  if (host === null) return true;
  const up = await poll(kit, run, kit.settings.host_up_timeout, async () => {
    const service = await readComputeService(kit, run, host);
    // Gone, or held down by somebody: no waiting brings it up.
    if (service === null || service.forcedDown) return false;
    return service.state === 'up' ? true : undefined;
  });
  return up === true;
}

async function powerOff(
  kit: Kit,
  run: Run,
  work: SetNodePowerWork,
  node: BaremetalNode,
): Promise<CompensationReport> {
  if (isAsWanted(node, work)) {
    // A retry after the power went off may still have the service to put back.
    if (work.host !== null) await emptyHost(kit, run, work.host, work.reason).putBack();
    const done = run.asked();
    return report(done ? 'SUCCEEDED' : 'SKIPPED', done ? null : 'Already off', nodeNow(node));
  }
  if (work.host === null) {
    const unknown = `Which compute host runs on the node ${work.nodeName} is not known, so nobody can see that it is empty`;
    return report('NOT_REVERSIBLE', unknown, nodeNow(node));
  }
  const emptying = emptyHost(kit, run, work.host, work.reason);
  const orPutBack = async (error: unknown): Promise<never> => {
    // Anything that is tried again (a worker that shuts down, Ironic away for a while) leaves it to the next attempt,
    // which knows our reason: a service that is enabled while its node goes off would be given servers.
    if (isFinal(error, run)) await putBackAtRest(kit, work, emptying);
    throw error;
  };
  const obstacle = await emptying.begin().catch(orPutBack);
  if (obstacle !== null) {
    await emptying.putBack();
    return { ...report('BLOCKED', obstacle, nodeNow(node)), needs: work.host };
  }
  const end = await off(kit, run, work, emptying).catch(orPutBack);
  await emptying.putBack();
  return report('SUCCEEDED', null, nodeNow(end));
}

/** Only where the node's power is known and not changing. */
async function putBackAtRest(
  kit: Kit,
  work: SetNodePowerWork,
  emptying: HostEmptying,
): Promise<void> {
  // Not the activity's own signal: a cancel has fired that one.
  const signal = AbortSignal.timeout(PUT_BACK_MS);
  const node = await readNode(kit, { signal }, work.nodeId);
  if (node === null || node.targetPowerState !== null || node.powerState === null) return;
  await emptying.putBack(signal);
}

/** Softly, so that the host's system can end; hard only where an administrator permits it and it is still empty. */
async function off(
  kit: Kit,
  run: Run,
  work: SetNodePowerWork,
  emptying: HostEmptying,
): Promise<BaremetalNode> {
  try {
    return await changePower(kit, run, work, 'soft power off');
  } catch (error) {
    if (!kit.settings.hard_power_off || !isPowerFailure(error)) throw error;
    const obstacle = await emptying.begin();
    if (obstacle !== null) throw failure(POWER_FAILED, `Not powered off hard: ${obstacle}`);
  }
  return changePower(kit, run, work, 'power off');
}

/** As the workflow will see it: whether no attempt comes after this one, or none that would ask. */
function isFinal(error: unknown, run: Run): boolean {
  if (error instanceof Stopped || error instanceof NothingNew) return true;
  if (run.signal.aborted) return run.cancelledByRollback();
  const seen = toFailure(error, run.signal, run.asked());
  return seen instanceof ApplicationFailure && seen.nonRetryable === true;
}

function isPowerFailure(error: unknown): boolean {
  return error instanceof ApplicationFailure && error.type === POWER_FAILED;
}

function isAsWanted(node: BaremetalNode, work: SetNodePowerWork): boolean {
  return node.powerState === work.to && node.targetPowerState === null;
}
