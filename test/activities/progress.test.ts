/** A migration that makes no progress: when that is so, that it is reported once, and what is aborted and what is not. */
import { ApplicationFailure } from '@temporalio/common';
import type { MoveServerWork } from '../../src/domain/layout-types.js';
import type { CompensationInput, CompensationReport, Stuck } from '../../activities/types.js';
import type { CloudForTest } from '../support/cloud.js';
import { attempt, compensation, effects, run, startCloudForTest, until } from '../support/cloud.js';

const SILENCE = 0.4;

let test: CloudForTest;
let vm: string;

beforeEach(() => restart());
afterEach(() => test.close());

async function restart(settings: Parameters<typeof startCloudForTest>[0] = {}): Promise<void> {
  await test?.close();
  test = await startCloudForTest({
    ...settings,
    settings: { progress_timeout: SILENCE, migration_timeout: 20, ...settings.settings },
  });
  for (const name of ['compute-1', 'compute-2', 'compute-3']) test.sim.addHost({ name });
  vm = test.sim.addServer({ name: 'vm-1', host: 'compute-2' });
}

type Progress = NonNullable<CompensationInput<MoveServerWork>['progress']>;

function input(
  progress?: Partial<Progress>,
  more: Partial<CompensationInput<MoveServerWork>> = {},
) {
  const work: MoveServerWork = {
    kind: 'live_migrate',
    serverId: vm,
    serverName: 'vm-1',
    from: 'compute-2',
    to: 'compute-1',
    allowCold: false,
    sinceMigrationId: 0,
  };
  const given = compensation(work, more);
  if (progress) given.progress = { abort: false, reported: null, ...progress };
  else delete given.progress;
  return given;
}

const move = (given: ReturnType<typeof input>, activities = test.activities) =>
  run(activities, 'liveMigrateServer', given);

async function stuckReport(progress: Partial<Progress> = {}): Promise<Stuck> {
  test.sim.hand.hangMigrations(vm);
  const report = await move(input(progress));
  return stuckOf(report);
}

function stuckOf(report: CompensationReport): Stuck {
  expect(report).toMatchObject({ outcome: 'NO_PROGRESS', asked: true });
  if (report.stuck === undefined) throw new Error('nothing is said of it');
  return report.stuck;
}

