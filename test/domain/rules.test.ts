/** Rules over all kinds: drift, newer plans, running plans, other action types, stops, selection, order. */
import { needsInstanceActions } from '../../src/domain/layout.js';
import type { Action, Facts, OtherPlan } from '../../src/domain/facts.js';
import { summaryOf } from '../../src/domain/report.js';
import {
  action,
  at,
  facts,
  host,
  instanceStop,
  laidOut,
  migrate,
  node,
  only,
  OTHER_USER,
  power,
  record,
  refusal,
  server,
  service,
  stop,
} from './facts-builder.js';

const MOVED = {
  actions: [migrate('vm', 'a', 'b', { uuid: 'move' })],
  servers: [server('vm', 'b')],
  migrations: [record(1, 'vm', 'a', 'b')],
};
const BY_HAND = {
  ...MOVED,
  servers: [server('vm', 'c')],
  migrations: [
    ...MOVED.migrations,
    record(2, 'vm', 'b', 'c', { createdAt: at(400), updatedAt: at(410), userId: OTHER_USER }),
  ],
};
const other = (state: string, actions: Action[]): OtherPlan => ({
  plan: { uuid: 'plan-2', state, strategyName: null, createdAt: at(300), updatedAt: at(400) },
  actions,
});

describe('drift', () => {
  test('keep: KEPT, saying where it is now and since when', () => {
    const one = only(BY_HAND);
    expect(one).toMatchObject({ state: 'KEPT', kind: null, now: { host: 'c', since: at(410) } });
    expect(one.reason).toContain(`is on c since ${at(410)}`);
  });
  test('restore: restored from where it is now', () => {
    expect(only(BY_HAND, { on_drift: 'restore' }).work).toMatchObject({ from: 'c', to: 'a' });
  });
  test('fail: refused, naming what drifted, ten at most', () => {
    const many = Array.from({ length: 12 }, (_, index) => `vm-${index}.`);
    const refused = refusal(
      {
        actions: many.map((id) => migrate(id, 'a', 'b')),
        servers: many.map((id) => server(id, 'c')),
      },
      { on_drift: 'fail' },
    );
    expect(refused.type).toBe('DriftFound');
    expect(many.filter((id) => refused.message.includes(id))).toHaveLength(10);
    expect(refused.message).toContain('2 more');
  });
  test('fail: not where nothing drifted', () => {
    expect(only(MOVED, { on_drift: 'fail' }).state).toBe('PENDING');
  });
});

describe('the newer plan wins', () => {
  test.each([
    [
      'moved',
      {
        ...MOVED,
        otherPlans: [other('SUCCEEDED', [migrate('vm', 'b', 'c', { updatedAt: at(400) })])],
      },
    ],
    [
      'home',
      {
        ...MOVED,
        servers: [server('vm', 'a')],
        otherPlans: [other('SUCCEEDED', [migrate('vm', 'b', 'a', { updatedAt: at(400) })])],
      },
    ],
    [
      'disabled',
      {
        actions: [service('a', 'disabled', 'r')],
        hosts: [host('a', { status: 'disabled', disabledReason: 'r' })],
        otherPlans: [
          other('SUCCEEDED', [service('hypervisor-a', 'disabled', 'r', { updatedAt: at(400) })]),
        ],
      },
    ],
    [
      'powered',
      {
        actions: [power('n', 'off')],
        nodes: [node('n', { powerState: 'power off' })],
        otherPlans: [other('FAILED', [power('n', 'off', { updatedAt: at(400) })])],
      },
    ],
    [
      'stopped',
      {
        actions: [stop('vm')],
        servers: [server('vm', 'a', { status: 'SHUTOFF' })],
        otherPlans: [other('SUCCEEDED', [stop('vm', { updatedAt: at(400) })])],
      },
    ],
  ])('%s: KEPT whatever the value, naming that plan', (_, given) => {
    const one = only(given);
    expect(one).toMatchObject({ state: 'KEPT', evidence: { action_plan_uuid: 'plan-2' } });
    expect(one.reason).toContain('plan-2');
    expect(refusal(given, { on_drift: 'fail' }).type).toBe('DriftFound');
  });
  test('an older plan, a failed action and another property do not count', () => {
    const plans = [
      other('SUCCEEDED', [migrate('vm', 'b', 'c', { updatedAt: at(90) })]),
      other('SUCCEEDED', [migrate('vm', 'b', 'c', { updatedAt: at(400), state: 'FAILED' })]),
      other('SUCCEEDED', [stop('vm', { updatedAt: at(400) })]),
    ];
    expect(only({ ...MOVED, otherPlans: plans }).state).toBe('PENDING');
  });
});

