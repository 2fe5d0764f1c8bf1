/** setComputeServiceStatus and setNodePowerState. */
import type { SetNodePowerWork, SetServiceStatusWork } from '../../src/domain/layout-types.js';
import { createActivities } from '../../activities/index.js';
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
let nodeId: string;
const HOST = 'compute-1';

beforeEach(async () => {
  test = await startCloudForTest();
  nodeId = test.sim.addHost({ name: HOST }).nodeId ?? '';
  test.sim.addHost({ name: 'compute-2' });
});
afterEach(() => test.close());

const service = () => test.sim.snapshot().services[HOST];
const own = () => test.sim.ledger.filter((entry) => entry.userId === test.sim.adminUserId);

const serviceInput = (to: 'enabled' | 'disabled', reason: string | null = 'watcher_maintaining') =>
  compensation<SetServiceStatusWork>({ kind: 'set_service_status', host: HOST, to, reason });

const disable = (disabledReason: string | null) =>
  test.sim.hand.setService(HOST, { status: 'disabled', disabledReason });

const powerInput = (to: 'power on' | 'power off', host: string | null = HOST) =>
  compensation<SetNodePowerWork>({
    kind: 'set_node_power',
    nodeId,
    nodeName: HOST,
    host,
    to,
    reason: 'rollback of plan x',
  });

const power = () => test.sim.snapshot().nodes[nodeId]?.powerState;

const offs = () => effects(test.sim, 'soft-power-off', nodeId);

const turnOff = () => test.sim.hand.setNode(nodeId, { powerState: 'power off' });

describe('setComputeServiceStatus', () => {
  it('enables what is disabled with exactly the plan’s reason, once', async () => {
    disable('watcher_maintaining');
    const report = await run(test.activities, 'setComputeServiceStatus', serviceInput('enabled'));
    expect(report).toMatchObject({ outcome: 'SUCCEEDED', now: { status: 'enabled' } });
    const second = await run(test.activities, 'setComputeServiceStatus', serviceInput('enabled'));
    expect(second.outcome).toBe('SKIPPED');
    expect(own()).toHaveLength(1);
    expect(service()).toMatchObject({ status: 'enabled', disabledReason: null });
  });

  it('knows after a lost answer that it was us', async () => {
    disable('watcher_maintaining');
    test.sim.inject({
      service: 'compute',
      method: 'PUT',
      effect: { kind: 'reset', when: 'after' },
    });
    const first = attempt(test.activities, 'setComputeServiceStatus', serviceInput('enabled'));
    await expect(first.result).rejects.toMatchObject({ type: 'OpenStackUnreachable' });
    const retry = attempt(test.activities, 'setComputeServiceStatus', serviceInput('enabled'), {
      attempt: 2,
      heartbeatDetails: first.heartbeats.at(-1),
    });
    expect((await retry.result).outcome).toBe('SUCCEEDED');
    expect(own()).toHaveLength(1);
  });

  it.each([
    ['another reason', () => disable('new disks'), /new disks/],
    ['no reason', () => disable(null), /none given/],
    ['Nova itself', () => disable('AUTO: Connection to libvirt lost'), /AUTO:/],
    [
      'a forced down',
      () => {
        disable('watcher_maintaining');
        test.sim.hand.setService(HOST, { forcedDown: true });
      },
      /forced down/,
    ],
  ])('leaves alone what is disabled for %s', async (_what, change, reason) => {
    change();
    const report = await run(test.activities, 'setComputeServiceStatus', serviceInput('enabled'));
    expect(outcomeOf(report)).toMatch(/^KEPT/);
    expect(report.reason).toMatch(reason);
    expect(own()).toEqual([]);
  });

  it('disables with the reason given, once, and never overwrites another', async () => {
    const report = await run(
      test.activities,
      'setComputeServiceStatus',
      serviceInput('disabled', 'ours'),
    );
    expect(report.outcome).toBe('SUCCEEDED');
    expect(service()).toMatchObject({ status: 'disabled', disabledReason: 'ours' });
    const again = await run(
      test.activities,
      'setComputeServiceStatus',
      serviceInput('disabled', 'ours'),
    );
    expect(again.outcome).toBe('SKIPPED');
    const other = await run(
      test.activities,
      'setComputeServiceStatus',
      serviceInput('disabled', 'other'),
    );
    expect(other.outcome).toBe('KEPT');
    expect(own()).toHaveLength(1);
  });

  it('cannot do anything for a host that is gone', async () => {
    test.sim.hand.removeHost(HOST);
    const report = await run(test.activities, 'setComputeServiceStatus', serviceInput('enabled'));
    expect(report.outcome).toBe('NOT_REVERSIBLE');
  });
});

