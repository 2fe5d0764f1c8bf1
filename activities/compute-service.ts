/**
 * setComputeServiceStatus: enable what the plan disabled, disable what it enabled. A service that is disabled for
 * another reason, forced down, or disabled by Nova itself is never ours. Enabling does not wait for "up": who needs
 * the host up waits for that.
 */
import type { ComputeService } from '../src/openstack/cloud.js';
import type { SetServiceStatusWork } from '../src/domain/layout-types.js';
import type { ResourceState } from '../src/domain/result.js';
import type { Kit } from './kit.js';
import { readComputeService } from './reading.js';
import { report } from './reports.js';
import type { CompensationInput, CompensationReport } from './types.js';
import type { Run } from './waiting.js';

export function serviceNow(service: ComputeService): ResourceState {
  return { status: service.status, disabled_reason: service.disabledReason };
}

export async function setComputeServiceStatus(
  kit: Kit,
  run: Run,
  input: CompensationInput<SetServiceStatusWork>,
): Promise<CompensationReport> {
  const { work } = input;
  const service = await readComputeService(kit, run, work.host);
  if (service === null) {
    return report('NOT_REVERSIBLE', `The host ${work.host} has no nova-compute any more`, null);
  }
  const decided = asItIs(service, work, run.asked()) ?? notOurs(service, work);
  if (decided !== undefined) return decided;
  await run.asking();
  kit.services.forget(work.host);
  const reason = work.to === 'disabled' ? work.reason : null;
  // PUT os-services/{id} writes before it answers (nova/compute/api.py, HostAPI.service_update), so there is no
  // change to follow; but somebody else may have written since.
  await kit.cloud.compute.setServiceStatus(service.id, work.to, reason, { signal: run.signal });
  const after = await readComputeService(kit, run, work.host);
  if (after === null) {
    return report('NOT_REVERSIBLE', `The host ${work.host} has no nova-compute any more`, null);
  }
  if (after.status === work.to) return report('SUCCEEDED', null, serviceNow(after));
  return report('KEPT', `Set to ${after.status} by somebody at the same time`, serviceNow(after));
}

/** It is as wanted already; `asked`: because an attempt before this one made it so. */
function asItIs(
  service: ComputeService,
  work: SetServiceStatusWork,
  asked: boolean,
): CompensationReport | undefined {
  if (service.status !== work.to) return undefined;
  const now = serviceNow(service);
  if (work.to === 'disabled' && service.disabledReason !== work.reason) {
    return report('KEPT', `Already disabled for another reason: ${why(service)}`, now);
  }
  if (asked) return report('SUCCEEDED', null, now);
  return report('SKIPPED', `Already ${work.to}`, now);
}

function notOurs(
  service: ComputeService,
  work: SetServiceStatusWork,
): CompensationReport | undefined {
  const now = serviceNow(service);
  if (service.forcedDown) return report('KEPT', 'nova-compute is forced down', now);
  if (work.to === 'disabled') return undefined;
  // nova/virt/libvirt/driver.py, DISABLE_PREFIX: the service disabled itself and enables itself again.
  if (service.disabledReason?.startsWith('AUTO:') === true) {
    return report('KEPT', `Disabled by Nova itself: ${why(service)}`, now);
  }
  if (service.disabledReason !== work.reason) {
    return report('KEPT', `Disabled for another reason than the plan's: ${why(service)}`, now);
  }
  return undefined;
}

function why(service: ComputeService): string {
  return service.disabledReason === null ? 'none given' : `"${service.disabledReason}"`;
}
