import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { SimulatedCloud, SimulatedCloudOptions } from '../../src/simulated-cloud/types.js';
import { Caller, until } from './caller.js';
import type { Json } from './caller.js';

let cloud: SimulatedCloud;
let caller: Caller;
let vm: string;

async function restart(options: SimulatedCloudOptions): Promise<void> {
  await cloud?.close();
  cloud = await startSimulatedCloud(options);
  caller = new Caller(cloud);
  cloud.addHost({ name: 'compute-1' });
  cloud.addHost({ name: 'compute-2', hypervisorHostname: 'compute-2.example.org' });
  cloud.addHost({ name: 'compute-3', capacity: 1 });
  vm = cloud.addServer({ name: 'vm-1', host: 'compute-1' });
}
beforeEach(() => restart({ times: { conductor: 1, liveMigration: 10, coldMigration: 10 } }));
afterEach(() => cloud.close());

const newest = async (id: string): Promise<Json> => (await caller.migrations(id))[0];
const recordIs = async (id: string, status: string): Promise<Json> =>
  until(
    () => newest(id),
    (migration) => migration?.status === status,
  );

/** The newest instance action of a server with its events. */
async function lastAction(id: string): Promise<Json> {
  const actions = await caller.nova('GET', `/servers/${id}/os-instance-actions`);
  const requestId = actions.json.instanceActions[0].request_id;
  const one = await caller.nova('GET', `/servers/${id}/os-instance-actions/${requestId}`);
  return one.json.instanceAction;
}
const shown = async (id: string): Promise<Json> => {
  const server = await caller.server(id);
  return {
    status: server.status,
    task: server['OS-EXT-STS:task_state'],
    host: server['OS-EXT-SRV-ATTR:host'],
    flavor: server.flavor.original_name,
  };
};
const outcomes = (effect: string): string[] =>
  cloud.ledger.filter((entry) => entry.effect === effect).map(({ outcome }) => outcome);

const serviceOf = async (host: string): Promise<Json> =>
  (await caller.nova('GET', `/os-services?binary=nova-compute&host=${host}`)).json.services[0];

