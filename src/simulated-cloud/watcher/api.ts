/** Watcher's API: version documents, action plans, actions, audits. Errors as recorded from Watcher 9. */
import { HttpProblem, reading } from '../http/messages.js';
import type { Answer, Route, ServiceRequest } from '../http/messages.js';
import { middlewareUnauthorized, parseVersion } from '../http/service.js';
import type { Service } from '../http/service.js';
import type { WatcherPlan } from '../state.js';
import type { World } from '../world.js';
import { collectionOf, knownArguments, requireUuid } from './paging.js';
import { actionView, auditView, goalOf, linksTo, namedId, planView } from './views.js';

const MAX_MINOR = 4;
const RANGE = {
  Vary: 'OpenStack-API-Version',
  'OpenStack-API-Minimum-Version': '1.0',
  'OpenStack-API-Maximum-Version': `1.${String(MAX_MINOR)}`,
};

export function watcher(world: World): Service {
  return {
    name: 'optimizer',
    prefix: '/infra-optim',
    endpointPath: '',
    routes: [...rootRoutes(), ...resourceRoutes(world).map(adminOnly)],
    negotiate,
    headers: (minor, path) =>
      path === '' || path === '/'
        ? {}
        : { ...RANGE, 'OpenStack-API-Version': `infra-optim 1.${String(minor)}` },
    requestIdHeaders: () => ({}),
    problem,
    notFound: () => html(404, 'Not Found', 'The resource could not be found.<br /><br />\n\n\n'),
    methodNotAllowed: (allow, method) => ({
      ...html(
        405,
        'Method Not Allowed',
        `The method ${method} is not allowed for this resource. <br /><br />\n`,
      ),
      headers: { Allow: allow.join(', ') },
    }),
    unauthorized: middlewareUnauthorized,
  };
}

/** Watcher's error body: JSON in a JSON string. */
function problem(status: number, message: string): Answer {
  const inner = { faultcode: 'Client', faultstring: message, debuginfo: null };
  return { status, body: { error_message: JSON.stringify(inner) } };
}

/** Errors of the framework below the controllers: HTML in a JSON string. */
function html(status: number, title: string, text: string): Answer {
  const heading = `${String(status)} ${title}`;
  const page = `<html>\n <head>\n  <title>${heading}</title>\n </head>\n <body>\n  <h1>${heading}</h1>\n  ${text}\n </body>\n</html>`;
  return { status, body: { error_message: page } };
}

function negotiate(request: Pick<ServiceRequest, 'headers' | 'path'>): number | Answer {
  const header = request.headers['openstack-api-version'];
  const asked = typeof header === 'string' ? /^infra-optim\s+(\S+)$/.exec(header)?.[1] : undefined;
  if (asked === undefined) return 0;
  const version = parseVersion(asked, 1, MAX_MINOR);
  if (version === 'latest') return MAX_MINOR;
  // Watcher takes a version that does not parse for the oldest one.
  if (version === null) return 0;
  if (version.major === 1 && version.minor <= MAX_MINOR) return version.minor;
  const range = `The supported version range is: [1.0, 1.${String(MAX_MINOR)}].`;
  const what =
    version.major === 1
      ? `Version ${asked} was requested but the minor version is not supported by this service. ${range}`
      : `Mutually exclusive versions requested. Version ${asked} requested but not supported by this service. ${range}`;
  const text = `The resource could not be generated that was acceptable to your browser\n(content of type */*. <br /><br />\n${what}`;
  return { ...html(406, 'Not Acceptable', text), headers: RANGE };
}

function adminOnly(route: Route): Route {
  return {
    ...route,
    handle: (request) => {
      if (!request.caller.roles.includes('admin')) {
        throw new HttpProblem(403, `Policy doesn't allow ${ruleOf(route)} to be performed.`);
      }
      return route.handle(request);
    },
  };
}

/** As in watcher/common/policies. */
function ruleOf({ method, template }: Route): string {
  const [, , collection = '', ...rest] = template.split('/');
  const last = rest.at(-1);
  const verbs: Record<string, string> = { GET: 'get', DELETE: 'delete', PATCH: 'update' };
  const rule = last === undefined ? 'get_all' : last === '{id}' ? verbs[method] : last;
  return `${collection.replace(/ies$/, 'y').replace(/s$/, '')}:${rule ?? ''}`;
}

function versionView(root: string): unknown {
  return {
    id: 'v1',
    status: 'CURRENT',
    max_version: `1.${String(MAX_MINOR)}`,
    min_version: '1.0',
    links: [{ href: `${root}/v1/`, rel: 'self' }],
  };
}

function rootRoutes(): Route[] {
  return [
    {
      method: 'GET',
      template: '/',
      open: true,
      handle: ({ root }) => ({
        status: 200,
        body: {
          name: 'OpenStack Watcher API',
          description: 'A simulated optimization service.',
          versions: [versionView(root)],
          default_version: versionView(root),
        },
      }),
    },
    {
      method: 'GET',
      template: '/v1',
      handle: (request) => ({ status: 200, body: versionOne(request) }),
    },
  ];
}

function versionOne(request: ServiceRequest): unknown {
  const names = [
    'audit_templates',
    'audits',
    'actions',
    'action_plans',
    'scoring_engines',
    'services',
  ];
  const media = {
    base: 'application/json',
    type: 'application/vnd.openstack.watcher.v1+json',
  };
  const describedBy = 'http://docs.openstack.org/developer/watcher/dev/api-spec-v1.html';
  return {
    id: 'v1',
    media_types: [media],
    ...Object.fromEntries(names.map((name) => [name, linksTo(request, name, '')])),
    links: [
      { href: `${request.root}/v1/`, rel: 'self' },
      { href: describedBy, rel: 'describedby', type: 'text/html' },
    ],
  };
}