describe('another plan that is running', () => {
  const DISABLED = {
    actions: [service('a', 'disabled', 'r')],
    hosts: [host('a', { status: 'disabled', disabledReason: 'r' }), host('b')],
  };
  test.each(['ONGOING', 'PENDING', 'CANCELLING'])(
    '%s on the same server: refused, naming both',
    (state) => {
      const refused = refusal({
        ...MOVED,
        otherPlans: [other(state, [stop('vm', { state: 'PENDING' })])],
      });
      expect(refused.type).toBe('OtherPlanOngoing');
      expect(refused.message).toContain('plan-2');
      expect(refused.message).toContain('server vm');
    },
  );
  test('on the same host, by another name, or by its node', () => {
    const nodes = [node('n', { powerState: 'power off', hypervisorId: 'hypervisor-a' })];
    const theirs = other('ONGOING', [service('a.example.org', 'enabled', null)]);
    expect(refusal({ ...DISABLED, otherPlans: [theirs] }).message).toContain('compute host a');
    const ours = { actions: [power('n', 'off')], nodes };
    expect(refusal({ ...ours, otherPlans: [theirs] }).type).toBe('OtherPlanOngoing');
    expect(
      refusal({ ...ours, otherPlans: [other('ONGOING', [power('n', 'on')])] }).message,
    ).toContain('node n');
  });
  test('a destination in common is not sharing, nor is a plan that has ended', () => {
    const theirs = [migrate('vm-2', 'c', 'b'), migrate('vm-3', 'a', 'c')];
    expect(only({ ...MOVED, otherPlans: [other('ONGOING', theirs)] }).state).toBe('PENDING');
    expect(only({ ...MOVED, otherPlans: [other('SUCCEEDED', [stop('vm')])] }).state).toBe(
      'PENDING',
    );
    expect(only({ ...MOVED, otherPlans: [other('RECOMMENDED', [stop('vm')])] }).state).toBe(
      'PENDING',
    );
  });
});

describe('stop', () => {
  const STOPPED = { actions: [stop('vm')], servers: [server('vm', 'a', { status: 'SHUTOFF' })] };
  test('started again', () => {
    expect(only(STOPPED)).toMatchObject({
      state: 'PENDING',
      before: { status: 'ACTIVE', inferred: true },
      work: { kind: 'start_server', serverId: 'vm', host: 'a' },
    });
  });
  test.each([
    ['ACTIVE', 'SKIPPED'],
    ['PAUSED', 'KEPT'],
    ['ERROR', 'KEPT'],
  ])('now %s: %s', (status, state) => {
    expect(only({ ...STOPPED, servers: [server('vm', 'a', { status })] }).state).toBe(state);
  });
  test('locked: KEPT under restore as well', () => {
    const servers = [server('vm', 'a', { status: 'SHUTOFF', locked: true })];
    expect(only({ ...STOPPED, servers }, { on_drift: 'restore' }).state).toBe('KEPT');
  });
  test('drift that cannot be started from is not tried', () => {
    const servers = [server('vm', 'a', { status: 'SUSPENDED' })];
    expect(only({ ...STOPPED, servers }, { on_drift: 'restore' }).state).toBe('NOT_REVERSIBLE');
  });
  test('gone, and without parameter', () => {
    expect(only({ ...STOPPED, servers: [] }).state).toBe('NOT_REVERSIBLE');
    expect(only({ actions: [action({ type: 'stop' })] }).reason).toContain('"resource_id"');
  });
  test('FAILED: an instance action of the time proves it, and only such', () => {
    const actions = [stop('vm', { state: 'FAILED' })];
    const of = (seconds: number) =>
      only({ ...STOPPED, actions, instanceActions: [instanceStop('vm', at(seconds))] }).state;
    expect([of(0), of(50), of(100), of(106)]).toEqual([
      'PENDING',
      'PENDING',
      'PENDING',
      'NOT_REVERSIBLE',
    ]);
    expect(only({ ...STOPPED, actions }).state).toBe('NOT_REVERSIBLE');
  });
  test('only servers of stops that need proof are asked for', () => {
    const actions = [
      stop('good'),
      stop('failed', { state: 'FAILED' }),
      stop('failed', { state: 'CANCELLED' }),
      stop('idle', { state: 'PENDING' }),
      migrate('moved', 'a', 'b', { state: 'FAILED' }),
    ];
    expect(needsInstanceActions(facts({ actions }))).toEqual(['failed']);
  });
});

describe('what cannot be restored, and what need not be', () => {
  test.each(['migrate', 'retype', 'swap'])('volume_migrate (%s)', (migration_type) => {
    const one = only({
      actions: [
        action({ type: 'volume_migrate', parameters: { resource_id: 'v', migration_type } }),
      ],
    });
    expect(one).toMatchObject({
      state: 'NOT_REVERSIBLE',
      resource_type: 'volume',
      resource_id: 'v',
    });
    expect(one.reason).toContain('checkpoint');
  });
  test('nop and sleep: SKIPPED', () => {
    const of = laidOut({ actions: [action({ type: 'nop' }), action({ type: 'sleep' })] });
    expect(of.map(({ state }) => state)).toEqual(['SKIPPED', 'SKIPPED']);
  });
  test.each(['defragment', 'toString', '__proto__', ''])('unknown type "%s" is named', (type) => {
    const one = only({ actions: [action({ type })] });
    expect(one.state).toBe('NOT_REVERSIBLE');
    expect(one.reason).toContain(`"${type}"`);
  });
});

