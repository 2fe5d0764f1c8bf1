/** Watcher's and Nova's clocks differ by a few seconds: records just outside an action's time, and whose they are. */
import type { Action, Migration } from '../../src/domain/facts.js';
import {
  at,
  host,
  instanceStop,
  laidOut,
  migrate,
  only,
  OTHER_USER,
  record,
  resize,
  server,
  stop,
} from './facts-builder.js';

const hosts = ['a', 'b', 'c', 'x'].map((name) => host(name));
/** Of one server that is on b now. */
const one = (action: Action, migrations: Migration[], now = 'b') =>
  only({ actions: [action], servers: [server('vm', now)], migrations, hosts });
const timed = (created: number, ended: number, given: Partial<Migration> = {}) => ({
  createdAt: at(created),
  updatedAt: at(ended),
  ...given,
});
const OWN = { userId: 'user-own' };
const OTHER = { userId: OTHER_USER };

describe("Nova's clock is a few seconds off", () => {
  test.each([
    ['behind', -3, 95],
    ['behind by all that is tolerated', -5, 94],
    ['ahead, and the action was short', 103, 104],
  ])('%s: the record counts, not the stale source_node', (_, created, ended) => {
    const found = one(migrate('vm', 'a', 'b'), [record(1, 'vm', 'x', 'b', timed(created, ended))]);
    expect(found).toMatchObject({
      state: 'PENDING',
      before: { host: 'x' },
      evidence: { proof_migration_uuid: 'migration-1' },
      work: { from: 'b', to: 'x' },
    });
    expect(found.before).not.toHaveProperty('inferred');
  });

  test.each(['FAILED', 'CANCELLED', 'CANCELLING', 'ONGOING'])(
    '%s: a record just outside its time proves the action',
    (state) => {
      for (const [created, ended] of [
        [-3, 95],
        [103, 170],
      ] as const) {
        const migrations = [record(1, 'vm', 'a', 'b', timed(created, ended))];
        expect(one(migrate('vm', 'a', 'b', { state }), migrations).work).toMatchObject({ to: 'a' });
      }
    },
  );

  test('a resize left in VERIFY_RESIZE is reverted', () => {
    const found = only({
      actions: [resize('vm', 'm1.large', { state: 'FAILED' })],
      servers: [server('vm', 'b', { status: 'VERIFY_RESIZE' })],
      migrations: [
        record(1, 'vm', 'a', 'b', { type: 'resize', status: 'finished', ...timed(-2, 90) }),
      ],
    });
    expect(found.kind).toBe('revert_resize');
  });

  test('a FAILED stop is proved by a stop just outside its time, and by none beyond', () => {
    const of = (seconds: number) =>
      only({
        actions: [stop('vm', { state: 'FAILED' })],
        servers: [server('vm', 'a', { status: 'SHUTOFF' })],
        instanceActions: [instanceStop('vm', at(seconds))],
      }).state;
    expect([-6, -5, 105, 106].map(of)).toEqual([
      'NOT_REVERSIBLE',
      'PENDING',
      'PENDING',
      'NOT_REVERSIBLE',
    ]);
  });
});

describe('one record proves one action', () => {
  const chain = [
    migrate('vm', 'a', 'b', { uuid: 'first', updatedAt: at(100) }),
    migrate('vm', 'b', 'c', { uuid: 'second', updatedAt: at(108), parents: ['first'] }),
  ];
  const proofs = (actions: Action[], migrations: Migration[], now: string) =>
    laidOut({ actions, migrations, servers: [server('vm', now)], hosts }).map(
      ({ action_uuid, state, before }) => [action_uuid, state, before?.host],
    );

  test.each([-5, -3, 0, 3, 5])('two short moves in a row, %d s off', (skew) => {
    const unnamed = chain.map((action) => ({
      ...action,
      parameters: { resource_id: 'vm', source_node: 'c' },
    }));
    const migrations = [
      record(1, 'vm', 'x', 'b', timed(95 + skew, 99 + skew)),
      record(2, 'vm', 'b', 'a', timed(101 + skew, 107 + skew)),
    ];
    expect(proofs(unnamed, migrations, 'a')).toEqual([
      ['first', 'PENDING', 'x'],
      ['second', 'SKIPPED', undefined],
    ]);
    const [second] = laidOut(
      { actions: unnamed, migrations, servers: [server('vm', 'a')], hosts },
      { actions: ['second'] },
    );
    expect(second).toMatchObject({ before: { host: 'b' }, work: { to: 'b' } });
  });

  test("an earlier action's record is not taken by a FAILED one right after it", () => {
    const actions = [chain[0]!, { ...chain[1]!, state: 'FAILED' }];
    const migrations = [record(1, 'vm', 'x', 'b', timed(97, 99))];
    expect(proofs(actions, migrations, 'b')).toEqual([
      ['first', 'PENDING', 'x'],
      ['second', 'SKIPPED', undefined],
    ]);
  });

  test('the record to the named host goes before one in the exact time', () => {
    const migrations = [
      record(1, 'vm', 'x', 'b', timed(-3, 40)),
      record(2, 'vm', 'b', 'c', timed(60, 70, OTHER)),
    ];
    expect(one(migrate('vm', 'a', 'b'), migrations, 'c')).toMatchObject({
      state: 'KEPT',
      before: { host: 'x' },
      after: { host: 'b' },
    });
  });

  test('without a named host the one in the exact time goes before one just outside', () => {
    const migrations = [
      record(1, 'vm', 'x', 'c', timed(-4, 10, OTHER)),
      record(2, 'vm', 'c', 'b', timed(20, 99)),
    ];
    expect(one(migrate('vm', 'a', null), migrations)).toMatchObject({ before: { host: 'c' } });
  });
});