describe('live migration', () => {
  test('202 first, record later; MIGRATING while it runs; completed on the other host', async () => {
    await restart({ times: { conductor: 400, liveMigration: 400 } });
    const reply = await caller.live(vm, 'compute-2');
    expect(reply.status).toBe(202);
    expect(reply.text).toBe('');
    expect(await caller.migrations(vm)).toEqual([]);
    expect(await caller.server(vm)).toMatchObject({
      status: 'MIGRATING',
      'OS-EXT-STS:task_state': 'migrating',
      'OS-EXT-SRV-ATTR:host': 'compute-1',
    });
    await recordIs(vm, 'running');
    await cloud.settled();
    expect(await caller.server(vm)).toMatchObject({
      status: 'ACTIVE',
      'OS-EXT-STS:task_state': null,
      'OS-EXT-SRV-ATTR:host': 'compute-2',
      'OS-EXT-SRV-ATTR:hypervisor_hostname': 'compute-2.example.org',
    });
    expect((await caller.migrations(vm))[0]).toMatchObject({
      status: 'completed',
      migration_type: 'live-migration',
      source_compute: 'compute-1',
      dest_compute: 'compute-2',
      dest_node: 'compute-2.example.org',
      user_id: cloud.adminUserId,
    });
    const requestId = reply.headers.get('x-openstack-request-id');
    expect((await lastAction(vm)).request_id).toBe(requestId);
  });

  test.each([
    ['disabled', () => cloud.hand.setService('compute-2', { status: 'disabled' })],
    ['down', () => cloud.hand.setService('compute-2', { state: 'down' })],
    ['forced down', () => cloud.hand.setService('compute-2', { forcedDown: true })],
    ['the one it is on', () => cloud.hand.migrate(vm, 'compute-2')],
  ])('to a host that is %s: 202, then an error record without destination', async (_, prepare) => {
    prepare();
    const before = cloud.snapshot();
    expect((await caller.live(vm, 'compute-2')).status).toBe(202);
    await cloud.settled();
    expect(cloud.snapshot()).toEqual(before);
    expect((await caller.migrations(vm))[0]).toMatchObject({
      status: 'error',
      dest_compute: null,
      source_node: null,
    });
    const action = await lastAction(vm);
    expect(action.message).toBe('Error');
    expect(action.events[0]).toMatchObject({
      event: 'conductor_live_migrate_instance',
      result: 'Error',
      details: 'No valid host was found. ',
    });
  });
  test('of a PAUSED server: it stays PAUSED', async () => {
    await restart({ times: { liveMigration: 400 } });
    cloud.hand.setServerStatus(vm, 'PAUSED');
    expect((await caller.live(vm, 'compute-2')).status).toBe(202);
    expect((await shown(vm)).status).toBe('MIGRATING');
    await cloud.settled();
    expect(await shown(vm)).toMatchObject({ status: 'PAUSED', host: 'compute-2' });
  });

  test('to a full host: error; room again once a server has left it', async () => {
    const filler = cloud.addServer({ name: 'filler', host: 'compute-3' });
    await caller.live(vm, 'compute-3');
    await cloud.settled();
    expect((await newest(vm)).status).toBe('error');
    expect((await lastAction(vm)).events[0].details).toBe('No valid host was found. ');
    cloud.hand.migrate(filler, 'compute-2');
    await caller.live(vm, 'compute-3');
    await cloud.settled();
    expect((await shown(vm)).host).toBe('compute-3');
  });

  test('two at once to one slot: one arrives', async () => {
    const other = cloud.addServer({ name: 'vm-2', host: 'compute-2' });
    await Promise.all([caller.live(vm, 'compute-3'), caller.live(other, 'compute-3')]);
    await cloud.settled();
    const statuses = new Set([(await newest(vm)).status, (await newest(other)).status]);
    expect(statuses).toEqual(new Set(['completed', 'error']));
  });

  test('beyond maxConcurrentLiveMigrations they wait as queued, MIGRATING meanwhile', async () => {
    await restart({
      maxConcurrentLiveMigrations: 2,
      times: { conductor: 0, liveMigration: 500 },
    });
    const vms = [vm, ...['a', 'b'].map((name) => cloud.addServer({ name, host: 'compute-1' }))];
    for (const id of vms) expect((await caller.live(id, 'compute-2')).status).toBe(202);
    const [first = '', second = '', third = ''] = vms;
    expect((await recordIs(third, 'queued')).status).toBe('queued');
    expect((await shown(third)).status).toBe('MIGRATING');
    expect((await newest(first)).status).toMatch(/preparing|running/);
    expect((await newest(second)).status).toMatch(/preparing|running/);
    await cloud.settled();
    for (const id of vms) expect((await newest(id)).status).toBe('completed');
  });

  test('409 while a task is under way, 409 for a stopped server, 400 for an unknown host', async () => {
    await restart({ times: { liveMigration: 2_000 } });
    const stopped = cloud.addServer({ name: 'off', host: 'compute-1', status: 'SHUTOFF' });
    await caller.live(vm, 'compute-2');
    const again = await caller.live(vm, 'compute-2');
    expect([again.status, again.json.conflictingRequest.message]).toEqual([
      409,
      `Cannot 'os-migrateLive' instance ${vm} while it is in task_state migrating`,
    ]);
    expect((await caller.action(vm, { 'os-stop': null })).status).toBe(409);
    expect((await caller.live(stopped, 'compute-2')).status).toBe(409);
    expect((await caller.cold(stopped, 'nowhere')).status).toBe(400);
    expect(outcomes('live-migrate')).toEqual(['started', 'rejected', 'rejected']);
  });

  test('from a host that is down: an error record with that reason', async () => {
    cloud.hand.setService('compute-1', { state: 'down' });
    await caller.live(vm, 'compute-2');
    await cloud.settled();
    expect((await lastAction(vm)).events[0].details).toBe(
      'Compute service of compute-1 is unavailable at this time.',
    );
  });

  test('failMigrations: the next ones end in error with that reason, the one after works', async () => {
    cloud.failMigrations(vm, 'the disk is on fire', 2);
    for (const wanted of ['error', 'error', 'completed']) {
      await caller.live(vm, 'compute-2');
      await cloud.settled();
      expect((await newest(vm)).status).toBe(wanted);
      const { events } = await lastAction(vm);
      if (wanted === 'error') expect(events[0].details).toBe('the disk is on fire');
    }
    expect(outcomes('live-migrate')).toEqual(
      ['failed', 'failed', 'applied'].flatMap((end) => ['started', end]),
    );
  });

  test('of a server that is deleted meanwhile: error, and 404 for the server', async () => {
    await restart({ times: { conductor: 0, liveMigration: 500 } });
    await caller.live(vm, 'compute-2');
    await recordIs(vm, 'running');
    cloud.hand.deleteServer(vm);
    await cloud.settled();
    expect((await newest(vm)).status).toBe('error');
    expect((await caller.nova('GET', `/servers/${vm}`)).status).toBe(404);
    expect((await lastAction(vm)).action).toBe('live-migration');
  });
});

