/** os-services and os-hypervisors (nova/api/openstack/compute/services.py, hypervisors.py). */
import { HttpProblem, isRecord } from '../http/messages.js';
import type { Answer, Route, ServiceRequest } from '../http/messages.js';
import { novaTime } from '../clock.js';
import type { Caller, Host } from '../state.js';
import type { World } from '../world.js';
import { hypervisorView, serviceView } from './record-views.js';

export function serviceRoutes(world: World): Route[] {
  return [
    {
      method: 'GET',
      template: '/v2.1/os-services',
      handle: (request) => listServices(world, request),
    },
    {
      method: 'PUT',
      template: '/v2.1/os-services/{id}',
      handle: (request) => updateService(world, request),
    },
    {
      method: 'GET',
      template: '/v2.1/os-hypervisors',
      handle: (request) => listHypervisors(world, request, false),
    },
    {
      method: 'GET',
      template: '/v2.1/os-hypervisors/detail',
      handle: (request) => listHypervisors(world, request, true),
    },
    {
      method: 'GET',
      template: '/v2.1/os-hypervisors/{id}',
      handle: (request) => showHypervisor(world, request),
    },
  ];
}

function listServices(world: World, request: ServiceRequest): Answer {
  const binary = request.query.get('binary');
  const wanted = request.query.get('host');
  const computes = [...world.state.hosts.values()]
    .filter((host) => wanted === null || host.name === wanted)
    .map((host) => serviceView(world, host, request.minor));
  const controllers = ['nova-scheduler', 'nova-conductor']
    .filter(() => wanted === null)
    .map((name, index) => controllerView(world, name, index + 1, request.minor));
  const services = binary === 'nova-compute' ? computes : [...controllers, ...computes];
  const others = binary !== null && binary !== 'nova-compute';
  return { status: 200, body: { services: others ? [] : services } };
}

function controllerView(world: World, binary: string, id: number, minor: number): unknown {
  return {
    binary,
    host: 'controller',
    id: minor >= 53 ? `00000000-0000-4000-8000-00000000000${String(id)}` : id,
    zone: 'internal',
    status: 'enabled',
    state: 'up',
    updated_at: novaTime(world.clock.now()),
    disabled_reason: null,
    ...(minor >= 11 ? { forced_down: false } : {}),
  };
}

function listHypervisors(world: World, request: ServiceRequest, detail: boolean): Answer {
  const hypervisors = [...world.state.hosts.values()].map((host) =>
    hypervisorView(host, request.minor, detail),
  );
  return { status: 200, body: { hypervisors } };
}

function showHypervisor(world: World, request: ServiceRequest): Answer {
  const id = request.params['id'] ?? '';
  const host = [...world.state.hosts.values()].find(({ hypervisorId }) => hypervisorId === id);
  if (!/^[0-9a-f-]{36}$/.test(id)) throw new HttpProblem(400, `Invalid uuid ${id}`);
  if (!host) throw new HttpProblem(404, `Compute host ${id} could not be found.`);
  return { status: 200, body: { hypervisor: hypervisorView(host, request.minor, true) } };
}

function updateService(world: World, request: ServiceRequest): Answer {
  const id = request.params['id'] ?? '';
  const host = [...world.state.hosts.values()].find(({ serviceId }) => serviceId === id);
  const { status, reason, forcedDown } = updateBody(request.body);
  if (!host) throw new HttpProblem(404, `Service ${id} could not be found.`);
  if (status !== null) setServiceStatus(world, host, status, reason, request.caller);
  if (forcedDown !== null) {
    host.forcedDown = forcedDown;
    record(world, host, forcedDown ? 'force-down' : 'force-up', null, request.caller);
  }
  return { status: 200, body: { service: serviceView(world, host, request.minor) } };
}

function updateBody(body: unknown): {
  status: 'enabled' | 'disabled' | null;
  reason: string | null;
  forcedDown: boolean | null;
} {
  const fields = isRecord(body) ? body : {};
  const { status, disabled_reason: reason, forced_down: forcedDown } = fields;
  if (status !== undefined && status !== 'enabled' && status !== 'disabled') {
    const text = typeof status === 'string' ? status : JSON.stringify(status);
    throw new HttpProblem(
      400,
      `Invalid input for field/attribute status. Value: ${text}. '${text}' is not one of ['enabled', 'disabled']`,
    );
  }
  if (status === undefined && forcedDown === undefined)
    throw new HttpProblem(
      400,
      "No updates were requested. Fields 'status' or 'forced_down' should be specified.",
    );
  if (status === 'enabled' && reason !== undefined)
    throw new HttpProblem(400, "Specifying 'disabled_reason' with status 'enabled' is invalid.");
  return {
    status: status ?? null,
    reason: typeof reason === 'string' ? reason : null,
    forcedDown: typeof forcedDown === 'boolean' ? forcedDown : null,
  };
}

/** Enabling forgets the reason; disabling without one leaves none. */
export function setServiceStatus(
  world: World,
  host: Host,
  status: 'enabled' | 'disabled',
  reason: string | null,
  caller: Caller,
): void {
  host.status = status;
  host.disabledReason = status === 'disabled' ? reason : null;
  record(world, host, status === 'enabled' ? 'enable-service' : 'disable-service', reason, caller);
}

function record(
  world: World,
  host: Host,
  effect: string,
  detail: string | null,
  caller: Caller,
): void {
  world.clock.stamp();
  world.ledger.add({
    service: 'compute',
    effect,
    resourceId: host.serviceId,
    detail: detail ?? host.name,
    outcome: 'applied',
    userId: caller.userId,
  });
}
