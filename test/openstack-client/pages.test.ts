/** Collections, page by page: by marker, never by following an address that somebody sent. */
import { isBadAnswer } from '../../src/openstack/errors.js';
import { startStubCloud, type StubCloud } from './stub-cloud.js';

let stub: StubCloud;
beforeEach(async () => {
  stub = await startStubCloud();
});
afterEach(() => stub.close());

function query(path: string): URLSearchParams {
  return new URL(path, 'http://x').searchParams;
}

const PLAN = 'e3c4c6d6-714d-4954-93b2-e509bb425191';
const action = (uuid: string): Record<string, unknown> => ({
  uuid,
  action_plan_uuid: PLAN,
  action_type: 'nop',
  state: 'SUCCEEDED',
  input_parameters: {},
  parents: [],
  created_at: '2026-11-24T02:17:50+00:00',
});

test("all actions of a plan, keeping the filter that Watcher's own link drops", async () => {
  const pages: Record<string, unknown> = {
    '': {
      actions: [action('a'), action('b')],
      next: 'http://elsewhere.invalid/v1/actions/detail?marker=b',
    },
    b: { actions: [action('c')], next: 'http://elsewhere.invalid/v1/actions/detail?marker=c' },
    c: { actions: [] },
  };
  stub.handle = ({ path }) => ({ status: 200, body: pages[query(path).get('marker') ?? ''] });
  const actions = await stub.connect().optimizer.listActions(PLAN);
  expect(actions.map(({ uuid }) => uuid)).toEqual(['a', 'b', 'c']);
  const asked = stub.received.filter(({ path }) => path.includes('/actions/detail'));
  expect(asked).toHaveLength(3);
  expect(asked.every(({ path }) => query(path).get('action_plan_uuid') === PLAN)).toBe(true);
});

const plan = (uuid: string, state: string, day: number): Record<string, unknown> => ({
  uuid,
  state,
  created_at: `2026-11-${String(day).padStart(2, '0')}T00:00:00+00:00`,
  updated_at: null,
});

test('plans, newest first, until a page of which nothing is recent or under way', async () => {
  const pages: Record<string, unknown> = {
    '': { action_plans: [plan('p1', 'SUCCEEDED', 24), plan('p2', 'SUPERSEDED', 3)], next: 'more' },
    p2: { action_plans: [plan('p3', 'ONGOING', 2)], next: 'more' },
    p3: { action_plans: [plan('p4', 'FAILED', 1)], next: 'more' },
    p4: { action_plans: [plan('p5', 'ONGOING', 1)] },
  };
  stub.handle = ({ path }) => ({ status: 200, body: pages[query(path).get('marker') ?? ''] });
  const { optimizer } = stub.connect();
  const recent = await optimizer.listActionPlans({ changedSince: '2026-11-20T00:00:00.000Z' });
  expect(recent.map(({ uuid }) => uuid)).toEqual(['p1', 'p3']);
  const asked = stub.received.filter(({ path }) => path.includes('/action_plans/detail'));
  expect(asked).toHaveLength(3);
  expect(query(asked[0]?.path ?? '').get('sort_dir')).toBe('desc');
  expect(await optimizer.listActionPlans({})).toHaveLength(5);
});

const server = (id: string, host: string | null): Record<string, unknown> => ({
  id,
  name: id,
  status: 'ACTIVE',
  'OS-EXT-SRV-ATTR:host': host,
});

test("servers of all projects; another host's are left out, an unknown host's are not", async () => {
  const pages: Record<string, unknown> = {
    '': {
      servers: [server('s1', 'h1'), server('s2', 'h2')],
      servers_links: [{ rel: 'next', href: 'http://elsewhere.invalid/' }],
    },
    s2: { servers: [server('s3', null)] },
  };
  stub.handle = ({ path }) => ({ status: 200, body: pages[query(path).get('marker') ?? ''] });
  const servers = await stub.connect().compute.listServers({ host: 'h1' });
  expect(servers.map(({ id }) => id)).toEqual(['s1', 's3']);
  const asked = query(stub.received.at(-1)?.path ?? '');
  expect([asked.get('all_tenants'), asked.get('host'), asked.get('marker')]).toEqual([
    '1',
    'h1',
    's2',
  ]);
});

