/** startServer and revertResize. */
import type { RevertResizeWork, StartServerWork } from '../../src/domain/layout-types.js';
import type { CloudForTest } from '../support/cloud.js';
import {
  attempt,
  compensation,
  effects,
  outcomeOf,
  run,
  startCloudForTest,
} from '../support/cloud.js';

let test: CloudForTest;
let vm: string;

beforeEach(async () => {
  test = await startCloudForTest();
  for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name });
  vm = test.sim.addServer({ name: 'vm-1', host: 'compute-1', status: 'SHUTOFF' });
});
afterEach(() => test.close());

const lose = (action: string) =>
  test.sim.inject({ service: 'compute', action, effect: { kind: 'reset', when: 'after' } });

const startInput = () =>
  compensation<StartServerWork>({
    kind: 'start_server',
    serverId: vm,
    serverName: 'vm-1',
    host: 'compute-1',
  });

const starts = () => effects(test.sim, 'start', vm);

const reverts = () => effects(test.sim, 'revert-resize', vm);

describe('startServer', () => {
  it('starts once; then there is nothing to do', async () => {
    const report = await run(test.activities, 'startServer', startInput());
    expect(report).toMatchObject({ outcome: 'SUCCEEDED', now: { status: 'ACTIVE' } });
    expect(report.evidence.nova_request_id).toMatch(/^req-/);
    expect(outcomeOf(await run(test.activities, 'startServer', startInput()))).toMatch(/^SKIPPED/);
    expect(starts()).toBe(1);
  });

  it('once, though the answer is lost; the retry knows that it was us', async () => {
    lose('os-start');
    const first = attempt(test.activities, 'startServer', startInput());
    await expect(first.result).rejects.toMatchObject({ type: 'OpenStackUnreachable' });
    const retry = attempt(test.activities, 'startServer', startInput(), {
      attempt: 2,
      heartbeatDetails: first.heartbeats.at(-1),
    });
    expect((await retry.result).outcome).toBe('SUCCEEDED');
    expect(starts()).toBe(1);
  });

  it('joins a start under way', async () => {
    await test.cloud.compute.startServer(vm);
    await run(test.activities, 'startServer', startInput());
    expect(test.sim.snapshot().servers[vm]?.status).toBe('ACTIVE');
    expect(starts()).toBe(1);
  });

  it.each([
    ['ERROR', () => test.sim.hand.setServerStatus(vm, 'ERROR'), 'KEPT'],
    ['PAUSED', () => test.sim.hand.setServerStatus(vm, 'PAUSED'), 'KEPT'],
    ['locked', () => test.sim.hand.lock(vm), 'KEPT'],
    ['gone', () => test.sim.hand.deleteServer(vm), 'NOT_REVERSIBLE'],
  ])('leaves a server alone that is %s', async (_what, change, outcome) => {
    change();
    expect((await run(test.activities, 'startServer', startInput())).outcome).toBe(outcome);
    expect(starts()).toBe(0);
  });
});

describe('revertResize', () => {
  let migrationId: number;

  beforeEach(async () => {
    await test.cloud.compute.coldMigrate(vm, 'compute-2');
    await test.sim.settled();
    const [record] = await test.cloud.compute.listMigrations({ serverId: vm });
    migrationId = record?.id ?? 0;
  });
  const input = (more: Partial<RevertResizeWork> = {}) =>
    compensation<RevertResizeWork>({
      kind: 'revert_resize',
      serverId: vm,
      serverName: 'vm-1',
      from: 'compute-2',
      to: 'compute-1',
      migrationId,
      ...more,
    });

  it('reverts once', async () => {
    const report = await run(test.activities, 'revertResize', input());
    expect(report).toMatchObject({ outcome: 'SUCCEEDED', now: { host: 'compute-1' } });
    expect(test.sim.snapshot().servers[vm]).toMatchObject({ host: 'compute-1', status: 'SHUTOFF' });
    expect((await run(test.activities, 'revertResize', input())).outcome).toBe('SUCCEEDED');
    expect(reverts()).toBe(1);
  });

  it('once, though the answer is lost', async () => {
    lose('revertResize');
    await expect(run(test.activities, 'revertResize', input())).rejects.toMatchObject({
      type: 'OpenStackUnreachable',
    });
    expect((await run(test.activities, 'revertResize', input())).outcome).toBe('SUCCEEDED');
    expect(reverts()).toBe(1);
  });

  it('joins a revert under way', async () => {
    await test.cloud.compute.revertResize(vm);
    expect((await run(test.activities, 'revertResize', input())).outcome).toBe('SUCCEEDED');
    expect(reverts()).toBe(1);
  });

  it("never another resize than the plan's", async () => {
    const report = await run(
      test.activities,
      'revertResize',
      input({ migrationId: migrationId - 1 }),
    );
    expect(report.outcome).toBe('KEPT');
    expect(reverts()).toBe(0);
  });

  it('nothing that was confirmed since', async () => {
    await test.cloud.compute.confirmResize(vm);
    await test.sim.settled();
    const report = await run(test.activities, 'revertResize', input());
    expect(outcomeOf(report)).toMatch(/^KEPT: .*confirmed.*compute-2/);
    expect(reverts()).toBe(0);
  });

  it.each([
    ['ERROR', () => test.sim.hand.setServerStatus(vm, 'ERROR'), 'KEPT'],
    ['locked', () => test.sim.hand.lock(vm), 'KEPT'],
    ['gone', () => test.sim.hand.deleteServer(vm), 'NOT_REVERSIBLE'],
  ])('leaves a server alone that is %s', async (_what, change, outcome) => {
    change();
    expect((await run(test.activities, 'revertResize', input())).outcome).toBe(outcome);
    expect(reverts()).toBe(0);
  });
});
