/** Nova's API: versions, servers, actions, migrations, services, hypervisors, flavors. */
import { HttpProblem, reading } from '../http/messages.js';
import type { Answer, Route, ServiceRequest } from '../http/messages.js';
import { middlewareUnauthorized, parseVersion } from '../http/service.js';
import type { Service } from '../http/service.js';
import type { InstanceAction, Server } from '../state.js';
import type { World } from '../world.js';
import { changedWithin, listMigrations } from './migrations-api.js';
import { pageOf } from './paging.js';
import { actionView, eventView } from './record-views.js';
import { serverAction } from './server-actions.js';
import { serverMigrationRoutes } from './server-migrations-api.js';
import { serviceRoutes } from './services.js';
import { serverStatus } from './status.js';
import { flavorView, links, serverView } from './views.js';

const MIN_VERSION = '2.1';
const MAX_MINOR = 93;

export function nova(world: World): Service {
  return {
    name: 'compute',
    prefix: '/compute',
    endpointPath: '/v2.1',
    routes: [...versionRoutes(), ...serverRoutes(world), ...serviceRoutes(world)].map(adminOnly),
    negotiate,
    headers: (minor, path) =>
      path === '' || path === '/' ? {} : versionHeaders(`2.${String(minor)}`),
    requestIdHeaders: (requestId) => ({
      'X-Openstack-Request-Id': requestId,
      'X-Compute-Request-Id': requestId,
    }),
    problem,
    notFound: htmlNotFound,
    // Nova's routes know paths and methods together: another method is 404 there.
    methodNotAllowed: htmlNotFound,
    unauthorized: middlewareUnauthorized,
  };
}

function versionHeaders(version: string): Record<string, string | string[]> {
  return {
    'Content-Type': 'application/json',
    'OpenStack-API-Version': `compute ${version}`,
    'X-OpenStack-Nova-API-Version': version,
    Vary: ['OpenStack-API-Version', 'X-OpenStack-Nova-API-Version'],
  };
}

function negotiate(request: Pick<ServiceRequest, 'headers' | 'path'>): number | Answer {
  if (/^(\/v2\.1)?\/?$/.test(request.path)) return 1;
  const common = request.headers['openstack-api-version'];
  const asked =
    (typeof common === 'string' ? /^compute\s+(\S+)$/.exec(common)?.[1] : undefined) ??
    request.headers['x-openstack-nova-api-version'];
  if (typeof asked !== 'string') return 1;
  const version = parseVersion(asked, 2, MAX_MINOR);
  if (version === 'latest') return MAX_MINOR;
  if (version === null) {
    const message = `API Version String ${asked} is of invalid format. Must be of format MajorNum.MinorNum.`;
    return problem(400, message);
  }
  if (version.major === 2 && version.minor >= 1 && version.minor <= MAX_MINOR) return version.minor;
  const message = `Version ${asked} is not supported by the API. Minimum is ${MIN_VERSION} and maximum is 2.${String(MAX_MINOR)}.`;
  const { body, status, headers } = problem(406, message);
  return { status, body, headers: { ...versionHeaders(asked), ...headers } };
}

const FAULT_NAMES: Record<number, string> = {
  400: 'badRequest',
  403: 'forbidden',
  404: 'itemNotFound',
  409: 'conflictingRequest',
};
function problem(status: number, message: string): Answer {
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=UTF-8' },
    body: { [FAULT_NAMES[status] ?? 'computeFault']: { code: status, message } },
  };
}

function htmlNotFound(): Answer {
  return {
    status: 404,
    headers: { 'Content-Type': 'text/html; charset=UTF-8' },
    body: '<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  The resource could not be found.<br /><br />\n\n\n\n </body>\n</html>',
  };
}

/** Nova's policies are many; here all but version documents take the admin role. */
function adminOnly(route: Route): Route {
  if (route.open === true) return route;
  return {
    ...route,
    handle: (request) => {
      if (!request.caller.roles.includes('admin'))
        throw new HttpProblem(403, "Policy doesn't allow this operation to be performed.");
      return route.handle(request);
    },
  };
}

function versionRoutes(): Route[] {
  const version = { id: 'v2.1', status: 'CURRENT', version: `2.${String(MAX_MINOR)}` };
  const common = { ...version, min_version: MIN_VERSION, updated: '2013-07-23T11:33:21Z' };
  const type = 'application/vnd.openstack.compute+json;version=2.1';
  return [
    {
      method: 'GET',
      template: '/',
      open: true,
      handle: ({ endpoint }) => ({
        status: 200,
        body: { versions: [{ ...common, links: [{ rel: 'self', href: `${endpoint}/` }] }] },
      }),
    },
    {
      method: 'GET',
      template: '/v2.1',
      open: true,
      handle: ({ endpoint }) => ({
        status: 200,
        body: {
          version: {
            ...common,
            links: [
              { rel: 'self', href: `${endpoint}/` },
              { rel: 'describedby', type: 'text/html', href: 'http://docs.openstack.org/' },
            ],
            'media-types': [{ base: 'application/json', type }],
          },
        },
      }),
    },
  ];
}

