/** The host of a server: what migrate and resize did, how it is proved and how it is brought back. */
import {
  at,
  host,
  laidOut,
  migrate,
  only,
  OTHER_USER,
  record,
  server,
  stop,
} from './facts-builder.js';

const MOVED = {
  actions: [migrate('vm', 'a', 'b')],
  servers: [server('vm', 'b')],
  migrations: [record(1, 'vm', 'a', 'b')],
};

describe('migrate', () => {
  test('goes back by live migration, with everything that the activity needs', () => {
    const one = only(MOVED, { allow_cold: true });
    expect(one).toMatchObject({
      kind: 'live_migrate',
      resource_type: 'server',
      resource_id: 'vm',
      resource_name: 'vm',
      before: { host: 'a' },
      after: { host: 'b' },
      now: { host: 'b' },
      state: 'PENDING',
      reason: null,
      residue: null,
      attempts: 0,
      evidence: { proof_migration_uuid: 'migration-1' },
      work: { kind: 'live_migrate', from: 'b', to: 'a', allowCold: true, sinceMigrationId: 1 },
    });
    expect(one.before).not.toHaveProperty('inferred');
  });

  test.each([
    ['ACTIVE', 'live_migrate'],
    ['PAUSED', 'live_migrate'],
    ['SHUTOFF', 'cold_migrate'],
    ['MIGRATING', 'live_migrate'],
    ['HARD_REBOOT', 'live_migrate'],
  ])('a server that is %s goes back by %s', (status, kind) => {
    expect(only({ ...MOVED, servers: [server('vm', 'b', { status })] }).kind).toBe(kind);
  });

  test.each([
    ['SUSPENDED', 'resume'],
    ['RESCUE', 'unrescue'],
    ['SHELVED', 'unshelve'],
    ['BUILD', 'built'],
    ['SOFT_DELETED', 'restore'],
    ['VERIFY_RESIZE', 'confirm or revert'],
  ])('one that is %s cannot be migrated: it says what is needed', (status, needed) => {
    const one = only({ ...MOVED, servers: [server('vm', 'b', { status })] });
    expect(one.state).toBe('NOT_REVERSIBLE');
    expect(one.reason).toContain(status);
    expect(one.reason).toContain(needed);
  });

  test('a start of the same server goes first, so it goes live', () => {
    const [moved, started] = laidOut({
      ...MOVED,
      actions: [migrate('vm', 'a', 'b', { uuid: 'move' }), stop('vm', { uuid: 'stop' })],
      servers: [server('vm', 'b', { status: 'SHUTOFF' })],
    });
    expect(started?.work).toMatchObject({ kind: 'start_server', host: 'b' });
    expect(moved?.kind).toBe('live_migrate');
    expect(moved?.parents).toEqual(['stop']);
  });

  test('already home: SKIPPED', () => {
    const one = only({ ...MOVED, servers: [server('vm', 'a')] });
    expect(one).toMatchObject({ state: 'SKIPPED', kind: null, work: null, now: { host: 'a' } });
  });

  test('gone: NOT_REVERSIBLE', () => {
    const one = only({ ...MOVED, servers: [] });
    expect(one.state).toBe('NOT_REVERSIBLE');
    expect(one.reason).toContain('no longer exists');
  });

  test.each([
    [{ locked: true }, 'locked'],
    [{ status: 'ERROR' }, 'ERROR'],
  ])('never ours: %j is KEPT under every policy', (given, word) => {
    for (const on_drift of ['keep', 'restore', 'fail'] as const) {
      const one = only({ ...MOVED, servers: [server('vm', 'b', given)] }, { on_drift });
      expect(one.state).toBe('KEPT');
      expect(one.reason).toContain(word);
    }
  });

  test('the host before is gone: NOT_REVERSIBLE naming it', () => {
    const one = only({ ...MOVED, hosts: [host('b')] });
    expect(one.state).toBe('NOT_REVERSIBLE');
    expect(one.reason).toContain('compute host a, which is gone');
  });

  test('without resource_id nobody knows what it moved', () => {
    const one = only({
      actions: [{ ...migrate('vm', 'a', 'b'), parameters: { source_node: 'a' } }],
    });
    expect(one.state).toBe('NOT_REVERSIBLE');
    expect(one.reason).toContain('"resource_id" is missing');
  });
});

