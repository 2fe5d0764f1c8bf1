/** Filters, pages and microversions of the lists. */
import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { SimulatedCloud } from '../../src/simulated-cloud/types.js';
import { Caller } from './caller.js';
import type { Json } from './caller.js';

let cloud: SimulatedCloud;
let caller: Caller;
let vms: string[];

beforeEach(async () => {
  cloud = await startSimulatedCloud({ pageSize: 4 });
  caller = new Caller(cloud);
  for (const name of ['compute-1', 'compute-2', 'compute-3']) cloud.addHost({ name });
  vms = ['a', 'b', 'c', 'd', 'e'].map((name) => cloud.addServer({ name, host: 'compute-1' }));
});
afterEach(() => cloud.close());

/** All rows of a Nova list, following `…_links` as a client does, and how many pages it took. */
async function pages(key: string, path: string): Promise<{ rows: Json[]; count: number }> {
  const rows: Json[] = [];
  let next: string | undefined = path;
  let count = 0;
  for (; next !== undefined && count < 20; count++) {
    const reply: Json = await caller.nova('GET', next);
    expect(reply.status).toBe(200);
    rows.push(...reply.json[key]);
    const href: string | undefined = reply.json[`${key}_links`]?.[0]?.href;
    next = href?.replace(`${caller.base}/compute/v2.1`, '');
  }
  return { rows, count };
}

