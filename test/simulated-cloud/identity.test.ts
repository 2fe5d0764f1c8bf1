import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { SimulatedCloud } from '../../src/simulated-cloud/types.js';
import { Caller, passwordBody } from './caller.js';
import type { Json, Reply } from './caller.js';

let cloud: SimulatedCloud;
let caller: Caller;

beforeEach(async () => {
  cloud = await startSimulatedCloud();
  caller = new Caller(cloud);
});
afterEach(() => cloud.close());

const authenticate = (body: unknown): Promise<Reply> =>
  caller.raw('POST', '/identity/v3/auth/tokens', { token: null, body });
const validate = async (subject: string, query = ''): Promise<Reply> =>
  caller.raw('GET', `/identity/v3/auth/tokens${query}`, {
    headers: { 'x-subject-token': subject },
  });

test('the catalog names the five services with all interfaces', async () => {
  const { json } = await authenticate(passwordBody(cloud));
  const { catalog, user } = json.token;
  expect(user.id).toBe(cloud.adminUserId);
  const urls = Object.fromEntries(
    catalog.map(({ type, endpoints }: Json) => {
      expect(endpoints.map((endpoint: Json) => endpoint.interface)).toEqual([
        'public',
        'internal',
        'admin',
      ]);
      expect(endpoints[0].region).toBe('RegionOne');
      return [type, endpoints[0].url.replace(caller.base, '')];
    }),
  );
  expect(urls).toEqual({
    identity: '/identity/v3',
    compute: '/compute/v2.1',
    baremetal: '/baremetal',
    'infra-optim': '/infra-optim',
    placement: '/placement',
  });
});

test('an application credential authenticates too; a wrong secret or password gets 401', async () => {
  const app = (secret: string): unknown => ({
    auth: {
      identity: {
        methods: ['application_credential'],
        application_credential: { id: cloud.applicationCredential.id, secret },
      },
    },
  });
  const good = await authenticate(app(cloud.applicationCredential.secret));
  expect([good.status, good.json.token.methods]).toEqual([201, ['application_credential']]);
  for (const body of [app('wrong'), passwordBody(cloud, 'wrong')]) {
    const refused = await authenticate(body);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toBe(`Keystone uri="${cloud.authUrl}"`);
    expect(refused.json.error).toMatchObject({ code: 401, title: 'Unauthorized' });
  }
  expect((await authenticate({})).status).toBe(400);
});

test('tokens of others: validated with their roles, refused when expired', async () => {
  const reader = cloud.issueToken({ userName: 'eve', roles: ['reader'] });
  const { json } = await validate(reader);
  expect(json.token.user.name).toBe('eve');
  expect(json.token.roles.map(({ name }: Json) => name)).toEqual(['reader']);
  const expired = cloud.issueToken({ userName: 'old', roles: ['admin'], expired: true });
  expect((await validate(expired)).status).toBe(404);
  const asReader = (path: string): Promise<Reply> => caller.raw('GET', path, { token: reader });
  expect((await asReader('/compute/v2.1/os-services')).status).toBe(403);
  expect((await asReader('/baremetal/v1/nodes')).status).toBe(403);
  expect((await asReader('/infra-optim/v1/action_plans')).status).toBe(403);
});

test('allow_expired: for two days past its time, but never a revoked one; nocatalog: without the catalog', async () => {
  const of = (expired: number): string =>
    cloud.issueToken({ userName: 'old', roles: ['admin'], expired });
  const day = 86_400;
  expect((await validate(of(day), '?allow_expired=1')).status).toBe(200);
  expect((await validate(of(day), '?allow_expired=0')).status).toBe(404);
  expect((await validate(of(3 * day), '?allow_expired=1')).status).toBe(404);
  const { json } = await validate(of(day), '?nocatalog=1&allow_expired=true');
  expect(json.token).not.toHaveProperty('catalog');
  const own = await caller.token();
  cloud.expireTokens();
  const fresh = new Caller(cloud);
  const revoked = { headers: { 'x-subject-token': own } };
  const path = '/identity/v3/auth/tokens?allow_expired=1';
  expect((await fresh.raw('GET', path, revoked)).status).toBe(404);
});

test.each([
  '/compute/v2.1/servers',
  '/baremetal/v1/nodes',
  '/infra-optim/v1/action_plans',
  '/placement/resource_providers/x/usages',
])('%s without a good token: 401 in Keystone’s shape', async (path) => {
  const expired = cloud.issueToken({ userName: 'old', roles: ['admin'], expired: true });
  for (const token of [null, 'nonsense', expired]) {
    const reply = await caller.raw('GET', path, { token });
    expect(reply.status).toBe(401);
    expect(reply.headers.get('www-authenticate')).toBe(`Keystone uri="${cloud.authUrl}"`);
    expect(reply.json).toEqual({
      error: {
        code: 401,
        title: 'Unauthorized',
        message: 'The request you have made requires authentication.',
      },
    });
  }
});

test('expireTokens: the admin’s tokens until now are refused, a new one is good', async () => {
  const other = cloud.issueToken({ userName: 'eve', roles: ['admin'] });
  expect((await caller.nova('GET', '/servers')).status).toBe(200);
  cloud.expireTokens();
  expect((await caller.nova('GET', '/servers')).status).toBe(401);
  expect((await caller.raw('GET', '/compute/v2.1/servers', { token: other })).status).toBe(200);
  const fresh = new Caller(cloud);
  expect((await fresh.nova('GET', '/servers')).status).toBe(200);
});

test('advance does not make tokens expire', async () => {
  await caller.token();
  cloud.advance(86_400_000);
  expect((await caller.nova('GET', '/servers')).status).toBe(200);
});
