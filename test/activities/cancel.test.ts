/** What a cancelled rollback means to an activity: nothing new is asked for, and what was is followed to its end. */
import type { ApplicationFailure } from '@temporalio/common';
import type { MoveServerWork } from '../../src/domain/layout-types.js';
import type { CloudForTest } from '../support/cloud.js';
import { attempt, compensation, effects, run, startCloudForTest, until } from '../support/cloud.js';

let test: CloudForTest;
let vm: string;

beforeEach(async () => {
  test = await startCloudForTest({ simulated: { times: { liveMigration: 300 } } });
  for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name });
  vm = test.sim.addServer({ name: 'vm-1', host: 'compute-2' });
});
afterEach(() => test.close());

const work = (): MoveServerWork => ({
  kind: 'live_migrate',
  serverId: vm,
  serverName: 'vm-1',
  from: 'compute-2',
  to: 'compute-1',
  allowCold: false,
  sinceMigrationId: 0,
});
const migrations = () => effects(test.sim, 'live-migrate', vm);
const host = () => test.sim.snapshot().servers[vm]?.host;

it('an activity that has asked for nothing ends as cancelled', async () => {
  test.sim.hand.setService('compute-1', { state: 'down' });
  const waiting = attempt(test.activities, 'liveMigrateServer', compensation(work()));
  await until(() =>
    Object.keys(test.sim.requestCounts()).some((one) => one.includes('os-services')),
  );
  waiting.cancelRollback();
  await expect(waiting.result).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(migrations()).toBe(0);
});

it('one that has asked goes on to its end', async () => {
  const moving = attempt(test.activities, 'liveMigrateServer', compensation(work()));
  await until(() => migrations() === 1);
  moving.cancelRollback();
  expect((await moving.result).outcome).toBe('SUCCEEDED');
  expect(host()).toBe('compute-1');
});

it('an attempt after the cancel follows what is under way, and asks for nothing itself', async () => {
  const followOnly = { asked: true, follow_only: true };
  const first = attempt(test.activities, 'liveMigrateServer', compensation(work()));
  await until(() => migrations() === 1);
  first.cancel();
  await first.result.catch(() => undefined);
  const next = await run(
    test.anotherWorker(),
    'liveMigrateServer',
    compensation(work(), followOnly),
  );
  expect(next.outcome).toBe('SUCCEEDED');
  expect(migrations()).toBe(1);

  const other = test.sim.addServer({ name: 'vm-2', host: 'compute-2' });
  const idle = { ...work(), serverId: other, serverName: 'vm-2' };
  const nothing = await run(test.activities, 'liveMigrateServer', compensation(idle, followOnly));
  expect(nothing).toMatchObject({ outcome: 'NOT_ASKED', now: null });
  expect(effects(test.sim, 'live-migrate', other)).toBe(0);
});

it('a failure says whether anything was asked for', async () => {
  const details = async (path: RegExp, method: string): Promise<unknown> => {
    test.sim.clearFaults();
    const effect = { kind: 'status', status: 503 } as const;
    test.sim.inject({ service: 'compute', method, path, times: 50, effect });
    const failed = run(test.activities, 'liveMigrateServer', compensation(work()));
    const error = await failed.then(
      () => null,
      (reason: ApplicationFailure) => reason,
    );
    return error?.details?.[0];
  };
  expect(await details(/\/servers\//, 'GET')).toEqual({ asked: false });
  expect(await details(/\/action$/, 'POST')).toEqual({ asked: true });
});

describe('what Nova refuses was not asked for', () => {
  const busy = (what: string) => ({
    kind: 'status' as const,
    status: 409,
    body: JSON.stringify({
      conflictingRequest: { code: 409, message: `Cannot 'os-migrateLive' while in ${what}` },
    }),
  });
  /** `meanwhile` is done once Nova has refused and before the activity knows of it. */
  function refusedOnce(meanwhile: () => unknown): void {
    const effect = busy('task_state updating_password');
    test.sim.inject({ service: 'compute', action: 'os-migrateLive', times: 1, effect });
    const { compute } = test.cloud;
    const ask = compute.liveMigrate.bind(compute);
    compute.liveMigrate = async (...given) => {
      try {
        return await ask(...given);
      } catch (error) {
        await meanwhile();
        throw error;
      }
    };
  }

  it('a cancel while Nova says that the server is busy: it is not asked again', async () => {
    refusedOnce(() => moving.cancelRollback());
    const moving = attempt(test.activities, 'liveMigrateServer', compensation(work()));
    await expect(moving.result).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect(migrations()).toBe(0);
  });

  it('a stop of all rollbacks then: the same', async () => {
    let stopped = false;
    await test.close();
    test = await startCloudForTest({
      readSwitch: () => Promise.resolve({ stopped, reason: null, by: null, since: null }),
    });
    for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name });
    vm = test.sim.addServer({ name: 'vm-1', host: 'compute-2' });
    refusedOnce(() => {
      stopped = true;
      // Longer than an answer of the switch is kept.
      return new Promise((resolve) => setTimeout(resolve, 1100));
    });
    const report = await run(test.activities, 'liveMigrateServer', compensation(work()));
    expect(report.outcome).toBe('STOPPED');
    expect(migrations()).toBe(0);
  });

  it('an earlier attempt whose answer was lost is still followed', async () => {
    test.sim.inject({
      service: 'compute',
      action: 'os-migrateLive',
      effect: { kind: 'reset', when: 'before' },
    });
    const first = attempt(test.activities, 'liveMigrateServer', compensation(work()));
    await first.result.catch(() => undefined);
    refusedOnce(() => next.cancelRollback());
    const next = attempt(
      test.activities,
      'liveMigrateServer',
      compensation(work(), { asked: true }),
    );
    expect((await next.result).outcome).toBe('SUCCEEDED');
    expect(migrations()).toBe(1);
  });
});