test('servers that changed: one page, the last changed first, deleted ones left out', async () => {
  const deleted = { ...server('s2', 'h1'), status: 'DELETED' };
  const servers_links = [{ rel: 'next', href: 'http://elsewhere.invalid/' }];
  const body = { servers: [server('s1', 'h1'), deleted], servers_links };
  stub.handle = () => ({ status: 200, body });
  const filter = { since: '2026-11-24T02:00:00.000Z', atMost: 2 };
  const servers = await stub.connect().compute.listChangedServers(filter);
  expect(servers.map(({ id }) => id)).toEqual(['s1']);
  const asked = stub.received.filter(({ path }) => path.includes('/servers'));
  expect(asked.map(({ path }) => Object.fromEntries(query(path)))).toEqual([
    {
      all_tenants: '1',
      deleted: 'false',
      'changes-since': '2026-11-24T02:00:00.000Z',
      sort_key: 'updated_at',
      sort_dir: 'desc',
      limit: '2',
    },
  ]);
});

test.each([
  ['2.66', ['2026-11-24T03:00:00.000Z']],
  ['2.65', []],
])('servers that changed until then: Nova %s is asked by that: %j', async (version, asked) => {
  await stub.close();
  stub = await startStubCloud({ novaMaximum: version });
  stub.handle = () => ({ status: 200, body: { servers: [] } });
  const until = '2026-11-24T03:00:00.000Z';
  const filter = { since: '2026-11-24T02:00:00.000Z', until, atMost: 2 };
  expect(await stub.connect().compute.listChangedServers(filter)).toEqual([]);
  const listings = stub.received.filter(({ path }) => path.includes('/servers'));
  expect(listings.map(({ path }) => query(path).get('changes-before'))).toEqual(asked);
});

test('the filters of migrations, by the names that Nova takes', async () => {
  stub.handle = () => ({ status: 200, body: { migrations: [] } });
  await stub.connect().compute.listMigrations({
    serverId: 's',
    changedSince: '2026-11-24T02:00:00.000Z',
    host: 'h',
    status: 'running',
  });
  expect(Object.fromEntries(query(stub.received.at(-1)?.path ?? ''))).toEqual({
    instance_uuid: 's',
    'changes-since': '2026-11-24T02:00:00.000Z',
    host: 'h',
    status: 'running',
    limit: '1000',
  });
});

test('a service that sends the same page again and again is stopped', async () => {
  stub.handle = () => ({ status: 200, body: { actions: [action('a')], next: 'more' } });
  const error: unknown = await stub
    .connect()
    .optimizer.listActions(PLAN)
    .catch((caught: unknown) => caught);
  expect(isBadAnswer(error)).toBe(true);
  expect(stub.received.filter(({ path }) => path.includes('/actions'))).toHaveLength(2);
});

test('a collection without end is stopped', async () => {
  let count = 0;
  stub.handle = () => ({ status: 200, body: { actions: [action(`a${count++}`)], next: 'more' } });
  await expect(stub.connect().optimizer.listActions(PLAN)).rejects.toThrow('more than 100 pages');
});

test('a service in a cell that is down: left out of the list, an error when asked for', async () => {
  const body = {
    services: [
      { id: '1', host: 'h1', binary: 'nova-compute', status: 'enabled', state: 'up' },
      { host: 'h2', binary: 'nova-compute', status: 'UNKNOWN' },
    ],
  };
  stub.handle = () => ({ status: 200, body });
  const { compute } = stub.connect();
  expect((await compute.listServices({})).map(({ host }) => host)).toEqual(['h1']);
  await expect(compute.listServices({ host: 'h2' })).rejects.toThrow('cell of host h2 is down');
});

test('a reason goes with "disabled" only', async () => {
  const service = { id: '1', host: 'h', binary: 'nova-compute', status: 'enabled', state: 'up' };
  stub.handle = () => ({ status: 200, body: { service } });
  const { compute } = stub.connect();
  await compute.setServiceStatus('a/b', 'enabled', 'why');
  expect(stub.received.at(-1)).toMatchObject({
    method: 'PUT',
    path: '/compute/v2.1/os-services/a%2Fb',
    body: '{"status":"enabled"}',
  });
  await compute.setServiceStatus('1', 'disabled', 'why');
  expect(stub.received.at(-1)?.body).toBe('{"status":"disabled","disabled_reason":"why"}');
});