async function failureOf(promise: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await promise.then(
    (value) => new Error(`did not fail: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof ApplicationFailure) return error;
  throw error;
}

const migrations = () => effects(test.sim, 'live-migrate', vm);
const aborts = () => effects(test.sim, 'abort-migration', vm);
const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));

describe('is reported', () => {
  it('with what Nova tells, and what has happened so far', async () => {
    test.sim.hand.hangMigrations(vm);
    const pending = move(input({}));
    await until(
      () => migrations() === 1 && test.sim.snapshot().servers[vm]?.status === 'MIGRATING',
    );
    const report = await pending;
    expect(report.reason).toMatch(
      /^its migration made no progress for 0\.\d s \(running, and Nova tells no figures\); it is followed on$/,
    );
    expect(report.evidence.migration_uuid).toBe(stuckOf(report).migration_uuid);
    expect(stuckOf(report)).toMatchObject({
      own: true,
      silent_for: expect.closeTo(0.5, 0) as number,
    });
    expect(aborts()).toBe(0);
  });

  it('with the bytes, where the driver counts them', async () => {
    await restart({ simulated: { times: { liveMigration: 100 } } });
    test.sim.hand.hangMigrations(vm);
    const pending = move(input({}));
    await until(() => test.sim.requestCounts()['GET /compute/v2.1/os-migrations'] !== undefined);
    await seconds(0.15);
    test.sim.hand.copyBytes(vm, { memoryTotal: 4 * 2 ** 30, memoryRemaining: 2 ** 30 + 1 });
    const { reason } = await pending;
    expect(reason).toContain('(running, 1025 of 4096 MiB of memory left)');
  });

  it('not while it copies, however long that takes', async () => {
    test.sim.hand.hangMigrations(vm);
    const pending = attempt(test.activities, 'liveMigrateServer', input({}));
    await until(() => migrations() === 1);
    await seconds(0.1);
    let over = false;
    void pending.result.finally(() => (over = true));
    for (let left = 12; left > 0; left -= 1) {
      test.sim.hand.copyBytes(vm, { memoryTotal: 1000, memoryRemaining: left });
      // Nova's records have whole seconds.
      test.sim.advance(1000);
      await seconds(SILENCE / 3);
    }
    expect(over).toBe(false);
    test.sim.clearFaults();
    expect(await pending.result).toMatchObject({ outcome: 'SUCCEEDED' });
  });

  it('not where only its bytes show that it goes on', async () => {
    test.sim.hand.hangMigrations(vm);
    const pending = attempt(test.activities, 'liveMigrateServer', input({}));
    await until(() => migrations() === 1);
    let over = false;
    void pending.result.finally(() => (over = true));
    await seconds(0.1);
    // All within the same second of the cloud's clock, as the record tells it, or nearly.
    for (let left = 8; left > 0; left -= 1) {
      test.sim.hand.copyBytes(vm, { memoryTotal: 1000, memoryRemaining: left });
      await seconds(SILENCE / 4);
    }
    expect(over).toBe(false);
    test.sim.clearFaults();
    await pending.result;
  });

  it('not while it waits in Nova’s queue', async () => {
    await restart({ simulated: { maxConcurrentLiveMigrations: 1, times: { liveMigration: 50 } } });
    const other = test.sim.addServer({ name: 'vm-2', host: 'compute-2' });
    test.sim.hand.hangMigrations(other);
    await test.cloud.compute.liveMigrate(other, 'compute-3');
    await seconds(0.1);
    const pending = attempt(test.activities, 'liveMigrateServer', input({}));
    let over = false;
    void pending.result.finally(() => (over = true));
    await seconds(SILENCE * 3);
    expect(over).toBe(false);
    test.sim.clearFaults();
    expect(await pending.result).toMatchObject({ outcome: 'SUCCEEDED' });
  });

  it('once per silence: the next call follows it to its end', async () => {
    const reported = await stuckReport();
    const pending = move(input({ reported }, { asked: true }));
    await seconds(SILENCE * 2);
    test.sim.clearFaults();
    expect(await pending).toMatchObject({ outcome: 'SUCCEEDED' });
    expect(migrations()).toBe(1);
  });

  it('again where it went on and fell silent again', async () => {
    const reported = await stuckReport();
    test.sim.advance(2000);
    test.sim.hand.copyBytes(vm, { memoryTotal: 1000, memoryRemaining: 10 });
    const again = stuckOf(await move(input({ reported }, { asked: true })));
    expect(again.mark).not.toBe(reported.mark);
    expect(again.ran_for).toBeGreaterThan(reported.ran_for);
  });

  it('not to a workflow of an older version, which would not know what to do', async () => {
    await restart({ settings: { migration_timeout: SILENCE * 3 } });
    test.sim.hand.hangMigrations(vm);
    expect(await failureOf(move(input()))).toMatchObject({ type: 'CompensationTimeout' });
  });

  it('and its time limit goes on from where it was', async () => {
    await restart({ settings: { migration_timeout: 3 } });
    const reported = await stuckReport();
    const started = performance.now();
    const rest = move(input({ reported: { ...reported, ran_for: 2.5 } }, { asked: true }));
    expect(await failureOf(rest)).toMatchObject({ type: 'CompensationTimeout' });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('though Nova is away for a moment when it is looked at', async () => {
    test.sim.inject({
      service: 'compute',
      method: 'GET',
      path: /\/servers\/[^/]+\/migrations$/,
      times: 2,
      effect: { kind: 'status', status: 503 },
    });
    expect(await stuckReport()).toMatchObject({ own: true });
  });
});

describe('where the caller asked for it', () => {
  const ABORT = { abort: true };

  it('is said first, then aborted: FAILED for good, and the server is where it was', async () => {
    const reported = await stuckReport(ABORT);
    expect(aborts()).toBe(0);
    const error = await failureOf(move(input({ ...ABORT, reported }, { asked: true })));
    expect(error).toMatchObject({ type: 'MigrationAborted', nonRetryable: true });
    expect(error.message).toMatch(
      /^vm-1 to compute-1: .* no progress for [\d.]+ s and was aborted/,
    );
    expect(aborts()).toBe(1);
    expect(test.sim.snapshot().servers[vm]).toMatchObject({ host: 'compute-2', status: 'ACTIVE' });
    expect(migrations()).toBe(1);
  });

  it('the report says that it is to be aborted', async () => {
    test.sim.hand.hangMigrations(vm);
    expect((await move(input(ABORT))).reason).toMatch(
      /; Nova is going to be asked to abort it \(abort_stuck\)$/,
    );
  });

  it('a worker that dies after it has asked for the abort: FAILED all the same, nothing is begun anew', async () => {
    const reported = await stuckReport(ABORT);
    test.sim.hand.abortMigration(vm);
    const other = test.anotherWorker();
    const error = await failureOf(move(input({ ...ABORT, reported }, { asked: true }), other));
    expect(error.type).toBe('MigrationAborted');
    expect(migrations()).toBe(1);
  });

  it('is not aborted where it went on after the report', async () => {
    const reported = await stuckReport(ABORT);
    test.sim.advance(2000);
    test.sim.hand.copyBytes(vm, { memoryTotal: 1000, memoryRemaining: 10 });
    const pending = move(input({ ...ABORT, reported }, { asked: true }));
    await seconds(SILENCE / 2);
    test.sim.clearFaults();
    expect(await pending).toMatchObject({ outcome: 'SUCCEEDED' });
    expect(aborts()).toBe(0);
  });

  it('has completed meanwhile: SUCCEEDED', async () => {
    const reported = await stuckReport(ABORT);
    test.sim.clearFaults();
    await test.sim.settled();
    const report = await move(input({ ...ABORT, reported }, { asked: true }));
    expect(report.outcome).toBe('SUCCEEDED');
    expect(aborts()).toBe(0);
  });

  it.each([400, 403, 404, 409])(
    'a refusal (%s) is said, and it is followed to its end',
    async (status) => {
      const reported = await stuckReport(ABORT);
      test.sim.inject({
        service: 'compute',
        method: 'DELETE',
        effect: { kind: 'status', status, body: '{"badRequest": {"message": "not now"}}' },
      });
      const refused = await move(input({ ...ABORT, reported }, { asked: true }));
      expect(refused.reason).toContain('Nova refused to abort it (not now), and it is followed on');
      const known = stuckOf(refused);
      expect(known.abort_refused).toBe(true);
      const pending = move(input({ ...ABORT, reported: known }, { asked: true }));
      await seconds(SILENCE);
      test.sim.clearFaults();
      expect(await pending).toMatchObject({ outcome: 'SUCCEEDED' });
      expect(aborts()).toBe(0);
    },
  );

  it('a cancelled rollback has it aborted too: it is an end, not a beginning', async () => {
    const reported = await stuckReport(ABORT);
    const last = input({ ...ABORT, reported }, { asked: true, follow_only: true });
    expect((await failureOf(move(last))).type).toBe('MigrationAborted');
  });

  it('somebody else’s is left alone, though it leads home', async () => {
    const admin = test.sim.issueToken({ userName: 'operator', roles: ['admin'] });
    test.sim.hand.hangMigrations(vm);
    await migrateAs(admin, vm, 'compute-1');
    await until(() => test.sim.snapshot().servers[vm]?.status === 'MIGRATING');
    await seconds(0.1);
    const report = await move(input(ABORT));
    expect(report.reason).toMatch(/it is not one that can be aborted, and is followed on$/);
    expect(report.stuck?.own).toBe(false);
    const pending = move(input({ ...ABORT, reported: report.stuck ?? null }, { asked: true }));
    await seconds(SILENCE * 2);
    test.sim.clearFaults();
    await pending;
    expect(aborts()).toBe(0);
  });

  it('one of our own user that this rollback did not ask for is left alone', async () => {
    test.sim.hand.hangMigrations(vm);
    await test.cloud.compute.liveMigrate(vm, 'compute-1');
    await seconds(0.1);
    const report = await move(input(ABORT));
    expect(report.stuck?.own).toBe(false);
    test.sim.clearFaults();
  });
});

async function migrateAs(token: string, server: string, host: string): Promise<void> {
  const nova = test.sim.authUrl.replace('/identity/v3', '/compute/v2.1');
  const answer = await fetch(`${nova}/servers/${server}/action`, {
    method: 'POST',
    headers: {
      'x-auth-token': token,
      'content-type': 'application/json',
      'openstack-api-version': 'compute 2.90',
    },
    body: JSON.stringify({ 'os-migrateLive': { host, block_migration: 'auto' } }),
  });
  expect(answer.status).toBe(202);
}

it('a report leaves its places to the migration that goes on: nobody else gets them before the next call', async () => {
  await restart({
    simulated: { maxConcurrentLiveMigrations: 10 },
    settings: { worker_migrations_per_host: 1 },
  });
  const other = test.sim.addServer({ name: 'vm-2', host: 'compute-2' });
  const reported = stuckReport();
  await until(() => effects(test.sim, 'live-migrate', vm) === 1);
  const given = input();
  const waiting = attempt(
    test.activities,
    'liveMigrateServer',
    compensation({ ...given.work, serverId: other, serverName: 'vm-2' }, { rollback_id: 'other' }),
  );
  const stuck = await reported;
  const next = attempt(
    test.activities,
    'liveMigrateServer',
    input({ reported: stuck }, { asked: true }),
  );
  // Each look at the migration is a turn in which the other could have been asked for.
  const looks = (): number => test.sim.requestCounts()['GET /compute/v2.1/os-migrations'] ?? 0;
  const before = looks();
  await until(() => looks() > before + 10);
  expect(effects(test.sim, 'live-migrate', other)).toBe(0);
  for (const call of [waiting, next]) {
    call.cancel();
    await call.result.catch(() => undefined);
  }
});