describe('setNodePowerState', () => {
  it('on: waits until nova-compute is up; once', async () => {
    turnOff();
    expect(service()?.state).toBe('down');
    const report = await run(test.activities, 'setNodePowerState', powerInput('power on'));
    expect(outcomeOf(report)).toBe('SUCCEEDED: ');
    expect(service()?.state).toBe('up');
    const again = await run(test.activities, 'setNodePowerState', powerInput('power on'));
    expect(again.outcome).toBe('SKIPPED');
    expect(effects(test.sim, 'power-on', nodeId)).toBe(1);
  });

  it('a cancel while Ironic says that the node is reserved: it is not asked again', async () => {
    turnOff();
    test.sim.inject({
      service: 'baremetal',
      method: 'PUT',
      times: 1,
      effect: { kind: 'status', status: 409, body: JSON.stringify({ error_message: 'locked' }) },
    });
    const { baremetal } = test.cloud;
    const ask = baremetal.setPowerState.bind(baremetal);
    let asked = 0;
    baremetal.setPowerState = async (...given) => {
      asked += 1;
      try {
        return await ask(...given);
      } catch (error) {
        turning.cancelRollback();
        throw error;
      }
    };
    const turning = attempt(test.activities, 'setNodePowerState', powerInput('power on'));
    await expect(turning.result).rejects.toMatchObject({ name: 'CancelledFailure' });
    expect(asked).toBe(1);
    expect(power()).toBe('power off');
  });

  it('on, and nova-compute does not come up: restored, and said so', async () => {
    await test.close();
    test = await startCloudForTest({
      simulated: { times: { hostBoot: 60_000 } },
      settings: { host_up_timeout: 0.2 },
    });
    nodeId = test.sim.addHost({ name: HOST }).nodeId ?? '';
    turnOff();
    const report = await run(test.activities, 'setNodePowerState', powerInput('power on'));
    expect(outcomeOf(report)).toMatch(/^SUCCEEDED: .*not up/);
  });

  it('joins a change to the wanted state', async () => {
    await test.close();
    // Longer than a busy machine takes to look: else there is nothing to join.
    test = await startCloudForTest({
      simulated: { times: { power: 1500 } },
      settings: { power_timeout: 10 },
    });
    nodeId = test.sim.addHost({ name: HOST }).nodeId ?? '';
    turnOff();
    await test.cloud.baremetal.setPowerState(nodeId, 'power on', null);
    expect((await run(test.activities, 'setNodePowerState', powerInput('power on'))).outcome).toBe(
      'SUCCEEDED',
    );
    expect(effects(test.sim, 'power-on', nodeId)).toBe(1);
  });

  it('off: softly, and the service is as it was; once', async () => {
    const report = await run(test.activities, 'setNodePowerState', powerInput('power off'));
    expect(outcomeOf(report)).toBe('SUCCEEDED: ');
    expect(power()).toBe('power off');
    expect(service()).toMatchObject({ status: 'enabled', disabledReason: null });
    expect(own().map((entry) => entry.effect)).toEqual(
      expect.arrayContaining(['disable-service', 'soft-power-off', 'enable-service']),
    );
    const again = await run(test.activities, 'setNodePowerState', powerInput('power off'));
    expect(again.outcome).toBe('SKIPPED');
    expect(offs()).toBe(1);
  });

  it('off: a service that was disabled stays so, with its reason, even with our own', async () => {
    for (const disabledReason of ['new disks', 'rollback of plan x']) {
      test.sim.hand.setNode(nodeId, { powerState: 'power on' });
      test.sim.hand.setService(HOST, { status: 'disabled', disabledReason, state: 'up' });
      await run(test.activities, 'setNodePowerState', powerInput('power off'));
      expect(power()).toBe('power off');
      expect(service()).toMatchObject({ status: 'disabled', disabledReason });
    }
  });

  it('off: once, though the answer is lost: the node itself tells', async () => {
    test.sim.inject({
      service: 'baremetal',
      method: 'PUT',
      effect: { kind: 'reset', when: 'after' },
    });
    const report = await run(test.activities, 'setNodePowerState', powerInput('power off'));
    expect(report.outcome).toBe('SUCCEEDED');
    expect(offs()).toBe(1);
    expect(service()).toMatchObject({ status: 'enabled', disabledReason: null });
  });

  it('off: a retry after it went off puts the service back', async () => {
    const first = attempt(test.activities, 'setNodePowerState', powerInput('power off'));
    await until(() => offs() === 1);
    first.cancel();
    await first.result.catch(() => undefined);
    await test.sim.settled();
    expect(service()?.status).toBe('disabled');
    const retry = attempt(test.activities, 'setNodePowerState', powerInput('power off'), {
      attempt: 2,
      heartbeatDetails: first.heartbeats.at(-1),
    });
    expect((await retry.result).outcome).toBe('SUCCEEDED');
    expect(offs()).toBe(1);
    expect(service()).toMatchObject({ status: 'enabled', disabledReason: null });
  });

  it('off: a node that is still going off when the time is over keeps its service disabled', async () => {
    const slow = await startCloudForTest({ simulated: { times: { power: 3000 } } });
    try {
      const { nodeId: slowNode } = slow.sim.addHost({ name: HOST });
      const { work } = powerInput('power off');
      const late = run(
        slow.activities,
        'setNodePowerState',
        compensation({ ...work, nodeId: slowNode ?? '' }),
      );
      await expect(late).rejects.toMatchObject({ type: 'PowerFailed' });
      expect(slow.sim.snapshot().services[HOST]?.status).toBe('disabled');
    } finally {
      await slow.close();
    }
  });

  it('off: a worker that ends in the middle leaves it to the next one', async () => {
    const first = attempt(test.activities, 'setNodePowerState', powerInput('power off'));
    await until(() => offs() === 1);
    first.cancel();
    await expect(first.result).rejects.toMatchObject({ name: 'CancelledFailure' });
    const next = await run(test.anotherWorker(), 'setNodePowerState', powerInput('power off'));
    expect(next.outcome).not.toBe('KEPT');
    expect(offs()).toBe(1);
    expect(service()).toMatchObject({ status: 'enabled', disabledReason: null });
  });

  it.each(['ACTIVE', 'SHUTOFF', 'ERROR'] as const)(
    'off: not while a server that is %s is there; the service is put back',
    async (status) => {
      test.sim.addServer({ name: 'vm-9', host: HOST, status });
      const report = await run(test.activities, 'setNodePowerState', powerInput('power off'));
      expect(report).toMatchObject({ outcome: 'BLOCKED', needs: HOST });
      expect(report.reason).toContain('vm-9');
      expect(power()).toBe('power on');
      expect(offs()).toBe(0);
      expect(service()).toMatchObject({ status: 'enabled', disabledReason: null });
    },
  );

  it('off: not while a migration has an end there', async () => {
    const vm = test.sim.addServer({ name: 'vm-9', host: HOST, status: 'SHUTOFF' });
    await test.cloud.compute.coldMigrate(vm, 'compute-2');
    await test.sim.settled();
    const report = await run(test.activities, 'setNodePowerState', powerInput('power off'));
    expect(outcomeOf(report)).toMatch(/^BLOCKED: .*finished migration/);
    expect(offs()).toBe(0);
  });

  it('off: a cancel that comes once the service is disabled lets it come to its end', async () => {
    test.sim.inject({
      service: 'compute',
      path: /os-migrations/,
      effect: { kind: 'delay', ms: 300 },
    });
    const going = attempt(test.activities, 'setNodePowerState', powerInput('power off'));
    await until(() => service()?.status === 'disabled');
    expect(offs()).toBe(0);
    going.cancelRollback();
    expect((await going.result).outcome).toBe('SUCCEEDED');
    expect(power()).toBe('power off');
    expect(service()).toMatchObject({ status: 'enabled', disabledReason: null });
  });

  it('off: refused for good while the host is looked at, the service is put back', async () => {
    test.sim.inject({
      service: 'compute',
      path: /os-migrations/,
      effect: { kind: 'status', status: 403 },
    });
    const refused = run(test.activities, 'setNodePowerState', powerInput('power off'));
    await expect(refused).rejects.toMatchObject({ type: 'OpenStackUnauthorized' });
    expect(service()).toMatchObject({ status: 'enabled', disabledReason: null });
    expect(offs()).toBe(0);
  });

  it('off: while Ironic is away the service stays disabled for the next attempt', async () => {
    const effect = { kind: 'status', status: 503 } as const;
    const first = run(test.activities, 'setNodePowerState', powerInput('power off'));
    await until(() => offs() === 1);
    test.sim.inject({ service: 'baremetal', method: 'GET', times: 10_000, effect });
    await expect(first).rejects.toMatchObject({
      type: 'OpenStackUnreachable',
      nonRetryable: false,
    });
    expect(service()?.status).toBe('disabled');
    test.sim.clearFaults();
    await run(test.activities, 'setNodePowerState', powerInput('power off'));
    expect(offs()).toBe(1);
    expect(service()).toMatchObject({ status: 'enabled', disabledReason: null });
  });

  describe('off: a service that an attempt before disabled is put back', () => {
    const mark = 'rollback of plan x (until its node is off)';
    const back = { status: 'enabled', disabledReason: null };
    beforeEach(() => disable(mark));

    it('where nothing new may be asked for any more', async () => {
      const input = { ...powerInput('power off'), asked: true, follow_only: true };
      const report = await run(test.activities, 'setNodePowerState', input);
      expect(report.outcome).toBe('NOT_ASKED');
      expect(service()).toMatchObject(back);
      expect(offs()).toBe(0);
    });

    it('where all rollbacks are stopped', async () => {
      const { cloud, settings } = test;
      const stop = { stopped: true, reason: 'look first', by: 'anna', since: null };
      const stopSwitch = { recent: () => Promise.resolve(stop) };
      const stopped = createActivities({ cloud, settings, stopSwitch });
      const report = await run(stopped, 'setNodePowerState', powerInput('power off'));
      expect(report.outcome).toBe('STOPPED');
      expect(service()).toMatchObject(back);
      expect(offs()).toBe(0);
    });

    it.each([
      ['the rollback is cancelled', 'cancelRollback', 'enabled'],
      ['not where only the worker ends', 'cancel', 'disabled'],
    ] as const)('where %s', async (_, how, status) => {
      const effect = { kind: 'delay', ms: 300 } as const;
      const path = /os-migrations/;
      const before = test.sim.requests.length;
      test.sim.inject({ service: 'compute', path, times: 20, effect });
      const going = attempt(test.activities, 'setNodePowerState', powerInput('power off'));
      await until(() => test.sim.requests.slice(before).some((one) => path.test(one.path)));
      going[how]();
      await expect(going.result).rejects.toMatchObject({ name: 'CancelledFailure' });
      expect(service()?.status).toBe(status);
      expect(offs()).toBe(0);
    });
  });

  it('off: hard only where permitted', async () => {
    test.sim.hand.setNode(nodeId, { ignoresSoftPowerOff: true });
    const failing = run(test.activities, 'setNodePowerState', powerInput('power off'));
    await expect(failing).rejects.toMatchObject({ type: 'PowerFailed', nonRetryable: true });
    expect(effects(test.sim, 'power-off', nodeId)).toBe(0);
    expect(service()).toMatchObject({ status: 'enabled', disabledReason: null });

    test.settings.hard_power_off = true;
    const hard = await run(test.anotherWorker(), 'setNodePowerState', powerInput('power off'));
    expect(hard.outcome).toBe('SUCCEEDED');
    expect(effects(test.sim, 'power-off', nodeId)).toBe(1);
  });

  it('waits for a node that a conductor holds', async () => {
    turnOff();
    test.sim.hand.setNode(nodeId, { reservation: 'conductor-1' });
    const running = run(test.activities, 'setNodePowerState', powerInput('power on'));
    setTimeout(() => test.sim.hand.setNode(nodeId, { reservation: null }), 100);
    expect((await running).outcome).toBe('SUCCEEDED');
    expect(effects(test.sim, 'power-on', nodeId)).toBe(1);
  });

  it.each([
    ['in maintenance', { maintenance: true }, /maintenance/],
    ['faulty', { fault: 'power failure' }, /power failure/],
    ['in transition to elsewhere', { targetPowerState: 'rebooting' }, /rebooting/],
  ])('leaves a node alone that is %s', async (_what, change, reason) => {
    test.sim.hand.setNode(nodeId, change);
    const report = await run(test.activities, 'setNodePowerState', powerInput('power off'));
    expect(report.outcome).toBe('KEPT');
    expect(report.reason).toMatch(reason);
    expect(own()).toEqual([]);
  });

  it('cannot do anything for a node that is gone', async () => {
    test.sim.hand.removeHost(HOST);
    const report = await run(test.activities, 'setNodePowerState', powerInput('power on'));
    expect(report.outcome).toBe('NOT_REVERSIBLE');
  });
});