test('a CANCELLED plan without a trace of any action never started', () => {
  const plan = { ...facts({}).plan, state: 'CANCELLED' };
  const actions = [
    migrate('vm', 'a', 'b', { state: 'CANCELLED' }),
    action({ type: 'nop', state: 'CANCELLED' }),
  ];
  const servers = [server('vm', 'a')];
  expect(refusal({ plan, actions, servers }).type).toBe('PlanNeverStarted');
  const migrations = [record(1, 'vm', 'a', 'b')];
  expect(laidOut({ plan, actions, servers, migrations })[0]?.state).toBe('SKIPPED');
});

test('actions of another plan are refused by name', () => {
  const refused = refusal(MOVED, { actions: ['move', 'stranger'] });
  expect(refused.type).toBe('InvalidRequest');
  expect(refused.message).toContain('stranger');
});

const parents = (given: Partial<Facts>) =>
  Object.fromEntries(laidOut(given).map((one) => [one.action_uuid, one.parents.toSorted()]));

describe('order', () => {
  /** host_maintenance of a, then a powered off; and spare c powered on, enabled and filled. */
  const PLAN = {
    actions: [
      power('node-c', 'on', { uuid: 'on-c', updatedAt: at(10) }),
      service('c', 'enabled', null, { uuid: 'enable-c', updatedAt: at(20) }),
      service('a', 'disabled', 'r', { uuid: 'disable-a', updatedAt: at(30) }),
      migrate('vm-1', 'a', 'b', { uuid: 'to-b', updatedAt: at(40) }),
      migrate('vm-2', 'a', 'c', { uuid: 'to-c', updatedAt: at(50) }),
      power('node-a', 'off', { uuid: 'off-a', updatedAt: at(60) }),
    ],
    hosts: [
      host('a', { status: 'disabled', disabledReason: 'r', state: 'down' }),
      host('b'),
      host('c'),
    ],
    servers: [server('vm-1', 'b'), server('vm-2', 'c')],
    nodes: [
      node('node-a', { powerState: 'power off', hypervisorId: 'hypervisor-a' }),
      node('node-c', { hypervisorId: 'hypervisor-c' }),
    ],
  };
  test('only what physically must wait waits', () => {
    expect(parents(PLAN)).toEqual({
      'off-a': [],
      'disable-a': ['off-a'],
      'to-b': ['disable-a', 'off-a'],
      'to-c': ['disable-a', 'off-a'],
      'enable-c': [],
      'on-c': ['enable-c', 'to-c'],
    });
  });
  test('the reverse of the plan is priority, not edges', () => {
    expect(laidOut(PLAN).map(({ priority }) => priority)).toEqual([5, 4, 3, 2, 1, 0]);
  });
  test('a KEPT enabling is a parent still, so that what it blocks can name it', () => {
    const hosts = [host('a', { status: 'disabled', disabledReason: 'mine' }), host('b'), host('c')];
    expect(parents({ ...PLAN, hosts })['to-b']).toContain('disable-a');
  });
  test('a server that stays is a parent of the powering off of its host', () => {
    const servers = [server('vm-1', 'b'), server('vm-2', 'c', { locked: true })];
    expect(parents({ ...PLAN, servers })['on-c']).toContain('to-c');
  });
  test('a disabling waits for what still moves onto the host', () => {
    const given = {
      actions: [
        service('a', 'enabled', null, { uuid: 'enable', updatedAt: at(10) }),
        migrate('vm', 'a', 'b', { uuid: 'move', updatedAt: at(20) }),
      ],
      servers: [server('vm', 'b')],
    };
    expect(parents(given)).toEqual({ enable: ['move'], move: [] });
  });
});

describe('summaries', () => {
  test.each([
    [only(MOVED), 'live-migrate vm: b → a'],
    [
      only({ actions: [stop('vm')], servers: [server('vm', 'a', { status: 'SHUTOFF' })] }),
      'start vm',
    ],
    [only({ actions: [service('a', 'enabled', null)] }), 'disable nova-compute on a'],
    [
      only({ actions: [power('n', 'off')], nodes: [node('n', { powerState: 'power off' })] }),
      'power on node n',
    ],
    [only({ actions: [action({ type: 'nop', uuid: 'u' })] }), 'nop u'],
  ])('%#', (one, summary) => {
    expect(summaryOf(one)).toBe(summary);
  });
  test('at most 200 bytes, never half a character', () => {
    const name = '→é😀'.repeat(100);
    const summary = summaryOf(only({ ...MOVED, servers: [server('vm', 'b', { name })] }));
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(200);
    expect(summary).toContain('b → a');
    expect(Buffer.from(summary).toString()).toBe(summary);
  });
});
