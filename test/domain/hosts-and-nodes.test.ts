/** Compute services and node power: proof, what is never ours, drift, and the reasons written. */
import { HostIndex } from '../../src/domain/hosts.js';
import { at, host, laidOut, node, only, PLAN, power, service } from './facts-builder.js';

const disabled = (reason: string | null) =>
  host('a', { status: 'disabled', disabledReason: reason });

describe('change_nova_service_state', () => {
  const DISABLED = { actions: [service('a', 'disabled', 'maint')], hosts: [disabled('maint')] };

  test('disabled by the plan: enabled again, only with exactly that reason', () => {
    expect(only(DISABLED)).toMatchObject({
      state: 'PENDING',
      kind: 'set_service_status',
      resource_type: 'compute_service',
      resource_id: 'a',
      before: { status: 'enabled', inferred: true },
      after: { status: 'disabled', disabled_reason: 'maint' },
      now: { status: 'disabled', disabled_reason: 'maint' },
      work: { kind: 'set_service_status', host: 'a', to: 'enabled', reason: 'maint' },
    });
  });

  test.each([
    ['a', undefined],
    ['hypervisor-a', 'a'],
    ['hypervisor-a', undefined],
    ['a.example.org', 'a.example.org'],
  ])('the host is found by resource_id %s and resource_name %s', (resource_id, resource_name) => {
    const parameters = {
      resource_id,
      ...(resource_name && { resource_name }),
      state: 'disabled',
      disabled_reason: 'maint',
    };
    const one = only({ ...DISABLED, actions: [{ ...service('a', '', null), parameters }] });
    expect(one.work).toMatchObject({ host: 'a', to: 'enabled' });
  });

  test('no reason given: enabled only where there is none', () => {
    const actions = [service('a', 'disabled', null)];
    expect(only({ actions, hosts: [disabled(null)] }).work).toMatchObject({
      to: 'enabled',
      reason: null,
    });
    expect(only({ actions, hosts: [disabled('broken disk')] }).state).toBe('KEPT');
  });

  test.each([
    [disabled('broken disk'), 'broken disk'],
    [disabled(null), 'without a reason'],
    [disabled('AUTO: Failed to build 10 times'), 'Nova itself'],
    [host('a', { status: 'disabled', disabledReason: 'maint', forcedDown: true }), 'forced down'],
  ])('never ours: KEPT under every policy (%#)', (now, word) => {
    for (const on_drift of ['keep', 'restore', 'fail'] as const) {
      const one = only({ ...DISABLED, hosts: [now] }, { on_drift });
      expect(one).toMatchObject({ state: 'KEPT', work: null });
      expect(one.reason).toContain(word);
    }
  });

  test('enabled by the plan: disabled again with our reason, naming the plan', () => {
    const one = only({ actions: [service('a', 'enabled', null)], hosts: [host('a')] });
    expect(one.work).toMatchObject({
      to: 'disabled',
      reason: `watcher-rollback: action plan ${PLAN}`,
    });
  });

  test('… or with the first reason, where the plan says it', () => {
    const one = only({ actions: [service('a', 'enabled', 'spare')], hosts: [host('a')] });
    expect(one.work).toMatchObject({ to: 'disabled', reason: 'spare' });
  });

  test('as before already: SKIPPED', () => {
    expect(only({ ...DISABLED, hosts: [host('a')] }).state).toBe('SKIPPED');
  });

  test.each(['FAILED', 'CANCELLED', 'CANCELLING', 'ONGOING'])(
    '%s: the reason proves it',
    (state) => {
      const actions = [service('a', 'disabled', 'maint', { state })];
      expect(only({ actions, hosts: [disabled('maint')] }).state).toBe('PENDING');
      expect(only({ actions, hosts: [disabled('other')] }).state).toBe('NOT_REVERSIBLE');
      expect(only({ actions, hosts: [host('a')] }).state).toBe('SKIPPED');
    },
  );

  test('an enabling cannot be proved', () => {
    const actions = [service('a', 'enabled', null, { state: 'FAILED' })];
    expect(only({ actions, hosts: [host('a')] }).state).toBe('NOT_REVERSIBLE');
  });

  test('disabled, then enabled: one compensation, and nothing to do', () => {
    const actions = [
      service('a', 'disabled', 'maint', { uuid: 'off', updatedAt: at(10) }),
      service('a', 'enabled', null, { uuid: 'on', updatedAt: at(20) }),
    ];
    const [off, on] = laidOut({ actions, hosts: [host('a')] });
    expect(off).toMatchObject({ state: 'SKIPPED', before: { status: 'enabled' } });
    expect(on?.reason).toContain('action off');
  });

  test('a FAILED disabling before an enabling: nobody knows what it was, so it is not disabled', () => {
    const actions = [
      service('a', 'disabled', 'maint', { state: 'FAILED', updatedAt: at(10) }),
      service('a', 'enabled', null, { updatedAt: at(20) }),
    ];
    expect(laidOut({ actions, hosts: [host('a')] })[1]?.state).toBe('NOT_REVERSIBLE');
  });

  test('a reason written later by a SUCCEEDED action does not prove an earlier FAILED one', () => {
    const actions = [
      service('a', 'disabled', 'maint', { state: 'FAILED', updatedAt: at(10) }),
      service('a', 'enabled', null, { updatedAt: at(20) }),
      service('a', 'disabled', 'maint', { updatedAt: at(30) }),
    ];
    const states = laidOut({ actions, hosts: [disabled('maint')] }).map(({ state }) => state);
    expect(states).toEqual(['SKIPPED', 'NOT_REVERSIBLE', 'SKIPPED']);
  });

  test('a FAILED enabling before a disabling does not keep the host down', () => {
    const actions = [
      service('a', 'enabled', null, { state: 'FAILED', updatedAt: at(10) }),
      service('a', 'disabled', 'maint', { updatedAt: at(20) }),
    ];
    expect(laidOut({ actions, hosts: [disabled('maint')] })[1]?.state).toBe('PENDING');
  });

  test('the host is gone', () => {
    const one = only({ ...DISABLED, hosts: [] });
    expect(one.state).toBe('NOT_REVERSIBLE');
    expect(one.reason).toContain('gone');
  });

  test.each([
    [{ state: 'disabled' }, 'resource_id'],
    [{ resource_id: 'a' }, 'state'],
    [{ resource_id: 'a', state: 7 }, 'state'],
  ])('parameter missing or unusable: %j names it', (parameters, name) => {
    const one = only({ actions: [{ ...service('a', '', null), parameters }] });
    expect(one.state).toBe('NOT_REVERSIBLE');
    expect(one.reason).toContain(`"${name}"`);
  });

  test('hosts "keep": KEPT saying so, and no drift', () => {
    for (const on_drift of ['keep', 'fail'] as const) {
      const one = only(DISABLED, { hosts: 'keep', on_drift });
      expect(one.state).toBe('KEPT');
      expect(one.reason).toContain('hosts is "keep"');
    }
  });
});

