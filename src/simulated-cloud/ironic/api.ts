/** Ironic's API: version documents, nodes, and their power (ironic/api/controllers/v1/node.py). */
import { HttpProblem, isRecord, reading } from '../http/messages.js';
import type { Answer, Route, ServiceRequest } from '../http/messages.js';
import { middlewareUnauthorized, parseVersion } from '../http/service.js';
import type { Service } from '../http/service.js';
import type { Node } from '../state.js';
import type { World } from '../world.js';
import { changePower } from './power.js';
import type { PowerTarget } from './power.js';
import { nodeStates, nodeSummary, nodeView } from './views.js';

const MAX_MINOR = 82;
const RANGE = {
  'X-OpenStack-Ironic-API-Minimum-Version': '1.1',
  'X-OpenStack-Ironic-API-Maximum-Version': `1.${String(MAX_MINOR)}`,
};

export function ironic(world: World): Service {
  return {
    name: 'baremetal',
    prefix: '/baremetal',
    endpointPath: '',
    routes: [...documentRoutes(), ...nodeRoutes(world).map(adminOnly)],
    negotiate,
    headers: (minor, path) =>
      path === '' || path === '/'
        ? {}
        : { ...RANGE, 'X-OpenStack-Ironic-API-Version': `1.${String(minor)}` },
    requestIdHeaders: (requestId) => ({ 'Openstack-Request-Id': requestId }),
    problem,
    notFound: () => ({
      status: 404,
      body: wrapped({ code: 404, title: 'Not Found', description: '' }),
    }),
    methodNotAllowed: (allow) => ({
      status: 405,
      headers: { Allow: allow.join(', ') },
      body: wrapped({ code: 405, title: 'Method Not Allowed', description: '' }),
    }),
    unauthorized: middlewareUnauthorized,
  };
}

/** Ironic's error body: JSON in a JSON string. */
function wrapped(inner: Record<string, unknown>): unknown {
  return { error_message: JSON.stringify(inner) };
}
function problem(status: number, message: string): Answer {
  const inner = { faultcode: 'Client', faultstring: message, debuginfo: null };
  return { status, body: wrapped(inner) };
}

/** Only X-OpenStack-Ironic-API-Version counts; without it the answer is as of 1.1. */
function negotiate(request: Pick<ServiceRequest, 'headers' | 'path'>): number | Answer {
  if (request.path === '' || request.path === '/') return 1;
  const asked = request.headers['x-openstack-ironic-api-version'];
  if (typeof asked !== 'string') return 1;
  const version = parseVersion(asked, 1, MAX_MINOR);
  if (version === 'latest') return MAX_MINOR;
  if (version?.major === 1 && version.minor >= 1 && version.minor <= MAX_MINOR)
    return version.minor;
  const description = `Version ${asked} was requested but the minor version is not supported by this service. The supported version range is: [1.1, 1.${String(MAX_MINOR)}].`;
  return {
    status: 406,
    headers: RANGE,
    body: wrapped({ code: 406, title: 'Not Acceptable', description }),
  };
}

function adminOnly(route: Route): Route {
  return {
    ...route,
    handle: (request) => {
      if (!request.caller.roles.includes('admin'))
        throw new HttpProblem(403, 'Access was denied to the resource.');
      return route.handle(request);
    },
  };
}

function versionView(root: string): Record<string, unknown> {
  return {
    id: 'v1',
    links: [{ href: `${root}/v1/`, rel: 'self' }],
    status: 'CURRENT',
    min_version: '1.1',
    version: `1.${String(MAX_MINOR)}`,
  };
}

function documentRoutes(): Route[] {
  return [
    {
      method: 'GET',
      template: '/',
      open: true,
      handle: ({ root }) => ({
        status: 200,
        body: {
          name: 'OpenStack Ironic API',
          description: 'A simulated bare metal service.',
          default_version: versionView(root),
          versions: [versionView(root)],
        },
      }),
    },
    {
      method: 'GET',
      template: '/v1',
      open: true,
      handle: ({ root }) => ({
        status: 200,
        body: {
          id: 'v1',
          links: [{ href: `${root}/v1/`, rel: 'self' }],
          media_types: {
            base: 'application/json',
            type: 'application/vnd.openstack.ironic.v1+json',
          },
          nodes: [
            { href: `${root}/v1/nodes/`, rel: 'self' },
            { href: `${root}/nodes/`, rel: 'bookmark' },
          ],
          version: versionView(root),
        },
      }),
    },
  ];
}

function nodeRoutes(world: World): Route[] {
  return [
    reading('/v1/nodes', (request) => ({
      nodes: page(world, request).map((node) => nodeSummary(node, request)),
    })),
    reading('/v1/nodes/detail', (request) => ({
      nodes: page(world, request).map((node) => nodeView(world, node, request)),
    })),
    reading('/v1/nodes/{id}', (request) => nodeView(world, nodeOf(world, request), request)),
    reading('/v1/nodes/{id}/states', (request) => nodeStates(nodeOf(world, request))),
    {
      method: 'PUT',
      template: '/v1/nodes/{id}/states/power',
      handle: (request) => setPower(world, request),
    },
  ];
}

function page(world: World, request: ServiceRequest): Node[] {
  const nodes = [...world.state.nodes.values()];
  const marker = request.query.get('marker');
  const start = marker === null ? 0 : nodes.findIndex(({ uuid }) => uuid === marker) + 1;
  const limit = Number(request.query.get('limit') ?? world.pageSize);
  return nodes.slice(start, start + Math.min(limit, world.pageSize));
}

/** By uuid, and from microversion 1.5 on by name. */
function nodeOf(world: World, request: ServiceRequest): Node {
  const id = request.params['id'] ?? '';
  const node =
    world.state.nodes.get(id) ??
    (request.minor >= 5
      ? [...world.state.nodes.values()].find(({ name }) => name === id)
      : undefined);
  if (!node) throw new HttpProblem(404, `Node ${id} could not be found.`);
  return node;
}

const TARGETS: readonly PowerTarget[] = ['power on', 'power off', 'soft power off', 'rebooting'];

function setPower(world: World, request: ServiceRequest): Answer {
  const node = nodeOf(world, request);
  const body = isRecord(request.body) ? request.body : {};
  const { target: asked, timeout } = body;
  if ((asked === 'soft power off' || timeout !== undefined) && request.minor < 27)
    throw new HttpProblem(406, 'Request not acceptable.');
  if (timeout !== undefined && (typeof timeout !== 'number' || timeout < 1))
    throw new HttpProblem(400, 'timeout has to be positive integer');
  const target = TARGETS.find((known) => known === asked);
  if (target === undefined)
    throw new HttpProblem(
      400,
      `The requested action "${String(asked)}" can not be performed on node "${node.uuid}" while it is in state "${String(node.powerState)}".`,
    );
  if (node.reservation !== null) {
    world.ledger.add({
      service: 'baremetal',
      effect: target.replaceAll(' ', '-'),
      resourceId: node.uuid,
      detail: 'locked',
      outcome: 'rejected',
      userId: request.caller.userId,
    });
    throw new HttpProblem(
      409,
      `Node ${node.uuid} is locked by host ${node.reservation}, please retry after the current operation is completed.`,
    );
  }
  changePower(world, node, target, typeof timeout === 'number' ? timeout : null, request.caller);
  return {
    status: 202,
    headers: { Location: `${request.root}/v1/nodes/${request.params['id'] ?? ''}/states` },
  };
}
