/** Live migration back: every precondition, every end, and each effect once. */
import { ApplicationFailure } from '@temporalio/common';
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
  vm = test.sim.addServer({ name: 'vm-1', host: 'compute-2' });
});
afterEach(() => test.close());

const work = (more: Partial<MoveServerWork> = {}): MoveServerWork => ({
  kind: 'live_migrate',
  serverId: vm,
  serverName: 'vm-1',
  from: 'compute-2',
  to: 'compute-1',
  allowCold: false,
  sinceMigrationId: 0,
  ...more,
});
const input = (more: Partial<MoveServerWork> = {}) => compensation(work(more));
const home = () => test.sim.snapshot().servers[vm];
const migrations = () => effects(test.sim, 'live-migrate', vm);

async function failureOf(promise: Promise<unknown>): Promise<ApplicationFailure> {
  const error = await promise.then(
    (value) => new Error(`did not fail: ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof ApplicationFailure) return error;
  throw error;
}

describe('moves a server', () => {
  it('and says so with its evidence; a second run finds nothing to do', async () => {
    const first = await run(test.activities, 'liveMigrateServer', input());
    expect(first).toMatchObject({ outcome: 'SUCCEEDED', now: { host: 'compute-1' } });
    expect(first.evidence.nova_request_id).toMatch(/^req-/);
    expect(first.evidence.migration_uuid).toMatch(/^[0-9a-f-]{36}$/);
    expect(home()).toMatchObject({ host: 'compute-1', status: 'ACTIVE' });

    const second = await run(test.activities, 'liveMigrateServer', input());
    expect(second.outcome).toBe('SUCCEEDED');
    expect(second.evidence.migration_uuid).toBe(first.evidence.migration_uuid);
    expect(migrations()).toBe(1);
  });

  it('that was on its host all the time: SKIPPED', async () => {
    const report = await run(
      test.activities,
      'liveMigrateServer',
      input({ from: 'compute-1', to: 'compute-2' }),
    );
    expect(report.outcome).toBe('SKIPPED');
    expect(migrations()).toBe(0);
  });

  it('that is PAUSED', async () => {
    test.sim.hand.setServerStatus(vm, 'PAUSED');
    const report = await run(test.activities, 'liveMigrateServer', input());
    expect(report.outcome).toBe('SUCCEEDED');
    expect(home()).toMatchObject({ host: 'compute-1', status: 'PAUSED' });
  });

  it('once, though two workers run the same attempt at once', async () => {
    await test.close();
    // Longer than a busy machine keeps one of them from asking: after its end nobody has anything to join.
    test = await startCloudForTest({ simulated: { times: { liveMigration: 2000 } } });
    for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name });
    vm = test.sim.addServer({ name: 'vm-1', host: 'compute-2' });
    const other = test.anotherWorker();
    const reports = await Promise.all([
      run(test.activities, 'liveMigrateServer', input()),
      run(other, 'liveMigrateServer', input()),
    ]);
    expect(reports.map((report) => report.outcome)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
    expect(migrations()).toBe(1);
  });

  it('once, though the answer to the request is lost', async () => {
    test.sim.inject({
      service: 'compute',
      action: 'os-migrateLive',
      effect: { kind: 'reset', when: 'after' },
    });
    const first = attempt(test.activities, 'liveMigrateServer', input());
    const lost = await failureOf(first.result);
    expect(lost).toMatchObject({ type: 'OpenStackUnreachable', nonRetryable: false });
    const retry = attempt(test.activities, 'liveMigrateServer', input(), {
      attempt: 2,
      heartbeatDetails: first.heartbeats.at(-1),
    });
    expect(await retry.result).toMatchObject({ outcome: 'SUCCEEDED' });
    expect(migrations()).toBe(1);
  });

  it('that waits in Nova’s queue: the time limit runs only from its start', async () => {
    await test.close();
    test = await startCloudForTest({
      simulated: { maxConcurrentLiveMigrations: 1, times: { liveMigration: 300 } },
      settings: { migration_timeout: 0.6 },
    });
    for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name });
    const servers = [1, 2, 3, 4].map((n) =>
      test.sim.addServer({ name: `vm-${n}`, host: 'compute-2' }),
    );
    const reports = await Promise.all(
      servers.map((serverId) =>
        run(test.activities, 'liveMigrateServer', compensation(work({ serverId }))),
      ),
    );
    expect(reports.map(outcomeOf)).toEqual(Array(4).fill('SUCCEEDED: '));
    expect(effects(test.sim, 'live-migrate')).toBe(4);
  });
});

describe('joins what is under way', () => {
  it('to the wanted host', async () => {
    await test.cloud.compute.liveMigrate(vm, 'compute-1');
    const report = await run(test.activities, 'liveMigrateServer', input());
    expect(report.outcome).toBe('SUCCEEDED');
    expect(migrations()).toBe(1);
  });

  it('to another host: waits for its end, then judges: moved by somebody', async () => {
    await test.cloud.compute.liveMigrate(vm, 'compute-3');
    const report = await run(test.activities, 'liveMigrateServer', input());
    expect(report).toMatchObject({ outcome: 'KEPT', now: { host: 'compute-3' } });
    expect(report.reason).toContain('compute-3');
    expect(migrations()).toBe(1);
  });

  it('after a worker ended in the middle: the next one takes over', async () => {
    const first = attempt(test.activities, 'liveMigrateServer', input());
    await until(() => migrations() === 1);
    const started = Date.now();
    first.cancel();
    await expect(first.result).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect(Date.now() - started).toBeLessThan(100);
    const next = await run(test.anotherWorker(), 'liveMigrateServer', input());
    expect(next.outcome).toBe('SUCCEEDED');
    expect(migrations()).toBe(1);
  });
});

describe('leaves alone', () => {
  it('a server that somebody moved elsewhere, unless drift is to be restored', async () => {
    test.sim.hand.migrate(vm, 'compute-3');
    const kept = await run(test.activities, 'liveMigrateServer', input());
    expect(kept.outcome).toBe('KEPT');
    expect(kept.reason).toContain('compute-3');
    expect(migrations()).toBe(0);
    const restored = await run(
      test.activities,
      'liveMigrateServer',
      compensation(work(), { on_drift: 'restore' }),
    );
    expect(restored.outcome).toBe('SUCCEEDED');
    expect(home()?.host).toBe('compute-1');
  });

  it.each([
    ['locked', () => test.sim.hand.lock(vm), /locked/],
    ['in ERROR', () => test.sim.hand.setServerStatus(vm, 'ERROR'), /ERROR/],
    ['SUSPENDED', () => test.sim.hand.setServerStatus(vm, 'SUSPENDED'), /SUSPENDED/],
    ['in VERIFY_RESIZE', () => test.sim.hand.setServerStatus(vm, 'VERIFY_RESIZE'), /confirm/],
  ])('a server that is %s', async (_what, change, reason) => {
    change();
    const report = await run(test.activities, 'liveMigrateServer', input());
    expect(report.outcome).toBe('KEPT');
    expect(report.reason).toMatch(reason);
    expect(test.sim.ledger.filter((entry) => entry.userId === test.sim.adminUserId)).toEqual([]);
  });

  it('a server that was deleted', async () => {
    test.sim.hand.deleteServer(vm);
    const report = await run(test.activities, 'liveMigrateServer', input());
    expect(outcomeOf(report)).toMatch(/^NOT_REVERSIBLE: .*deleted/);
  });

  it('a SHUTOFF one: it is to go cold', async () => {
    test.sim.hand.setServerStatus(vm, 'SHUTOFF');
    const report = await run(test.activities, 'liveMigrateServer', input());
    expect(report).toMatchObject({ outcome: 'OTHER_WAY', kind: 'cold_migrate' });
    expect(migrations()).toBe(0);
  });
});

describe('the destination', () => {
  it('is disabled: BLOCKED, naming it and why', async () => {
    test.sim.hand.setService('compute-1', { status: 'disabled', disabledReason: 'new disks' });
    const report = await run(test.activities, 'liveMigrateServer', input());
    expect(report).toMatchObject({ outcome: 'BLOCKED', needs: 'compute-1' });
    expect(report.reason).toContain('new disks');
    expect(migrations()).toBe(0);
  });

  it('is down: waited for, then BLOCKED', async () => {
    test.sim.hand.setService('compute-1', { state: 'down' });
    const report = await run(test.activities, 'liveMigrateServer', input());
    expect(report).toMatchObject({ outcome: 'BLOCKED', needs: 'compute-1' });
    expect(migrations()).toBe(0);
  });

  it('is down and comes up in time: the server goes there', async () => {
    test.sim.hand.setService('compute-1', { state: 'down' });
    const running = run(test.activities, 'liveMigrateServer', input());
    setTimeout(() => test.sim.hand.setService('compute-1', { state: 'up' }), 150);
    expect((await running).outcome).toBe('SUCCEEDED');
  });

  it('is gone: NOT_REVERSIBLE', async () => {
    test.sim.hand.removeHost('compute-1');
    const report = await run(test.activities, 'liveMigrateServer', input());
    expect(outcomeOf(report)).toMatch(/^NOT_REVERSIBLE: .*compute-1/);
  });

  it('has no room: NO_ROOM with Nova’s sentence', async () => {
    test.sim.addHost({ name: 'small', capacity: 1 });
    test.sim.addServer({ name: 'other', host: 'small' });
    const report = await run(test.activities, 'liveMigrateServer', input({ to: 'small' }));
    expect(outcomeOf(report)).toMatch(/^NO_ROOM: .*No valid host was found/);
    expect(report.now?.host).toBe('compute-2');
  });

  it('was disabled while the request was on its way: BLOCKED, not "no room"', async () => {
    test.sim.inject({
      service: 'compute',
      action: 'os-migrateLive',
      effect: { kind: 'delay', ms: 100 },
    });
    const running = run(test.activities, 'liveMigrateServer', input());
    await new Promise((resolve) => setTimeout(resolve, 60));
    test.sim.hand.setService('compute-1', { status: 'disabled', disabledReason: 'x' });
    expect(await running).toMatchObject({ outcome: 'BLOCKED', needs: 'compute-1' });
  });
});

describe('fails', () => {
  it('with Nova’s own reason', async () => {
    test.sim.failMigrations(vm, 'Live Migration failure: operation timed out');
    const failed = await failureOf(run(test.activities, 'liveMigrateServer', input()));
    expect(failed).toMatchObject({ type: 'MigrationFailed', nonRetryable: true });
    expect(failed.message).toContain('operation timed out');
    expect(home()?.host).toBe('compute-2');
  });

  it('where somebody aborted it: says so, and looks for no reason, of which Nova has none', async () => {
    test.sim.hand.hangMigrations(vm);
    const failed = failureOf(run(test.activities, 'liveMigrateServer', input()));
    await until(() => test.sim.hand.abortMigration(vm));
    expect(await failed).toMatchObject({
      type: 'MigrationFailed',
      message: 'vm-1 to compute-1: cancelled by somebody',
    });
    expect(test.sim.requests.filter(({ path }) => path.includes('instance-actions'))).toEqual([]);
    expect(home()).toMatchObject({ host: 'compute-2', status: 'ACTIVE' });
  });

  it('where the server cannot go live, and offers the cold way only where that is allowed', async () => {
    const reason = 'Migration pre-check error: instance has a PCI passthrough device';
    test.sim.failMigrations(vm, reason, 2);
    const failed = await failureOf(run(test.activities, 'liveMigrateServer', input()));
    expect(failed.type).toBe('MigrationFailed');
    const report = await run(test.activities, 'liveMigrateServer', input({ allowCold: true }));
    expect(report).toMatchObject({ outcome: 'OTHER_WAY', kind: 'cold_migrate' });
    expect(report.reason).toContain('passthrough');
  });

  it('after the time limit, and leaves the migration alone', async () => {
    await test.close();
    test = await startCloudForTest({
      simulated: { times: { liveMigration: 2000 } },
      settings: { migration_timeout: 0.2 },
    });
    for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name });
    vm = test.sim.addServer({ name: 'vm-1', host: 'compute-2' });
    const failed = await failureOf(run(test.activities, 'liveMigrateServer', input()));
    expect(failed).toMatchObject({ type: 'CompensationTimeout', nonRetryable: true });
    expect(failed.message).toContain('left to go on');
    expect(migrations()).toBe(1);
  });

  it('as busy where a task takes too long', async () => {
    await test.close();
    test = await startCloudForTest({
      simulated: { times: { start: 5000 } },
      settings: { busy_timeout: 0.2 },
    });
    for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name });
    vm = test.sim.addServer({ name: 'vm-1', host: 'compute-2', status: 'SHUTOFF' });
    await test.cloud.compute.startServer(vm);
    const failed = await failureOf(run(test.activities, 'liveMigrateServer', input()));
    expect(failed).toMatchObject({ type: 'ServerBusy', nonRetryable: true });
    expect(failed.message).toContain('powering-on');
    expect(migrations()).toBe(0);
  });

  it('not at all where the task ends in time', async () => {
    test.sim.hand.setServerStatus(vm, 'SHUTOFF');
    await test.cloud.compute.startServer(vm);
    expect((await run(test.activities, 'liveMigrateServer', input())).outcome).toBe('SUCCEEDED');
  });

  it('not at all where Nova said 409 because of a task that came in between', async () => {
    test.sim.inject({
      service: 'compute',
      action: 'os-migrateLive',
      times: 2,
      effect: {
        kind: 'status',
        status: 409,
        body: '{"conflictingRequest": {"code": 409, "message": "Cannot \'os-migrateLive\' instance x while it is in task_state image_snapshot"}}',
      },
    });
    expect((await run(test.activities, 'liveMigrateServer', input())).outcome).toBe('SUCCEEDED');
    expect(migrations()).toBe(1);
  });

  it('as gone where it is deleted meanwhile', async () => {
    const running = run(test.activities, 'liveMigrateServer', input());
    await until(() => migrations() === 1);
    test.sim.hand.deleteServer(vm);
    expect((await failureOf(running)).type).toBe('ServerGone');
  });

  it.each([
    [503, 'OpenStackUnreachable', false],
    [500, 'OpenStackUnreachable', false],
    [401, 'OpenStackUnauthorized', true],
    [403, 'OpenStackUnauthorized', true],
    [400, 'MigrationFailed', true],
  ])('where Nova answers %i to the request: %s', async (status, type, nonRetryable) => {
    test.sim.inject({
      service: 'compute',
      action: 'os-migrateLive',
      times: 10,
      effect: { kind: 'status', status },
    });
    const failed = await failureOf(run(test.activities, 'liveMigrateServer', input()));
    expect(failed).toMatchObject({ type, nonRetryable });
    expect(migrations()).toBe(0);
  });

  it('with the pause that Retry-After asks for', async () => {
    test.sim.inject({
      service: 'compute',
      action: 'os-migrateLive',
      effect: { kind: 'status', status: 429, headers: { 'Retry-After': '7' } },
    });
    const failed = await failureOf(run(test.activities, 'liveMigrateServer', input()));
    expect(failed).toMatchObject({ type: 'OpenStackUnreachable', nextRetryDelay: 7000 });
  });

  it('as unreachable, to be tried again, where a 202 leads to no record at all', async () => {
    test.sim.inject({
      service: 'compute',
      action: 'os-migrateLive',
      effect: { kind: 'status', status: 202 },
    });
    const failed = await failureOf(run(test.activities, 'liveMigrateServer', input()));
    expect(failed).toMatchObject({ type: 'OpenStackUnreachable', nonRetryable: false });
    expect(failed.message).toContain('no record');
  });
});

describe('while it waits', () => {
  it('heartbeats, and survives reads that fail in passing', async () => {
    await test.close();
    test = await startCloudForTest({
      simulated: { times: { liveMigration: 400 } },
      settings: { limits: { ...test.settings.limits, heartbeat_timeout: 0.15 } },
    });
    for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name });
    vm = test.sim.addServer({ name: 'vm-1', host: 'compute-2' });
    const running = attempt(test.activities, 'liveMigrateServer', input());
    await until(() => migrations() === 1);
    await until(() => running.heartbeats.length >= 3);
    for (const effect of [
      { kind: 'status', status: 503 },
      { kind: 'truncate' },
      { kind: 'reset', when: 'before' },
    ] as const) {
      test.sim.inject({ service: 'compute', method: 'GET', path: /os-migrations/, effect });
    }
    expect((await running.result).outcome).toBe('SUCCEEDED');
    expect(running.heartbeats.length).toBeGreaterThanOrEqual(7);
  });

  it('gives up the attempt, to be retried, when reads fail for too long', async () => {
    await test.close();
    test = await startCloudForTest({ simulated: { times: { liveMigration: 3000 } } });
    for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name });
    vm = test.sim.addServer({ name: 'vm-1', host: 'compute-2' });
    const running = run(test.activities, 'liveMigrateServer', input());
    await until(() => migrations() === 1);
    const effect = { kind: 'status', status: 503 } as const;
    test.sim.inject({ service: 'compute', method: 'GET', times: 10_000, effect });
    const failed = await failureOf(running);
    expect(failed).toMatchObject({ type: 'OpenStackUnreachable', nonRetryable: false });
  });
});