function resourceRoutes(world: World): Route[] {
  const plan = '/v1/action_plans/{id}';
  return [
    reading('/v1/action_plans', (request) => listPlans(world, request, false)),
    reading('/v1/action_plans/detail', (request) => listPlans(world, request, true)),
    reading(plan, (request) => planView(planOf(world, request), request, true)),
    { method: 'DELETE', template: plan, handle: (request) => deletePlan(world, request) },
    { method: 'PATCH', template: plan, handle: () => notSimulated('Changing a plan') },
    { method: 'POST', template: `${plan}/start`, handle: (request) => startPlan(world, request) },
    reading('/v1/actions', (request) => listActions(world, request, false)),
    reading('/v1/actions/detail', (request) => listActions(world, request, true)),
    reading('/v1/actions/{id}', (request) => showAction(world, request)),
    reading('/v1/audits', (request) => listAudits(world, request, false)),
    reading('/v1/audits/detail', (request) => listAudits(world, request, true)),
    reading('/v1/strategies', (request) => ({ strategies: strategies(request) })),
    // Watcher has no rollback: a POST there is told the methods that a plan itself has (405, Allow), a GET gets 404.
    ...['DELETE', 'GET', 'PATCH'].map((method) => ({
      method,
      template: `${plan}/rollback`,
      absent: true,
      handle: () => notSimulated(method),
    })),
  ];
}

function notSimulated(what: string): never {
  throw new HttpProblem(501, `${what} is not simulated`);
}

function planOf(world: World, request: ServiceRequest): WatcherPlan {
  const id = request.params['id'] ?? '';
  requireUuid('action_plan_uuid', id);
  const plan = world.state.plans.get(id);
  if (!plan) throw new HttpProblem(404, `ActionPlan ${id} could not be found`);
  return plan;
}

function listPlans(world: World, request: ServiceRequest, expand: boolean): unknown {
  knownArguments(request, 'audit_uuid', 'strategy');
  const everything = [...world.state.plans.values()];
  const audit = request.query.get('audit_uuid');
  const strategy = request.query.get('strategy');
  const wanted = everything.filter(
    (plan) =>
      (audit === null || plan.auditUuid === audit) &&
      (strategy === null || [plan.strategy, namedId(plan.strategy)].includes(strategy)),
  );
  const resource = expand ? 'action_plans/detail' : 'action_plans';
  const page = collectionOf(request, wanted, {
    resource,
    kind: 'ActionPlan',
    pageSize: world.pageSize,
    everything,
  });
  return {
    action_plans: page.items.map((plan) => planView(plan, request, expand)),
    ...page.next,
  };
}

function deletePlan(world: World, request: ServiceRequest): Answer {
  const plan = planOf(world, request);
  if (['ONGOING', 'PENDING', 'CANCELLING'].includes(plan.state))
    throw new HttpProblem(400, `Couldn't delete when state is '${plan.state}'.`);
  world.state.plans.delete(plan.uuid);
  return { status: 204 };
}

function startPlan(world: World, request: ServiceRequest): Answer {
  const plan = planOf(world, request);
  if (plan.state !== 'RECOMMENDED')
    throw new HttpProblem(400, `Couldn't start when state is '${plan.state}'.`);
  return notSimulated('Starting a plan over HTTP');
}

function listActions(world: World, request: ServiceRequest, expand: boolean): unknown {
  knownArguments(request, 'action_plan_uuid', 'audit_uuid');
  const planUuid = request.query.get('action_plan_uuid');
  if (planUuid !== null) requireUuid('action_plan_uuid', planUuid);
  const everything = [...world.state.plans.values()].flatMap(({ actions }) => actions);
  const wanted = everything.filter((action) => planUuid === null || action.planUuid === planUuid);
  const page = collectionOf(request, wanted, {
    resource: expand ? 'actions/detail' : 'actions',
    kind: 'Action',
    pageSize: world.pageSize,
    everything,
  });
  return {
    actions: page.items.map((action) => actionView(action, request, expand)),
    ...page.next,
  };
}

function showAction(world: World, request: ServiceRequest): unknown {
  const id = request.params['id'] ?? '';
  requireUuid('action_uuid', id);
  const action = [...world.state.plans.values()]
    .flatMap(({ actions }) => actions)
    .find(({ uuid }) => uuid === id);
  if (!action) throw new HttpProblem(404, `Action ${id} could not be found`);
  return actionView(action, request, true);
}

function listAudits(world: World, request: ServiceRequest, expand: boolean): unknown {
  knownArguments(request, 'goal', 'strategy');
  const { audits } = world.state;
  const page = collectionOf(request, audits, {
    resource: expand ? 'audits/detail' : 'audits',
    kind: 'Audit',
    pageSize: world.pageSize,
    everything: audits,
  });
  return { audits: page.items.map((audit) => auditView(audit, request, expand)), ...page.next };
}

function strategies(request: ServiceRequest): unknown[] {
  return ['actuator', 'host_maintenance'].map((name) => {
    const goal = goalOf(name);
    const uuid = namedId(name);
    return {
      uuid,
      name,
      display_name: name,
      links: linksTo(request, 'strategies', uuid),
      goal_uuid: goal.uuid,
      goal_name: goal.name,
    };
  });
}