describe('cold migration', () => {
  beforeEach(() => {
    cloud.hand.setServerStatus(vm, 'SHUTOFF');
  });

  test('RESIZE, VERIFY_RESIZE with a finished record, then confirmed and SHUTOFF again', async () => {
    await restart({ times: { conductor: 0, coldMigration: 400, confirm: 400 } });
    cloud.hand.setServerStatus(vm, 'SHUTOFF');
    expect((await caller.cold(vm, 'compute-2')).status).toBe(202);
    await recordIs(vm, 'migrating');
    expect(await shown(vm)).toMatchObject({ status: 'RESIZE', task: 'resize_migrating' });
    await recordIs(vm, 'finished');
    expect(await shown(vm)).toMatchObject({ status: 'VERIFY_RESIZE', host: 'compute-2' });
    expect(await newest(vm)).toMatchObject({
      migration_type: 'migration',
      source_compute: 'compute-1',
    });
    expect((await caller.action(vm, { confirmResize: null })).status).toBe(204);
    expect((await newest(vm)).status).toBe('confirming');
    expect((await caller.action(vm, { confirmResize: null })).json.badRequest.message).toBe(
      'Instance has not been resized.',
    );
    await cloud.settled();
    expect((await newest(vm)).status).toBe('confirmed');
    expect(await shown(vm)).toMatchObject({ status: 'SHUTOFF', task: null, host: 'compute-2' });
  });

  test('revertResize brings it back to the source', async () => {
    await restart({ times: { coldMigration: 5, confirm: 400 } });
    cloud.hand.setServerStatus(vm, 'SHUTOFF');
    await caller.cold(vm, 'compute-2');
    await cloud.settled();
    expect((await caller.action(vm, { revertResize: null })).status).toBe(202);
    expect(await shown(vm)).toMatchObject({ status: 'REVERT_RESIZE', task: 'resize_reverting' });
    await cloud.settled();
    expect((await newest(vm)).status).toBe('reverted');
    expect(await shown(vm)).toMatchObject({ status: 'SHUTOFF', host: 'compute-1' });
  });

  test('an unconfirmed one holds its slot on both hosts', async () => {
    const other = cloud.addServer({ name: 'vm-2', host: 'compute-2' });
    const there = cloud.addServer({ name: 'off', host: 'compute-3', status: 'SHUTOFF' });
    await caller.cold(there, 'compute-1');
    await cloud.settled();
    await caller.live(other, 'compute-3');
    await cloud.settled();
    expect((await newest(other)).status).toBe('error');
  });

  test('same host 400; disabled host 202 and an error record with the reason; source down 409', async () => {
    expect((await caller.cold(vm, 'compute-1')).json.badRequest.message).toBe(
      'Cannot migrate to the host where the server exists.',
    );
    cloud.hand.setService('compute-2', { status: 'disabled' });
    expect((await caller.cold(vm, 'compute-2')).status).toBe(202);
    await cloud.settled();
    expect((await newest(vm)).status).toBe('error');
    expect((await lastAction(vm)).events[0].details).toBe(
      'No valid host was found. No valid host found for cold migrate',
    );
    expect(await shown(vm)).toMatchObject({ status: 'SHUTOFF', task: null, host: 'compute-1' });
    cloud.hand.setService('compute-1', { state: 'down' });
    expect((await caller.cold(vm, 'compute-3')).status).toBe(409);
  });

  test('confirm and revert of a server that is not resized: 409; a PAUSED server: 409', async () => {
    expect((await caller.action(vm, { confirmResize: null })).status).toBe(409);
    expect((await caller.action(vm, { revertResize: null })).status).toBe(409);
    cloud.hand.setServerStatus(vm, 'PAUSED');
    expect((await caller.cold(vm, 'compute-2')).status).toBe(409);
  });
});

