/** Small reads that several activities share. A thing that is not there is null, not an error. */
import type { BaremetalNode, ComputeServer, ComputeService } from '../src/openstack/cloud.js';
import { isNotFound } from '../src/openstack/errors.js';
import type { Kit } from './kit.js';
import { clockSeconds } from './waiting.js';

interface Cancellable {
  signal: AbortSignal;
}

async function orNull<T>(reading: Promise<T>): Promise<T | null> {
  try {
    return await reading;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

/** A read that is awaited later; where it is not any more, because another failed first, nobody misses it. */
export function begun<T>(reading: Promise<T>): Promise<T> {
  reading.catch(() => undefined);
  return reading;
}

export function readServer(kit: Kit, run: Cancellable, id: string): Promise<ComputeServer | null> {
  return orNull(kit.cloud.compute.getServer(id, { signal: run.signal }));
}

export function readNode(kit: Kit, run: Cancellable, id: string): Promise<BaremetalNode | null> {
  return orNull(kit.cloud.baremetal.getNode(id, { signal: run.signal }));
}

/** nova-compute of a host; null where there is none (any more). */
export async function readComputeService(
  kit: Kit,
  run: Cancellable,
  host: string,
): Promise<ComputeService | null> {
  const at = clockSeconds();
  const services = await kit.cloud.compute.listServices({ host }, { signal: run.signal });
  kit.services.saw(services, at);
  return (
    services.find((service) => service.host === host && service.binary === 'nova-compute') ?? null
  );
}
