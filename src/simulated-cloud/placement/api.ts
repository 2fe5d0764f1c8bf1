/**
 * Placement's API, as far as somebody asks it how much room a host has: the resource providers that Nova makes of its
 * hypervisors, with their inventories and usages, of microversion 1.0. Room is a number of slots here: a server takes one
 * VCPU, so much memory and so much disk, whatever its flavor.
 */
import { HttpProblem, reading } from '../http/messages.js';
import type { Answer, ServiceRequest } from '../http/messages.js';
import { middlewareUnauthorized, parseVersion } from '../http/service.js';
import type { Service } from '../http/service.js';
import type { Host } from '../state.js';
import type { World } from '../world.js';

const MAX_MINOR = 39;
const SLOT = { VCPU: 1, MEMORY_MB: 128, DISK_GB: 1 };
const CLASSES = ['VCPU', 'MEMORY_MB', 'DISK_GB'] as const;

export function placement(world: World): Service {
  return {
    name: 'placement',
    prefix: '/placement',
    endpointPath: '',
    routes: [
      { method: 'GET', template: '/', open: true, handle: versions },
      reading('/resource_providers/{id}', (request) => providerView(hostOf(world, request))),
      reading('/resource_providers/{id}/inventories', (request) =>
        inventories(hostOf(world, request)),
      ),
      reading('/resource_providers/{id}/usages', (request) =>
        usages(world, hostOf(world, request)),
      ),
    ],
    negotiate,
    headers: (minor) => ({
      Vary: 'openstack-api-version',
      'OpenStack-API-Version': `placement 1.${String(minor)}`,
    }),
    requestIdHeaders: (requestId) => ({ 'x-openstack-request-id': requestId }),
    problem,
    notFound: (requestId) => problem(404, '', requestId),
    methodNotAllowed: (allow) => ({
      ...problem(405, 'The method specified is not allowed for this resource.'),
      headers: { Allow: allow.join(', ') },
    }),
    unauthorized: middlewareUnauthorized,
  };
}

const TITLES: Record<number, string> = {
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
};

/** placement/util.py, json_error_formatter. */
function problem(status: number, message: string, requestId = ''): Answer {
  const text = status === 404 ? `The resource could not be found.\n\n ${message}  ` : message;
  const title = TITLES[status] ?? 'Error';
  return {
    status,
    body: { errors: [{ status, title, detail: text, request_id: requestId }] },
  };
}

function negotiate(request: Pick<ServiceRequest, 'headers'>): number | Answer {
  const header = request.headers['openstack-api-version'];
  const asked = typeof header === 'string' ? /^placement\s+(\S+)$/.exec(header)?.[1] : undefined;
  if (asked === undefined) return 0;
  const version = parseVersion(asked, 1, MAX_MINOR);
  if (version === 'latest') return MAX_MINOR;
  if (version?.major === 1 && version.minor <= MAX_MINOR) return version.minor;
  return problem(406, `Invalid microversion: Unacceptable version header: ${asked}`);
}

function versions(): Answer {
  const version = {
    id: 'v1.0',
    max_version: `1.${String(MAX_MINOR)}`,
    min_version: '1.0',
    status: 'CURRENT',
    links: [{ rel: 'self', href: '' }],
  };
  return { status: 200, body: { versions: [version] } };
}

/** Nova makes the provider of a compute node with the hypervisor's own uuid (nova/scheduler/client/report.py). */
function hostOf(world: World, request: ServiceRequest): Host {
  if (!request.caller.roles.includes('admin')) {
    throw new HttpProblem(403, 'Access was denied to this resource.');
  }
  const id = request.params['id'] ?? '';
  const host = [...world.state.hosts.values()].find(({ hypervisorId }) => hypervisorId === id);
  const words = `No resource provider with uuid ${id} found`;
  if (!host) throw new HttpProblem(404, `${words}: ${words}`);
  return host;
}

function providerView({ hypervisorId, hypervisorHostname }: Host): unknown {
  const path = `/resource_providers/${hypervisorId}`;
  return {
    uuid: hypervisorId,
    name: hypervisorHostname,
    generation: 1,
    links: [
      { rel: 'self', href: path },
      { rel: 'inventories', href: `${path}/inventories` },
      { rel: 'usages', href: `${path}/usages` },
    ],
  };
}

function inventories({ capacity }: Host): unknown {
  const of = CLASSES.map((name) => [
    name,
    {
      total: capacity * SLOT[name],
      reserved: 0,
      min_unit: 1,
      max_unit: capacity * SLOT[name],
      step_size: 1,
      allocation_ratio: 1,
    },
  ]);
  return { resource_provider_generation: 1, inventories: Object.fromEntries(of) };
}

function usages(world: World, { name: host }: Host): unknown {
  const used = world.slots.inUse(host);
  const of = CLASSES.map((name) => [name, used * SLOT[name]]);
  return { resource_provider_generation: 1, usages: Object.fromEntries(of) };
}
