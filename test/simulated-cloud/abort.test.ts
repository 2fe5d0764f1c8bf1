/** Live migrations in progress: what they have copied, and aborting them, in Nova's own words (recorded, or its source). */
import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { SimulatedCloud } from '../../src/simulated-cloud/types.js';
import { Caller, type Json, until } from './caller.js';

let cloud: SimulatedCloud;
let caller: Caller;
let vm: string;

beforeEach(async () => {
  cloud = await startSimulatedCloud({ times: { conductor: 1, liveMigration: 20 } });
  caller = new Caller(cloud);
  for (const name of ['compute-1', 'compute-2']) cloud.addHost({ name });
  vm = cloud.addServer({ name: 'vm-1', host: 'compute-1' });
});
afterEach(() => cloud.close());

async function hanging(server: string, status = 'running'): Promise<Json> {
  cloud.hand.hangMigrations(server);
  await caller.live(server, 'compute-2');
  const records = await until(
    () => caller.migrations(server),
    ([record]) => record?.status === status,
  );
  return records[0];
}

test('what has been copied shows, and only a change of it makes the record younger', async () => {
  const { id } = await hanging(vm);
  const path = `/servers/${vm}/migrations/${id}`;
  expect((await caller.nova('GET', path)).json.migration.memory_remaining_bytes).toBeNull();
  const copied = { memoryTotal: 1000, memoryRemaining: 400 };
  cloud.hand.copyBytes(vm, copied);
  const first = (await caller.nova('GET', path)).json.migration;
  expect(first).toMatchObject({ memory_total_bytes: 1000, memory_remaining_bytes: 400 });
  cloud.advance(5000);
  cloud.hand.copyBytes(vm, copied);
  expect((await caller.nova('GET', path)).json.migration).toEqual(first);
  cloud.hand.copyBytes(vm, { memoryRemaining: 300 });
  const later = (await caller.nova('GET', path)).json.migration;
  expect(Date.parse(later.updated_at)).toBeGreaterThan(Date.parse(first.updated_at));
});

test('aborted while it is prepared: it does not run after all', async () => {
  const slow = await startSimulatedCloud({ times: { conductor: 1, liveMigration: 100 } });
  try {
    const asks = new Caller(slow);
    for (const name of ['compute-1', 'compute-2']) slow.addHost({ name });
    const id = slow.addServer({ name: 'vm-1', host: 'compute-1' });
    await asks.live(id, 'compute-2');
    await until(
      () => asks.migrations(id),
      ([record]) => record?.status === 'preparing',
    );
    slow.hand.abortMigration(id);
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await asks.migrations(id))[0].status).toBe('cancelled');
  } finally {
    await slow.close();
  }
});

test('aborted while it runs: 202, then cancelled, and the server stays; once more: 409', async () => {
  const { id } = await hanging(vm);
  const path = `/servers/${vm}/migrations/${id}`;
  expect(await caller.nova('DELETE', path)).toMatchObject({ status: 202, text: '' });
  await cloud.settled();
  expect((await caller.migrations(vm))[0].status).toBe('cancelled');
  expect(cloud.snapshot().servers[vm]).toMatchObject({ host: 'compute-1', status: 'ACTIVE' });
  const actions = await caller.nova('GET', `/servers/${vm}/os-instance-actions`);
  expect(actions.json.instanceActions.map(({ action }: Json) => action)).toContain(
    'live_migration_cancel',
  );
  const again = await caller.nova('DELETE', path);
  expect(again.status).toBe(409);
  expect(again.json.conflictingRequest.message).toBe(
    `Instance ${vm} is in an invalid state for 'abort live migration'`,
  );
  expect((await caller.nova('GET', path)).json.itemNotFound.message).toBe(
    `Live migration ${id} for server ${vm} is not in progress.`,
  );
});

test('before 2.65 one that waits cannot be aborted: 400', async () => {
  const other = cloud.addServer({ name: 'vm-2', host: 'compute-1' });
  await hanging(vm);
  const { id } = await hanging(other, 'queued');
  const path = `/compute/v2.1/servers/${other}/migrations/${id}`;
  const headers = { 'openstack-api-version': 'compute 2.64' };
  const old = await caller.raw('DELETE', path, { headers });
  expect(old.status).toBe(400);
  expect(old.json.badRequest.message).toBe(
    `Migration ${id} state of instance ${other} is queued. Cannot abort live migration while the migration is in this state.`,
  );
});

test('one that waits can be aborted, and the next one goes', async () => {
  const other = cloud.addServer({ name: 'vm-2', host: 'compute-1' });
  await hanging(vm);
  const { id } = await hanging(other, 'queued');
  expect((await caller.nova('DELETE', `/servers/${other}/migrations/${id}`)).status).toBe(202);
  await until(
    () => caller.migrations(other),
    ([record]) => record.status === 'cancelled',
  );
  expect((await caller.migrations(vm))[0].status).toBe('running');
  cloud.clearFaults();
  await cloud.settled();
  expect(cloud.snapshot().servers[vm]?.host).toBe('compute-2');
  expect(cloud.snapshot().servers[other]?.host).toBe('compute-1');
});