test('resize changes flavor and host; its revert changes both back', async () => {
  const { flavors } = (await caller.nova('GET', '/flavors/detail')).json;
  const bigger = flavors.find(({ name }: { name: string }) => name === 'm2.lab');
  await caller.action(vm, { resize: { flavorRef: bigger.id } });
  await cloud.settled();
  expect(await shown(vm)).toMatchObject({ status: 'VERIFY_RESIZE', flavor: 'm2.lab' });
  expect((await shown(vm)).host).not.toBe('compute-1');
  expect((await newest(vm)).migration_type).toBe('resize');
  await caller.action(vm, { revertResize: null });
  await cloud.settled();
  expect(await shown(vm)).toMatchObject({ status: 'ACTIVE', flavor: 'm1.lab', host: 'compute-1' });
});

test('a server added in VERIFY_RESIZE can be confirmed and reverted', async () => {
  const resized = cloud.addServer({ name: 'r', host: 'compute-2', status: 'VERIFY_RESIZE' });
  expect((await newest(resized)).status).toBe('finished');
  await caller.action(resized, { revertResize: null });
  await cloud.settled();
  expect(await shown(resized)).toMatchObject({ status: 'ACTIVE', host: 'compute-1' });
});

test('os-stop and os-start; each refused in the state that it leads to', async () => {
  await restart({ times: { stop: 400 } });
  expect((await caller.action(vm, { 'os-start': null })).status).toBe(409);
  expect((await caller.action(vm, { 'os-stop': null })).status).toBe(202);
  expect((await shown(vm)).task).toBe('powering-off');
  await cloud.settled();
  expect((await shown(vm)).status).toBe('SHUTOFF');
  expect((await lastAction(vm)).action).toBe('stop');
  expect((await caller.action(vm, { 'os-stop': null })).status).toBe(409);
  expect((await caller.action(vm, { 'os-start': null })).status).toBe(202);
  await cloud.settled();
  expect((await shown(vm)).status).toBe('ACTIVE');
});

describe('os-services', () => {
  test('disable with a reason, enable forgets it; refused bodies', async () => {
    const { id } = await serviceOf('compute-1');
    const put = (body: unknown): Promise<Json> =>
      caller.nova('PUT', `/os-services/${id}`, body).then(({ status }) => status);
    expect(await put({ status: 'disabled', disabled_reason: 'broken' })).toBe(200);
    expect(await serviceOf('compute-1')).toMatchObject({
      status: 'disabled',
      disabled_reason: 'broken',
      state: 'up',
    });
    expect(await put({ status: 'enabled' })).toBe(200);
    expect(await serviceOf('compute-1')).toMatchObject({
      status: 'enabled',
      disabled_reason: null,
    });
    expect(await put({})).toBe(400);
    expect(await put({ status: 'enabled', disabled_reason: 'why' })).toBe(400);
    expect(await put({ status: 'broken' })).toBe(400);
    expect(await put({ forced_down: true })).toBe(200);
    expect(await serviceOf('compute-1')).toMatchObject({ state: 'down', forced_down: true });
    expect(outcomes('disable-service')).toEqual(['applied']);
  });

  test('os-hypervisors are joined to them by service', async () => {
    const { hypervisors } = (await caller.nova('GET', '/os-hypervisors/detail')).json;
    const second = hypervisors.find(
      (hypervisor: Json) => hypervisor.hypervisor_hostname === 'compute-2.example.org',
    );
    expect(second.service).toMatchObject({
      host: 'compute-2',
      id: (await serviceOf('compute-2')).id,
    });
    expect((await caller.nova('GET', `/os-hypervisors/${second.id}`)).json.hypervisor.id).toBe(
      second.id,
    );
  });
});
