/** "The newer plan wins", until what it did was undone: then the comparison by value decides. */
import type { Action, Host, Migration, OtherPlan } from '../../src/domain/facts.js';
import {
  at,
  host,
  migrate,
  node,
  only,
  OTHER_USER,
  power,
  record,
  server,
  service,
  stop,
} from './facts-builder.js';

const other = (actions: Action[], uuid = 'plan-2', created = 300): OtherPlan => ({
  plan: {
    uuid,
    state: 'SUCCEEDED',
    strategyName: null,
    createdAt: at(created),
    updatedAt: at(created + 100),
  },
  actions,
});
const timed = (created: number, ended: number, given: Partial<Migration> = {}) => ({
  createdAt: at(created),
  updatedAt: at(ended),
  ...given,
});
const OWN = { userId: 'user-own' };
const HUMAN = { userId: OTHER_USER };

describe("a server's host", () => {
  /** a → b by the plan; b → c by a newer one, at 400 s. */
  const ours = { actions: [migrate('vm', 'a', 'b')] };
  const theirs = migrate('vm', 'b', 'c', { updatedAt: at(400) });
  const records = [record(1, 'vm', 'a', 'b'), record(2, 'vm', 'b', 'c', timed(350, 390))];
  const back = record(3, 'vm', 'c', 'b', timed(450, 460, OWN));

  test.each([
    ['by its rollback', back],
    ['by hand', { ...back, ...HUMAN }],
    ['right after it, while Nova is 3 s behind', { ...back, ...timed(398, 410) }],
  ])('the newer move was undone %s: restored', (_, undoing) => {
    const given = {
      ...ours,
      servers: [server('vm', 'b')],
      migrations: [...records, undoing],
      otherPlans: [other([theirs])],
    };
    expect(only(given)).toMatchObject({ state: 'PENDING', work: { from: 'b', to: 'a' } });
  });

  test('not undone, or moved on to a third host: KEPT naming the newer plan', () => {
    for (const [now, migrations] of [
      ['c', records],
      ['a', [...records, record(3, 'vm', 'c', 'a', timed(450, 460, HUMAN))]],
    ] as const) {
      const otherPlans = [other([theirs])];
      const one = only({
        ...ours,
        servers: [server('vm', now)],
        migrations: [...migrations],
        otherPlans,
      });
      expect(one).toMatchObject({ state: 'KEPT', evidence: { action_plan_uuid: 'plan-2' } });
    }
  });

  test('undone, and then moved by somebody: drift by its value', () => {
    const one = only({
      ...ours,
      servers: [server('vm', 'c')],
      migrations: [...records, back, record(4, 'vm', 'b', 'c', timed(500, 510, HUMAN))],
      otherPlans: [other([theirs])],
    });
    expect(one).toMatchObject({ state: 'KEPT', evidence: { proof_migration_uuid: 'migration-1' } });
    expect(one.reason).toContain('somebody changed it');
  });

  test('two newer moves of one plan: undone where the first of them found it', () => {
    const onwards = migrate('vm', 'c', 'd', { updatedAt: at(500) });
    const moved = [...records, record(3, 'vm', 'c', 'd', timed(450, 490))];
    const state = (to: string) =>
      only({
        ...ours,
        hosts: ['a', 'b', 'c', 'd'].map((name) => host(name)),
        servers: [server('vm', to)],
        migrations: [...moved, record(4, 'vm', 'd', to, timed(600, 610, OWN))],
        otherPlans: [other([theirs, onwards])],
      }).state;
    expect([state('b'), state('c')]).toEqual(['PENDING', 'KEPT']);
  });

  test('two newer plans: the one that was not undone is named, and brings back nothing itself', () => {
    const third = other([migrate('vm', 'c', 'b', { updatedAt: at(700) })], 'plan-3', 600);
    const moved = [...records, record(3, 'vm', 'c', 'b', timed(650, 690))];
    const given = {
      ...ours,
      servers: [server('vm', 'b')],
      otherPlans: [other([theirs]), third],
    };
    const one = only({ ...given, migrations: moved });
    expect(one).toMatchObject({ state: 'KEPT', evidence: { action_plan_uuid: 'plan-3' } });
    const undone = [...moved, record(4, 'vm', 'b', 'c', timed(750, 760, OWN))];
    const next = only({ ...given, servers: [server('vm', 'c')], migrations: undone });
    expect(next.evidence.action_plan_uuid).toBe('plan-2');
    const both = [...undone, record(5, 'vm', 'c', 'b', timed(800, 810, OWN))];
    expect(only({ ...given, migrations: both }).state).toBe('PENDING');
  });

  test('without a record of the newer move nobody knows where it found the server', () => {
    const one = only({
      ...ours,
      servers: [server('vm', 'b')],
      migrations: [records[0]!, back],
      otherPlans: [other([theirs])],
    });
    expect(one).toMatchObject({ state: 'KEPT', evidence: { action_plan_uuid: 'plan-2' } });
  });
});

describe('a compute service', () => {
  const ours = { actions: [service('a', 'disabled', 'r')] };
  const of = (theirs: Action, now: Partial<Host>) =>
    only({ ...ours, hosts: [host('a', now)], otherPlans: [other([theirs])] });
  const enabled = service('hypervisor-a', 'enabled', null, { updatedAt: at(400) });
  const disabled = service('a', 'disabled', 'theirs', { updatedAt: at(400) });

  test('enabled by the newer plan, and disabled again with our reason: enabled', () => {
    const one = of(enabled, { status: 'disabled', disabledReason: 'r' });
    expect(one).toMatchObject({ state: 'PENDING', work: { to: 'enabled' } });
  });
  test('disabled again with another reason: never ours, and that is said', () => {
    const one = of(enabled, { status: 'disabled', disabledReason: 'broken disk' });
    expect(one.state).toBe('KEPT');
    expect(one.reason).toContain('broken disk');
  });
  test('as the newer plan set it: KEPT naming that plan', () => {
    for (const one of [
      of(enabled, {}),
      of(disabled, { status: 'disabled', disabledReason: 'theirs' }),
    ]) {
      expect(one.evidence.action_plan_uuid).toBe('plan-2');
    }
  });
  test('disabled by the newer plan with its reason, and enabled since: as before', () => {
    expect(of(disabled, {}).state).toBe('SKIPPED');
  });
});

test.each([
  ['power off', 'PENDING', undefined],
  ['power on', 'KEPT', 'plan-2'],
  ['error', 'KEPT', 'plan-2'],
])('a node that the newer plan powered on is "%s" now: %s', (powerState, state, plan) => {
  const one = only({
    actions: [power('n', 'off')],
    nodes: [node('n', { powerState })],
    otherPlans: [other([power('n', 'on', { updatedAt: at(400) })])],
  });
  expect([one.state, one.evidence.action_plan_uuid]).toEqual([state, plan]);
});

test.each([
  ['ACTIVE', 'SKIPPED'],
  ['SHUTOFF', 'KEPT'],
])('a server that the newer plan stopped again is %s now: %s', (status, state) => {
  const one = only({
    actions: [stop('vm')],
    servers: [server('vm', 'a', { status })],
    otherPlans: [other([stop('vm', { updatedAt: at(400) })])],
  });
  expect(one.state).toBe(state);
});