describe('proof', () => {
  test('the record is believed, not the plan', () => {
    const one = only({
      actions: [migrate('vm', 'c', 'b')],
      servers: [server('vm', 'b')],
      migrations: [record(1, 'vm', 'a', 'b')],
    });
    expect(one.before).toEqual({ host: 'a' });
  });

  test("no record: the plan's own fields, by whatever name, marked as inferred", () => {
    for (const name of ['a', 'hypervisor-a', 'a.example.org']) {
      const one = only({
        actions: [migrate('vm', name, 'hypervisor-b')],
        servers: [server('vm', 'b')],
      });
      expect(one).toMatchObject({
        state: 'PENDING',
        before: { host: 'a', inferred: true },
        after: { host: 'b', inferred: true },
        work: { from: 'b', to: 'a' },
      });
    }
  });

  test("no record, no destination named: wherever it is now counts as the plan's doing", () => {
    const given = { actions: [migrate('vm', 'a', null)], servers: [server('vm', 'c')] };
    expect(only(given)).toMatchObject({ state: 'PENDING', work: { from: 'c', to: 'a' } });
  });

  test('… unless a record shows somebody moving it later', () => {
    const one = only({
      actions: [migrate('vm', 'a', null)],
      servers: [server('vm', 'c')],
      migrations: [record(1, 'vm', 'b', 'c', { createdAt: at(300), updatedAt: at(310) })],
    });
    expect(one.state).toBe('KEPT');
    expect(one.reason).toContain(`on c since ${at(310)}`);
  });

  test('no record and no source_node: not known', () => {
    const given = {
      ...migrate('vm', 'a', 'b'),
      parameters: { resource_id: 'vm', destination_node: 'b' },
    };
    const one = only({ actions: [given], servers: [server('vm', 'b')] });
    expect(one.state).toBe('NOT_REVERSIBLE');
    expect(one.reason).toContain('source_node');
  });

  test('the host that the plan names is gone, and there is no record', () => {
    const one = only({ actions: [migrate('vm', 'old', 'b')], servers: [server('vm', 'b')] });
    expect(one.state).toBe('NOT_REVERSIBLE');
    expect(one.reason).toContain('old');
  });

  test.each(['FAILED', 'CANCELLED', 'CANCELLING', 'ONGOING'])(
    '%s: a record proves that it took effect',
    (state) => {
      const one = only({ ...MOVED, actions: [migrate('vm', 'a', 'b', { state })] });
      expect(one).toMatchObject({ state: 'PENDING', work: { to: 'a' } });
    },
  );

  test.each(['FAILED', 'CANCELLING', 'ONGOING'])('%s without proof', (state) => {
    const actions = [migrate('vm', 'a', 'b', { state })];
    const away = only({ actions, servers: [server('vm', 'b')] });
    expect(away.state).toBe('NOT_REVERSIBLE');
    expect(away.reason).toContain('nothing proves');
    const home = only({ actions, servers: [server('vm', 'a')] });
    expect(home.state).toBe('SKIPPED');
    expect(home.reason).toContain('never took effect');
  });

  test.each(['PENDING', 'SKIPPED'])(
    '%s changed nothing, whatever the cloud looks like',
    (state) => {
      const one = only({ ...MOVED, actions: [migrate('vm', 'a', 'b', { state })] });
      expect(one.state).toBe('SKIPPED');
      expect(one.reason).toContain('never ran');
    },
  );

  test.each(['error', 'failed', 'cancelled'])('a record in %s proves nothing', (status) => {
    const one = only({
      ...MOVED,
      actions: [migrate('vm', 'a', 'b', { state: 'FAILED' })],
      migrations: [record(1, 'vm', 'a', 'b', { status })],
    });
    expect(one.state).toBe('NOT_REVERSIBLE');
  });

  test.each(['completed', 'confirmed', 'confirming', 'done'])(
    'a record that is %s does',
    (status) => {
      const one = only({
        ...MOVED,
        actions: [migrate('vm', 'a', 'b', { state: 'FAILED' })],
        migrations: [record(1, 'vm', 'a', 'b', { status })],
      });
      expect(one.state).toBe('PENDING');
    },
  );

  test("a record of another user proves nothing for a FAILED action, where Watcher's user is known", () => {
    const actions = [
      migrate('vm', 'a', 'b', { state: 'FAILED', uuid: 'failed' }),
      migrate('vm-2', 'a', 'b'),
    ];
    const [failed] = laidOut({
      actions,
      servers: [server('vm', 'b'), server('vm-2', 'b')],
      migrations: [record(1, 'vm', 'a', 'b', { userId: OTHER_USER }), record(2, 'vm-2', 'a', 'b')],
    });
    expect(failed?.state).toBe('NOT_REVERSIBLE');
  });

  test('a record from well before the plan or from well after the action is none of it', () => {
    for (const seconds of [-6, 106]) {
      const one = only({
        ...MOVED,
        actions: [migrate('vm', 'a', 'b', { state: 'FAILED' })],
        migrations: [record(1, 'vm', 'a', 'b', { createdAt: at(seconds), updatedAt: at(110) })],
      });
      expect(one.state).toBe('NOT_REVERSIBLE');
    }
  });

  test('both ends of the window are included, and as many seconds more as clocks may differ', () => {
    for (const seconds of [-5, 0, 100, 105]) {
      const one = only({
        ...MOVED,
        actions: [migrate('vm', 'a', 'b', { state: 'FAILED' })],
        migrations: [record(1, 'vm', 'a', 'b', { createdAt: at(seconds), updatedAt: at(170) })],
      });
      expect(one.state).toBe('PENDING');
    }
  });

  test('the window begins where the parents end', () => {
    const parent = migrate('other', 'a', 'b', { uuid: 'parent', updatedAt: at(80) });
    const [, child] = laidOut({
      actions: [parent, migrate('vm', 'a', 'b', { state: 'FAILED', parents: ['parent'] })],
      servers: [server('vm', 'b')],
      migrations: [record(1, 'vm', 'a', 'b', { createdAt: at(70) })],
    });
    expect(child?.state).toBe('NOT_REVERSIBLE');
  });

  test('of two records in the window the one to the named destination counts', () => {
    const one = only({
      ...MOVED,
      migrations: [
        record(1, 'vm', 'a', 'b'),
        record(2, 'vm', 'b', 'c', { createdAt: at(90), userId: OTHER_USER }),
      ],
      servers: [server('vm', 'c')],
    });
    expect(one).toMatchObject({
      state: 'KEPT',
      before: { host: 'a' },
      now: { host: 'c', since: at(60) },
    });
  });

  test('a migration of the plan that is still going on is waited for', () => {
    const one = only({
      ...MOVED,
      actions: [migrate('vm', 'a', null, { state: 'FAILED' })],
      servers: [server('vm', 'a', { status: 'MIGRATING', taskState: 'migrating' })],
      migrations: [record(1, 'vm', 'a', 'b', { status: 'running' })],
    });
    expect(one).toMatchObject({ state: 'PENDING', work: { from: 'b', to: 'a' } });
  });

  test('a record that was never ended, of a server that is at rest, is no migration', () => {
    const migrations = [
      record(1, 'vm', 'a', 'b'),
      record(2, 'vm', 'b', 'c', { status: 'running', createdAt: at(400), userId: OTHER_USER }),
    ];
    expect(only({ ...MOVED, migrations }).work).toMatchObject({ from: 'b', to: 'a' });
  });

  test("somebody else's that is going on is left alone", () => {
    const one = only({
      ...MOVED,
      servers: [server('vm', 'b', { status: 'MIGRATING' })],
      migrations: [
        record(1, 'vm', 'a', 'b'),
        record(2, 'vm', 'b', 'c', { status: 'running', createdAt: at(400), userId: OTHER_USER }),
      ],
    });
    expect(one.state).toBe('KEPT');
    expect(one.reason).toContain('is being moved to c');
  });

  test('one that goes home already is joined', () => {
    const one = only({
      ...MOVED,
      servers: [server('vm', 'b', { status: 'MIGRATING' })],
      migrations: [
        record(1, 'vm', 'a', 'b'),
        record(2, 'vm', 'b', 'a', { status: 'running', createdAt: at(400), userId: 'user-own' }),
      ],
    });
    expect(one.state).toBe('PENDING');
  });
});

