/** Authentication: once for all, again after a 401, and never a secret in an error. */
import { isUnauthorized, isUnsupported, OpenStackHttpError } from '../../src/openstack/errors.js';
import { PASSWORD, startStubCloud, USER_ID, type StubCloud } from './stub-cloud.js';

let stub: StubCloud;
afterEach(() => stub.close());

const NO_SERVICES = { status: 200, body: { services: [] } };

test('many calls at once share one authentication, and keep its token', async () => {
  stub = await startStubCloud({ authDelayMs: 20 });
  stub.handle = () => NO_SERVICES;
  const { compute, identity } = stub.connect();
  await Promise.all(Array.from({ length: 10 }, () => compute.listServices({})));
  await compute.listServices({});
  expect(await identity.ownUserId()).toBe(USER_ID);
  expect(stub.authentications()).toBe(1);
  const versionReads = stub.received.filter(({ path }) => path === '/compute/v2.1/');
  expect(versionReads).toHaveLength(1);
});

test('twenty calls refused at once make one re-authentication, and all succeed', async () => {
  stub = await startStubCloud({ authDelayMs: 20 });
  stub.handle = () => NO_SERVICES;
  const { compute } = stub.connect();
  await compute.listServices({});
  stub.expireTokens();
  const before = stub.authentications();
  await Promise.all(Array.from({ length: 20 }, () => compute.listServices({})));
  expect(stub.authentications() - before).toBe(1);
});

test('a refusal that comes late, of a token replaced meanwhile, makes no further authentication', async () => {
  stub = await startStubCloud();
  stub.handle = async ({ path, headers }) => {
    if (!String(headers['x-auth-token']).startsWith('token-1-')) return NO_SERVICES;
    if (path.includes('host=slow')) await new Promise((resolve) => setTimeout(resolve, 150));
    return { status: 401 };
  };
  const { compute } = stub.connect();
  await Promise.all(['slow', 'fast'].map((host) => compute.listServices({ host })));
  expect(stub.authentications()).toBe(2);
});

test('a service that goes on refusing is asked twice, not for ever', async () => {
  stub = await startStubCloud();
  stub.handle = () => ({ status: 401, body: { error: { message: 'still no' } } });
  const error: unknown = await stub
    .connect()
    .compute.listServices({})
    .catch((caught: unknown) => caught);
  expect(isUnauthorized(error)).toBe(true);
  expect(stub.authentications()).toBe(2);
  expect(stub.received.filter(({ path }) => path.includes('os-services'))).toHaveLength(2);
});

test('a wrong password is a 401 of identity, asked once, and is not repeated in the error', async () => {
  stub = await startStubCloud();
  const password = 'not-the-password';
  const cloud = stub.connect(
    {},
    { credentials: { ...stub.config.credentials, password } as typeof stub.config.credentials },
  );
  const error: unknown = await cloud.compute.listServices({}).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(OpenStackHttpError);
  expect(error).toMatchObject({ service: 'identity', method: 'POST', status: 401 });
  expect(stub.authentications()).toBe(1);
  // The stub echoes the request, as a service might.
  expect((error as Error).message).toContain('no: ');
  expect(JSON.stringify(error) + String(error)).not.toContain(password);
});

test('a token is renewed before its end, by the length of its life and not by its date', async () => {
  stub = await startStubCloud({ lifeSeconds: 3600 });
  stub.handle = () => NO_SERVICES;
  const { compute } = stub.connect();
  await compute.listServices({});
  const now = Date.now();
  const clock = jest.spyOn(Date, 'now');
  try {
    clock.mockReturnValue(now + 3400_000);
    await compute.listServices({});
    expect(stub.authentications()).toBe(1);
    clock.mockReturnValue(now + 3500_000);
    await compute.listServices({});
    expect(stub.authentications()).toBe(2);
  } finally {
    clock.mockRestore();
  }
});

test('the authentication request names user, domain and project', async () => {
  stub = await startStubCloud();
  stub.handle = () => NO_SERVICES;
  await stub.connect().compute.listServices({});
  expect(JSON.parse(stub.received[0]?.body ?? '')).toEqual({
    auth: {
      identity: {
        methods: ['password'],
        password: { user: { name: 'operator', domain: { name: 'Default' }, password: PASSWORD } },
      },
      scope: { project: { name: 'admin', domain: { name: 'Default' } } },
    },
  });
});

test('an application credential takes no scope', async () => {
  stub = await startStubCloud();
  const credentials = { kind: 'application-credential', id: 'ac', secret: 's3' } as const;
  await stub.connect({}, { credentials }).identity.ownUserId();
  expect(JSON.parse(stub.received[0]?.body ?? '')).toEqual({
    auth: {
      identity: {
        methods: ['application_credential'],
        application_credential: { id: 'ac', secret: 's3' },
      },
    },
  });
});

test("a caller's token is validated with the service's own, and never kept", async () => {
  stub = await startStubCloud();
  stub.handle = ({ headers }) =>
    headers['x-subject-token'] === 'theirs'
      ? {
          status: 200,
          body: {
            token: {
              user: { id: 'u', name: 'ann' },
              roles: [{ name: 'reader' }],
              issued_at: '2026-01-01T00:00:00.000000Z',
              expires_at: '2026-01-01T01:00:00.000000Z',
            },
          },
        }
      : { status: 404, body: { error: { message: 'no such token' } } };
  const { identity } = stub.connect();
  for (let i = 0; i < 2; i++) {
    expect(await identity.validateToken('theirs')).toEqual({
      userId: 'u',
      userName: 'ann',
      projectId: null,
      roles: ['reader'],
      expiresAt: '2026-01-01T01:00:00.000Z',
    });
  }
  expect(stub.received.filter(({ headers }) => headers['x-subject-token'])).toHaveLength(2);
  expect(await identity.validateToken('unknown')).toBeNull();
  const sent = stub.received.length;
  expect(await identity.validateToken('two\r\nlines')).toBeNull();
  expect(await identity.validateToken('')).toBeNull();
  expect(stub.received).toHaveLength(sent);
});

test('one caller gives up waiting for the authentication, the others get it', async () => {
  stub = await startStubCloud({ authDelayMs: 100 });
  const { identity } = stub.connect();
  const controller = new AbortController();
  const given = identity.ownUserId({ signal: controller.signal });
  const kept = identity.ownUserId();
  controller.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  await expect(kept).resolves.toBe(USER_ID);
  expect(stub.authentications()).toBe(1);
});

test.each([
  [
    'another region',
    { region: 'Elsewhere' },
    /region Elsewhere.*public in RegionOne.*OS_REGION_NAME/u,
  ],
  ['another interface', { interface: 'internal' }, /internal endpoint of compute.*OS_INTERFACE/u],
] as const)('%s: the error says what to set', async (_name, config, message) => {
  stub = await startStubCloud();
  const error: unknown = await stub
    .connect({}, config)
    .compute.listServices({})
    .catch((caught: unknown) => caught);
  expect(isUnsupported(error)).toBe(true);
  expect((error as Error).message).toMatch(message);
});

test('an override goes before the catalog, whatever version it names', async () => {
  stub = await startStubCloud();
  stub.handle = () => NO_SERVICES;
  for (const end of ['', '/', '/v2.1', '/v2.1/', '/v2/abc']) {
    const compute = `${stub.origin}/compute${end}`;
    await stub
      .connect({}, { region: 'Elsewhere', endpointOverrides: { compute } })
      .compute.listServices({ host: 'a b' });
    expect(stub.received.at(-1)?.path).toBe(
      '/compute/v2.1/os-services?binary=nova-compute&host=a+b',
    );
  }
});