describe("somebody else's move just outside the action's time", () => {
  const watchers = migrate('vm-2', 'a', 'b', { uuid: 'other' });
  const proved = record(9, 'vm-2', 'a', 'b');
  const servers = [server('vm', 'b'), server('vm-2', 'b')];

  test.each([
    ["a human's", OTHER],
    ['our own', OWN],
  ])("%s does not prove a FAILED action, where Watcher's user is known", (_, user) => {
    const [failed] = laidOut({
      actions: [migrate('vm', 'a', 'b', { state: 'FAILED' }), watchers],
      servers,
      migrations: [record(1, 'vm', 'a', 'b', timed(103, 110, user)), proved],
    });
    expect(failed?.state).toBe('NOT_REVERSIBLE');
  });

  test("our own rollback's right before the plan proves nothing, whoever Watcher is", () => {
    const migrations = [record(1, 'vm', 'a', 'b', timed(-4, -1, OWN))];
    const found = one(migrate('vm', 'a', 'b', { state: 'FAILED' }), migrations);
    expect(found.state).toBe('NOT_REVERSIBLE');
  });

  test("a human's right after a SUCCEEDED action without a named host is drift", () => {
    const [moved] = laidOut({
      actions: [migrate('vm', 'a', null), watchers],
      servers: [server('vm', 'c'), server('vm-2', 'b')],
      migrations: [
        record(1, 'vm', 'a', 'b', timed(5, 30)),
        record(2, 'vm', 'b', 'c', timed(102, 104, OTHER)),
        proved,
      ],
    });
    expect(moved).toMatchObject({ state: 'KEPT', before: { host: 'a' }, after: { host: 'b' } });
  });

  test('a human who stops a server right after a FAILED stop', () => {
    const [stopped] = laidOut({
      actions: [stop('vm', { state: 'FAILED' }), watchers],
      servers: [server('vm', 'a', { status: 'SHUTOFF' }), server('vm-2', 'b')],
      migrations: [proved],
      instanceActions: [{ ...instanceStop('vm', at(103)), userId: OTHER_USER }],
    });
    expect(stopped?.state).toBe('NOT_REVERSIBLE');
  });
});

describe('a record farther off than clocks may be', () => {
  test.each([
    [-30, 'b'],
    [-30, null],
    [130, 'b'],
  ])('%d s, destination %s: where the server was is not guessed', (created, destination) => {
    const migrations = [record(1, 'vm', 'x', 'b', timed(created, created + 10))];
    const found = one(migrate('vm', 'a', destination), migrations);
    expect(found).toMatchObject({ state: 'NOT_REVERSIBLE', work: null, before: null });
    expect(found.reason).toContain('migration-1');
    expect(found.reason).toContain('from x to b');
  });

  test('it says the same as the plan: no guess', () => {
    const migrations = [record(1, 'vm', 'a', 'b', timed(-30, -20))];
    expect(one(migrate('vm', 'a', 'b'), migrations).work).toMatchObject({ to: 'a' });
  });

  test('a move that goes on from where the plan says that it put the server is no such record', () => {
    const given = {
      actions: [migrate('vm', 'a', 'b')],
      servers: [server('vm', 'c')],
      migrations: [record(1, 'vm', 'b', 'c', timed(130, 140, OTHER))],
    };
    expect(only(given).state).toBe('KEPT');
    expect(only(given, { on_drift: 'restore' }).work).toMatchObject({ from: 'c', to: 'a' });
  });
});
