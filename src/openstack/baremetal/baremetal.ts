/**
 * Ironic (Bare Metal API v1): a node's state, and its power. Ironic reads its microversion from a header of its
 * own; the common OpenStack-API-Version is ignored and the answer is then that of 1.1, without half of the fields.
 */
import { z } from 'zod';
import type { Baremetal, BaremetalNode, CallOptions } from '../cloud.js';
import { isUnsupported } from '../errors.js';
import { isMicroversion, MicroversionNegotiator, type Microversion } from '../microversion.js';
import { segment, ServiceClient, type ServiceCall } from '../service-client.js';
import type { Session } from '../session.js';
import { nodeSchema } from './schemas.js';

/** Behaviour beyond this one has not been looked at, so it is never asked for. */
const NEWEST_KNOWN: Microversion = '1.80';
/** `fault`, without which a broken node looks well (Rocky). */
const NEEDED_FOR_NODE: Microversion = '1.42';
/** Soft power off, and the time-out of a power change (ironic/api/controllers/v1/node.py, power). */
const NEEDED_FOR_POWER: Microversion = '1.27';

const versionSchema = z.object({
  version: z.object({ version: z.string().refine(isMicroversion) }),
});

/** Catalogs name the address with or without "/v1". */
export function baremetalRoot(base: string): string {
  return `${base.replace(/\/v1$/u, '')}/v1`;
}

export class IronicClient implements Baremetal {
  private readonly client: ServiceClient;
  private readonly microversions: MicroversionNegotiator;

  constructor(session: Session) {
    this.client = new ServiceClient(session, 'baremetal', baremetalRoot);
    this.microversions = new MicroversionNegotiator('baremetal', () => this.readMaximum());
  }

  /** Why no node can be read in this cloud, in a sentence; [] where all is well. */
  async limitations(options?: CallOptions): Promise<string[]> {
    try {
      await this.microversions.choose(
        NEEDED_FOR_NODE,
        NEWEST_KNOWN,
        () => 'GET of a node',
        options?.signal,
      );
      return [];
    } catch (error) {
      if (isUnsupported(error)) return [error.message];
      throw error;
    }
  }

  async getNode(uuid: string, options?: CallOptions): Promise<BaremetalNode> {
    const call = await this.call(NEEDED_FOR_NODE, options, {
      method: 'GET',
      path: `/nodes/${segment(uuid)}`,
    });
    return this.client.json(call, nodeSchema, options);
  }

  /** `timeout` in whole seconds, at least 1; null leaves it to Ironic ([conductor] soft_power_off_timeout). */
  async setPowerState(
    uuid: string,
    target: 'power on' | 'power off' | 'soft power off',
    timeout: number | null,
    options?: CallOptions,
  ): Promise<void> {
    const bound = timeout === null ? {} : { timeout: Math.max(1, Math.ceil(timeout)) };
    const call = await this.call(NEEDED_FOR_POWER, options, {
      method: 'PUT',
      path: `/nodes/${segment(uuid)}/states/power`,
      json: { target, ...bound },
    });
    await this.client.send({ ...call, accept: [202] }, options);
  }

  private async call(
    needed: Microversion,
    options: CallOptions | undefined,
    call: Omit<ServiceCall, 'accept' | 'headers'>,
  ): Promise<ServiceCall> {
    const what = (): string => `${call.method} of a node`;
    const version = await this.microversions.choose(needed, NEWEST_KNOWN, what, options?.signal);
    return { ...call, accept: [200], headers: { 'x-openstack-ironic-api-version': version } };
  }

  /** GET /v1 has a version document beside its links. */
  private async readMaximum(): Promise<Microversion> {
    const call: ServiceCall = { method: 'GET', path: '/', accept: [200] };
    return (await this.client.json(call, versionSchema, undefined)).version.version;
  }
}
