/** Cold migration back: asked for once, confirmed once, and never somebody else's resize. */
import type { MoveServerWork } from '../../src/domain/layout-types.js';
import type { CloudForTest } from '../support/cloud.js';
import {
  attempt,
  compensation,
  effects,
  outcomeOf,
  run,
  startCloudForTest,
  until,
} from '../support/cloud.js';

let test: CloudForTest;
let vm: string;

beforeEach(async () => {
  test = await startCloudForTest();
  for (const name of ['compute-1', 'compute-2', 'compute-3']) test.sim.addHost({ name });
  vm = test.sim.addServer({ name: 'vm-1', host: 'compute-2', status: 'SHUTOFF' });
});
afterEach(() => test.close());

const input = (more: Partial<MoveServerWork> = {}) =>
  compensation<MoveServerWork>({
    kind: 'cold_migrate',
    serverId: vm,
    serverName: 'vm-1',
    from: 'compute-2',
    to: 'compute-1',
    allowCold: false,
    sinceMigrationId: 0,
    ...more,
  });
const counts = () => [
  effects(test.sim, 'cold-migrate', vm),
  effects(test.sim, 'confirm-resize', vm),
];
const lose = (action: string) =>
  test.sim.inject({ service: 'compute', action, effect: { kind: 'reset', when: 'after' } });

it('moves a SHUTOFF server, confirms, and leaves it SHUTOFF; a second run finds it done', async () => {
  const report = await run(test.activities, 'coldMigrateServer', input());
  expect(outcomeOf(report)).toBe('SUCCEEDED: ');
  expect(report.now).toMatchObject({ host: 'compute-1', status: 'SHUTOFF' });
  expect(report.evidence.migration_uuid).toMatch(/^[0-9a-f-]{36}$/);
  expect(test.sim.snapshot().servers[vm]).toMatchObject({ host: 'compute-1', status: 'SHUTOFF' });
  expect((await run(test.activities, 'coldMigrateServer', input())).outcome).toBe('SUCCEEDED');
  expect(counts()).toEqual([1, 1]);
});

it.each(['migrate', 'confirmResize'])('once, though the answer to %s is lost', async (action) => {
  lose(action);
  const first = attempt(test.activities, 'coldMigrateServer', input());
  await expect(first.result).rejects.toMatchObject({ type: 'OpenStackUnreachable' });
  const report = await attempt(test.activities, 'coldMigrateServer', input(), {
    attempt: 2,
    heartbeatDetails: first.heartbeats.at(-1),
  }).result;
  expect(outcomeOf(report)).toBe('SUCCEEDED: ');
  expect(counts()).toEqual([1, 1]);
});

it('is taken over by another worker in the middle', async () => {
  const first = attempt(test.activities, 'coldMigrateServer', input());
  await until(() => counts()[0] === 1);
  first.cancel();
  await expect(first.result).rejects.toMatchObject({ name: 'CancelledFailure' });
  const next = await run(test.anotherWorker(), 'coldMigrateServer', input());
  expect(next.outcome).toBe('SUCCEEDED');
  expect(counts()).toEqual([1, 1]);
});

it('is done where Nova confirmed it by itself meanwhile (resize_confirm_window)', async () => {
  const first = attempt(test.activities, 'coldMigrateServer', input());
  await until(() => counts()[0] === 1);
  first.cancel();
  await first.result.catch(() => undefined);
  await test.sim.settled();
  await test.cloud.compute.confirmResize(vm);
  expect((await run(test.activities, 'coldMigrateServer', input())).outcome).toBe('SUCCEEDED');
  expect(counts()).toEqual([1, 1]);
});

it('does not leave the server unconfirmed because the nova-compute it came from is down for a while', async () => {
  const first = attempt(test.activities, 'coldMigrateServer', input());
  await until(() => counts()[0] === 1);
  test.sim.hand.setService('compute-2', { state: 'down' });
  await expect(first.result).rejects.toMatchObject({
    type: 'MigrationFailed',
    message: expect.stringContaining('Service is unavailable at this time'),
    nonRetryable: false,
  });
  test.sim.hand.setService('compute-2', { state: 'up' });
  const report = await attempt(test.activities, 'coldMigrateServer', input(), {
    attempt: 2,
    heartbeatDetails: first.heartbeats.at(-1),
  }).result;
  expect(outcomeOf(report)).toBe('SUCCEEDED: ');
  expect(counts()).toEqual([1, 1]);
});

describe('never confirms what is not ours', () => {
  it('a resize that waits on the wanted host since before the layout', async () => {
    await test.cloud.compute.coldMigrate(vm, 'compute-1');
    await test.sim.settled();
    const [record] = await test.cloud.compute.listMigrations({ serverId: vm });
    const report = await run(
      test.activities,
      'coldMigrateServer',
      input({ sinceMigrationId: record?.id ?? 0 }),
    );
    expect(report.outcome).toBe('KEPT');
    expect(report.reason).toMatch(/confirm/);
    expect(counts()).toEqual([1, 0]);
  });

  it("another user's migration to the wanted host", async () => {
    const cloud = { ...test.cloud.identity, ownUserId: () => Promise.resolve('someone-else') };
    Object.assign(test.cloud, { identity: cloud });
    await test.cloud.compute.coldMigrate(vm, 'compute-1');
    await test.sim.settled();
    const report = await run(test.activities, 'coldMigrateServer', input());
    expect(report.outcome).toBe('KEPT');
    expect(counts()).toEqual([1, 0]);
  });

  it('a VERIFY_RESIZE made by hand', async () => {
    test.sim.hand.setServerStatus(vm, 'VERIFY_RESIZE');
    const report = await run(test.activities, 'coldMigrateServer', input());
    expect(report.outcome).toBe('KEPT');
    expect(counts()).toEqual([0, 0]);
  });
});

it('an ACTIVE server goes cold only where that is allowed', async () => {
  test.sim.hand.setServerStatus(vm, 'ACTIVE');
  const refused = await run(test.activities, 'coldMigrateServer', input());
  expect(refused).toMatchObject({ outcome: 'OTHER_WAY', kind: 'live_migrate' });
  expect(counts()).toEqual([0, 0]);
  const allowed = await run(test.activities, 'coldMigrateServer', input({ allowCold: true }));
  expect(outcomeOf(allowed)).toBe('SUCCEEDED: ');
  expect(test.sim.snapshot().servers[vm]).toMatchObject({ host: 'compute-1', status: 'ACTIVE' });
});

it('finds no room: NO_ROOM with the reason', async () => {
  test.sim.addHost({ name: 'small', capacity: 1 });
  test.sim.addServer({ name: 'other', host: 'small' });
  const report = await run(test.activities, 'coldMigrateServer', input({ to: 'small' }));
  expect(outcomeOf(report)).toMatch(/^NO_ROOM: .*No valid host was found/);
});

it('fails with Nova’s reason', async () => {
  test.sim.failMigrations(vm, 'Disk of instance is too small');
  await expect(run(test.activities, 'coldMigrateServer', input())).rejects.toMatchObject({
    type: 'MigrationFailed',
    message: expect.stringContaining('too small') as string,
  });
});