test('servers/detail: what changed since then, the last changed first', async () => {
  const query = (since: number) =>
    `/servers/detail?all_tenants=1&sort_key=updated_at&sort_dir=desc&limit=2&changes-since=${new Date(since).toISOString()}`;
  const names = async (since: number): Promise<string[]> =>
    (await caller.nova('GET', query(since))).json.servers.map(({ name }: Json) => name);
  for (const index of [3, 1, 0]) {
    cloud.hand.setServerStatus(vms[index] ?? '', 'SHUTOFF');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(await names(Date.now() - 60_000)).toEqual(['a', 'b']);
  expect(await names(Date.now() + 60_000)).toEqual([]);
});

test('servers/detail: what changed until then, from microversion 2.66 on, that second included', async () => {
  const names = async (before: number, microversion = '2.66'): Promise<string[]> => {
    const path = `/servers/detail?all_tenants=1&changes-before=${new Date(before).toISOString()}`;
    return (await at(microversion, path)).json.servers.map(({ name }: Json) => name);
  };
  cloud.hand.setServerStatus(vms[1] ?? '', 'SHUTOFF');
  const second = Date.parse((await caller.server(vms[1] ?? '')).updated);
  expect(await names(second - 1000)).not.toContain('b');
  expect(await names(second)).toContain('b');
  expect(await names(second - 1000, '2.65')).toContain('b');
  expect(await names(Date.parse('2020-01-01'))).toEqual([]);
});

test('servers/detail: newest first, by host and status, in pages with servers_links', async () => {
  const names = async (query: string): Promise<string[]> =>
    (await pages('servers', `/servers/detail?all_tenants=1${query}`)).rows.map(({ name }) => name);
  expect(await names('')).toEqual(['e', 'd', 'c', 'b', 'a']);
  expect((await pages('servers', '/servers/detail?all_tenants=1&limit=2')).count).toBe(3);
  expect(await names('&limit=2')).toEqual(['e', 'd', 'c', 'b', 'a']);
  // A limit above the page size gives the page size.
  expect((await caller.nova('GET', '/servers/detail?limit=100')).json.servers).toHaveLength(4);
  cloud.hand.migrate(vms[1] ?? '', 'compute-2');
  cloud.hand.setServerStatus(vms[2] ?? '', 'SHUTOFF');
  expect(await names('&host=compute-2')).toEqual(['b']);
  expect(await names('&status=SHUTOFF')).toEqual(['c']);
  const unknown = await caller.nova('GET', '/servers/detail?marker=nope');
  expect([unknown.status, unknown.json.badRequest.message]).toEqual([
    400,
    'marker [nope] not found',
  ]);
});

const ids = async (query: string): Promise<number[]> =>
  (await pages('migrations', `/os-migrations?limit=4&${query}`)).rows.map(({ id }) => id);

describe('os-migrations', () => {
  beforeEach(() => {
    for (const id of vms) cloud.hand.migrate(id, 'compute-2');
    cloud.advance(60_000);
    cloud.hand.migrate(vms[0] ?? '', 'compute-3');
  });

  test('newest first, ids growing, in pages with migrations_links', async () => {
    const { rows, count } = await pages('migrations', '/os-migrations?limit=2');
    expect(count).toBe(4);
    expect(rows.map(({ id }) => id)).toEqual([6, 5, 4, 3, 2, 1]);
    expect(new Set(rows.map(({ uuid }) => uuid)).size).toBe(6);
    // Without a limit the page size bounds it.
    expect((await pages('migrations', '/os-migrations')).count).toBe(2);
  });

  test('filters: instance_uuid, host (either end), status, changes-since', async () => {
    expect(await ids(`instance_uuid=${vms[0] ?? ''}`)).toEqual([6, 1]);
    expect(await ids('host=compute-3')).toEqual([6]);
    expect(await ids('host=compute-1')).toEqual([5, 4, 3, 2, 1]);
    expect(await ids('status=error')).toEqual([]);
    const since = new Date(Date.now() + 30_000).toISOString();
    expect(await ids(`changes-since=${since}`)).toEqual([6]);
    expect(await ids(`changes-before=${since}`)).toEqual([5, 4, 3, 2, 1]);
  });

  test('refuses unknown filters, markers and times', async () => {
    const messages = ['bogus=1', 'marker=nope', 'changes-since=zzz'].map(async (query) => {
      const reply = await caller.nova('GET', `/os-migrations?${query}`);
      return [reply.status, reply.json.badRequest.message];
    });
    expect(await Promise.all(messages)).toEqual([
      [400, "Additional properties are not allowed ('bogus' was unexpected)"],
      [400, 'Marker nope could not be found.'],
      [
        400,
        "Invalid input for query parameters changes-since. Value: zzz. 'zzz' is not a 'date-time'",
      ],
    ]);
  });
});

const at = (version: string, path: string): Promise<Json> =>
  caller.raw('GET', `/compute/v2.1${path}`, {
    headers: { 'openstack-api-version': `compute ${version}` },
  });

describe('microversions of Nova', () => {
  test('the version document names the range; other versions get 406', async () => {
    const { json } = await caller.raw('GET', '/compute/v2.1/', { token: null });
    expect(json.version).toMatchObject({ id: 'v2.1', version: '2.93', min_version: '2.1' });
    const refused = await at('2.99', '/servers');
    expect([refused.status, refused.json.computeFault.message]).toEqual([
      406,
      'Version 2.99 is not supported by the API. Minimum is 2.1 and maximum is 2.93.',
    ]);
  });

  test('an answer shows what its version has', async () => {
    cloud.hand.migrate(vms[0] ?? '', 'compute-2');
    const [old] = (await at('2.1', '/os-migrations')).json.migrations;
    expect(old).not.toHaveProperty('uuid');
    expect(old).not.toHaveProperty('user_id');
    const [service] = (await at('2.1', '/os-services?binary=nova-compute')).json.services;
    expect(typeof service.id).toBe('number');
    const actions = `/servers/${vms[0] ?? ''}/os-instance-actions`;
    const [{ request_id: id }] = (await at('2.90', actions)).json.instanceActions;
    const event = async (version: string): Promise<Json> =>
      (await at(version, `${actions}/${id}`)).json.instanceAction.events[0];
    expect(await event('2.83')).not.toHaveProperty('details');
    expect(await event('2.84')).toHaveProperty('details', null);
  });
});

const list = async (query: string): Promise<string[]> =>
  (await caller.watcher(`/action_plans/detail?${query}`)).json.action_plans.map(
    ({ uuid }: Json) => uuid,
  );

const status = async (path: string): Promise<number> => (await caller.watcher(path)).status;

describe('Watcher', () => {
  test('actions come in pages; `next` keeps the sort and drops the filter', async () => {
    const plan = await cloud.hostMaintenance('compute-1');
    await cloud.applyPlan({ actions: [{ type: 'nop', parameters: { message: 'x' } }] });
    const path = `/actions/detail?action_plan_uuid=${plan}&limit=4`;
    const first = (await caller.watcher(path)).json;
    expect(first.actions).toHaveLength(4);
    const last = first.actions[3].uuid;
    expect(first.next).toBe(
      `${caller.base}/infra-optim/v1/actions/detail?sort_key=id&sort_dir=asc&limit=4&marker=${last}`,
    );
    const second = (await caller.watcher(`${path}&marker=${last}`)).json;
    expect(second.actions).toHaveLength(2);
    expect(second).not.toHaveProperty('next');
    const blindly = (await caller.watcher(first.next.split('/v1')[1])).json;
    expect(blindly.actions).toHaveLength(3);
  });

  test('plans by sort key and direction; 400 and 404 for what is wrong', async () => {
    const plans = [];
    for (let count = 0; count < 3; count++)
      plans.push(await cloud.applyPlan({ actions: [{ type: 'nop', parameters: {} }] }));
    expect(await list('')).toEqual(plans);
    expect(await list('sort_key=created_at&sort_dir=desc')).toEqual(plans.toReversed());
    expect(
      await list(`sort_key=updated_at&sort_dir=desc&limit=1&marker=${plans[2] ?? ''}`),
    ).toEqual([plans[1]]);
    expect(await status('/action_plans?sort_key=bogus')).toBe(400);
    expect(await status('/action_plans?limit=-1')).toBe(400);
    expect(await status('/action_plans?marker=nope')).toBe(400);
    expect(await status('/action_plans?marker=00000000-0000-4000-8000-000000000000')).toBe(404);
    expect(await status('/actions/00000000-0000-4000-8000-000000000000')).toBe(404);
    expect(await status('/nothing')).toBe(404);
  });

  test('audits are listed, one for each plan', async () => {
    await cloud.hostMaintenance('compute-1');
    const { audits } = (await caller.watcher('/audits')).json;
    expect(audits).toHaveLength(1);
    expect(audits[0]).toMatchObject({ state: 'SUCCEEDED', goal_name: 'cluster_maintaining' });
  });
});

test('of a request is noted how many records of its page its answer listed; null of what is no listing', async () => {
  const plan = await cloud.applyPlan({ actions: [{ type: 'nop', parameters: {} }] });
  await caller.token();
  const before = cloud.requests.length;
  for (const path of ['?limit=2', '', '?host=compute-3', '?marker=nope'])
    await caller.nova('GET', `/servers/detail${path}`);
  await caller.server(vms[0] ?? '');
  await caller.live(vms[0] ?? '', 'compute-2');
  await caller.watcher('/actions/detail?limit=1');
  // One record that has lists of its own.
  await caller.watcher(`/action_plans/${plan}`);
  await caller.ironic('GET', '/nodes');
  await caller.raw('GET', '/compute/v2.1/servers', { token: 'wrong' });
  const noted = cloud.requests.slice(before).map(({ rows }) => rows);
  expect(noted).toEqual([2, 4, 0, null, null, null, 1, null, 3, null]);
});