function serverRoutes(world: World): Route[] {
  return [
    reading('/v2.1/servers', (request) => listServers(world, request, false)),
    reading('/v2.1/servers/detail', (request) => listServers(world, request, true)),
    reading('/v2.1/servers/{id}', (request) => ({
      server: serverView(world, serverOf(world, request), request, true),
    })),
    {
      method: 'POST',
      template: '/v2.1/servers/{id}/action',
      handle: (request) => serverAction(world, request),
    },
    reading('/v2.1/servers/{id}/os-instance-actions', (request) => ({
      instanceActions: actionsOf(world, request)
        .toReversed()
        .map((action) => actionView(action, request.minor)),
    })),
    reading('/v2.1/servers/{id}/os-instance-actions/{request}', (request) =>
      showAction(world, request),
    ),
    ...serverMigrationRoutes(world),
    {
      method: 'GET',
      template: '/v2.1/os-migrations',
      handle: (request) => listMigrations(world, request),
    },
    reading('/v2.1/flavors', (request) => ({
      flavors: world.state.flavors.map(({ id, name }) => ({
        id,
        name,
        links: links(request, 'flavors', id),
      })),
    })),
    reading('/v2.1/flavors/detail', (request) => ({
      flavors: world.state.flavors.map((flavor) => flavorView(flavor, request)),
    })),
  ];
}

function serverOf(world: World, request: ServiceRequest): Server {
  const id = request.params['id'] ?? '';
  const server = world.state.servers.get(id);
  if (!server) throw new HttpProblem(404, `Instance ${id} could not be found.`);
  return server;
}

/** From 2.21 on also those of a deleted server. */
function actionsOf(world: World, request: ServiceRequest): InstanceAction[] {
  if (request.minor < 21) serverOf(world, request);
  const id = request.params['id'] ?? '';
  const actions = world.state.instanceActions.get(id);
  if (!actions) throw new HttpProblem(404, `Instance ${id} could not be found.`);
  return actions;
}

function showAction(world: World, request: ServiceRequest): unknown {
  const { id = '', request: requestId = '' } = request.params;
  const action = actionsOf(world, request).find((candidate) => candidate.requestId === requestId);
  if (!action)
    throw new HttpProblem(404, `Action for request_id ${requestId} on instance ${id} not found`);
  return {
    instanceAction: {
      ...actionView(action, request.minor),
      events: action.events.toReversed().map((event) => eventView(event, request.minor)),
    },
  };
}

/** Of Nova's many sort keys the one that is asked for here (nova/api/openstack/compute/schemas/servers.py, VALID_SORT_KEYS). */
function sortServers(query: URLSearchParams, servers: Server[]): void {
  if (query.get('sort_key') !== 'updated_at') return;
  const sign = query.get('sort_dir') === 'asc' ? 1 : -1;
  servers.sort((a, b) => sign * (a.updatedAt - b.updatedAt));
}

function listServers(world: World, request: ServiceRequest, detail: boolean): unknown {
  const { query } = request;
  // Below, Nova takes no notice of it.
  if (request.minor < 66) query.delete('changes-before');
  const isWithin = changedWithin(query);
  const equals = (name: string, value: string | null): boolean => {
    const wanted = query.get(name);
    return wanted === null || wanted === value;
  };
  const newestFirst = [...world.state.servers.values()]
    .toReversed()
    .filter(
      (server) =>
        equals('host', server.host) &&
        equals('status', serverStatus(server)) &&
        equals('uuid', server.id) &&
        equals('name', server.name) &&
        isWithin(server),
    );
  sortServers(query, newestFirst);
  const page = pageOf(request, newestFirst, {
    collection: detail ? 'servers/detail' : 'servers',
    pageSize: world.pageSize,
    idOf: (server) => server.id,
    unknownMarker: (marker) => `marker [${marker}] not found`,
  });
  return {
    servers: page.items.map((server) =>
      detail
        ? serverView(world, server, request, false)
        : { id: server.id, name: server.name, links: links(request, 'servers', server.id) },
    ),
    ...(page.links.length > 0 ? { servers_links: page.links } : {}),
  };
}