describe('several moves of one server', () => {
  const chain = {
    actions: [
      migrate('vm', 'a', 'b', { uuid: 'first', updatedAt: at(100) }),
      migrate('vm', 'b', 'c', { uuid: 'second', updatedAt: at(200), parents: ['first'] }),
    ],
    servers: [server('vm', 'c')],
    migrations: [
      record(1, 'vm', 'a', 'b'),
      record(2, 'vm', 'b', 'c', { createdAt: at(150), updatedAt: at(160) }),
    ],
  };

  test('one compensation, to the earliest before; the others name it', () => {
    const [first, second] = laidOut(chain);
    expect(first).toMatchObject({
      state: 'PENDING',
      before: { host: 'a' },
      after: { host: 'c' },
      work: { from: 'c', to: 'a' },
    });
    expect(second).toMatchObject({ state: 'SKIPPED', work: null, before: null });
    expect(second?.reason).toContain('first');
  });

  test('the earliest by time, not by place in the plan', () => {
    const [second, first] = laidOut({ ...chain, actions: chain.actions.toReversed() });
    expect(first?.state).toBe('PENDING');
    expect(second?.state).toBe('SKIPPED');
  });

  test('the second FAILED without a trace: it is not what the first is judged by', () => {
    const [first, second] = laidOut({
      ...chain,
      actions: [chain.actions[0]!, { ...chain.actions[1]!, state: 'FAILED' }],
      servers: [server('vm', 'b')],
      migrations: [record(1, 'vm', 'a', 'b')],
    });
    expect(first?.state).toBe('PENDING');
    expect(second).toMatchObject({ state: 'SKIPPED' });
    expect(second?.reason).toContain('Nothing shows');
  });

  test('only the second asked for: back to what it found', () => {
    const compensations = laidOut(chain, { actions: ['second'] });
    expect(compensations).toHaveLength(1);
    expect(compensations[0]).toMatchObject({ action_uuid: 'second', work: { from: 'c', to: 'b' } });
  });
});