const off = (given = {}) =>
  node('n', { powerState: 'power off', hypervisorId: 'hypervisor-a', ...given });
const on = (given = {}) => node('n', { hypervisorId: 'hypervisor-a', ...given });

describe('change_node_power_state', () => {
  test('off: powered on again', () => {
    expect(only({ actions: [power('n', 'off')], nodes: [off()] })).toMatchObject({
      state: 'PENDING',
      resource_type: 'node',
      before: { power_state: 'power on', inferred: true },
      work: { kind: 'set_node_power', nodeId: 'n', host: 'a', to: 'power on' },
    });
  });

  test('on: powered off again, with our reason for its service', () => {
    expect(only({ actions: [power('n', 'on')], nodes: [on()] }).work).toMatchObject({
      to: 'power off',
      host: 'a',
      reason: `watcher-rollback: action plan ${PLAN}`,
    });
  });

  test.each([null, 'hypervisor-gone'])('off needs to know the compute host: %s', (hypervisorId) => {
    const actions = [power('n', 'on')];
    expect(only({ actions, nodes: [on({ hypervisorId })] }).state).toBe('NOT_REVERSIBLE');
    const back = { actions: [power('n', 'off')], nodes: [off({ hypervisorId })] };
    expect(only(back).work).toMatchObject({ to: 'power on', host: null });
  });

  test.each([
    [{ maintenance: true, maintenanceReason: 'fan' }, 'maintenance ("fan")'],
    [{ fault: 'power failure' }, 'power failure'],
    [{ targetPowerState: 'power on' }, 'transition'],
    [{ targetProvisionState: 'available' }, 'transition'],
    [{ provisionState: 'cleaning' }, 'transition'],
    [{ reservation: 'conductor-1' }, 'conductor-1'],
  ])('never ours: %j is KEPT under every policy', (given, word) => {
    for (const on_drift of ['keep', 'restore', 'fail'] as const) {
      const one = only({ actions: [power('n', 'off')], nodes: [off(given)] }, { on_drift });
      expect(one.state).toBe('KEPT');
      expect(one.reason).toContain(word);
    }
  });

  test('as before: SKIPPED; gone: NOT_REVERSIBLE; neither: drift', () => {
    const actions = [power('n', 'off')];
    expect(only({ actions, nodes: [on()] }).state).toBe('SKIPPED');
    expect(only({ actions, nodes: [] }).reason).toContain('no longer exists');
    expect(only({ actions, nodes: [on({ powerState: 'error' })] }).state).toBe('KEPT');
  });

  test.each(['FAILED', 'CANCELLED', 'ONGOING'])('%s cannot be proved', (state) => {
    const actions = [power('n', 'off', { state })];
    expect(only({ actions, nodes: [off()] }).state).toBe('NOT_REVERSIBLE');
    expect(only({ actions, nodes: [on()] }).state).toBe('SKIPPED');
  });

  test('hosts "keep": KEPT saying so', () => {
    const one = only({ actions: [power('n', 'off')], nodes: [off()] }, { hosts: 'keep' });
    expect(one.reason).toContain('hosts is "keep"');
  });

  test.each([
    [{ state: 'off' }, 'resource_id'],
    [{ resource_id: 'n', state: 'sideways' }, 'state'],
  ])('parameters %j: NOT_REVERSIBLE naming %s', (parameters, name) => {
    const one = only({ actions: [{ ...power('n', 'off'), parameters }], nodes: [off()] });
    expect(one.reason).toContain(`"${name}"`);
  });
});

describe('host names', () => {
  test('the service host goes first, a hostname of two hosts names nobody', () => {
    const index = new HostIndex([
      host('a', { hypervisorHostname: 'b' }),
      host('b', { hypervisorHostname: 'twin' }),
      host('c', { hypervisorHostname: 'twin' }),
    ]);
    expect(index.resolve('b')?.name).toBe('b');
    expect(index.resolve('hypervisor-c')?.name).toBe('c');
    expect(index.resolve('twin')).toBeUndefined();
    expect(index.resolve('nobody')).toBeUndefined();
  });
});
