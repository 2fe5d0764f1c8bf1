/** Resizes and cold migrations that wait for their confirmation: what is reverted, confirmed, or left to its owner. */
import {
  at,
  laidOut,
  migrate,
  only,
  OTHER_USER,
  OWN_USER,
  record,
  resize,
  server,
} from './facts-builder.js';

const MOVED = {
  actions: [migrate('vm', 'a', 'b')],
  servers: [server('vm', 'b')],
  migrations: [record(1, 'vm', 'a', 'b')],
};

describe('resize', () => {
  const RESIZED = {
    actions: [resize('vm', 'm1.large', { uuid: 'resize' })],
    servers: [server('vm', 'b', { flavor: 'm1.large' })],
    migrations: [record(1, 'vm', 'a', 'b', { type: 'resize', status: 'confirmed' })],
  };

  test('confirmed: the host goes back, the flavor remains, and that is said', () => {
    const one = only(RESIZED);
    expect(one).toMatchObject({ state: 'PENDING', kind: 'live_migrate', work: { to: 'a' } });
    expect(one.residue).toContain('flavor');
  });

  test('confirmed on the same host: NOT_REVERSIBLE', () => {
    const one = only({
      ...RESIZED,
      servers: [server('vm', 'a', { flavor: 'm1.large' })],
      migrations: [record(1, 'vm', 'a', 'a', { type: 'resize', status: 'confirmed' })],
    });
    expect(one).toMatchObject({ state: 'NOT_REVERSIBLE', work: null });
    expect(one.reason).toContain('checkpoint');
  });

  test('left in VERIFY_RESIZE: reverted, flavor and all', () => {
    const one = only({
      actions: [resize('vm', 'm1.large', { state: 'FAILED' })],
      servers: [server('vm', 'b', { status: 'VERIFY_RESIZE' })],
      migrations: [record(1, 'vm', 'a', 'b', { type: 'resize', status: 'finished' })],
    });
    expect(one).toMatchObject({
      state: 'PENDING',
      residue: null,
      work: { kind: 'revert_resize', from: 'b', to: 'a', migrationId: 1 },
    });
  });

  test('a cold migration left in VERIFY_RESIZE is reverted too', () => {
    const one = only({
      actions: [migrate('vm', 'a', 'b', { state: 'FAILED' })],
      servers: [server('vm', 'b', { status: 'VERIFY_RESIZE' })],
      migrations: [record(1, 'vm', 'a', 'b', { type: 'migration', status: 'finished' })],
    });
    expect(one.kind).toBe('revert_resize');
  });

  test('home in VERIFY_RESIZE by a cold migration that an earlier rollback did not confirm: it is taken up again', () => {
    const home = { host: 'a', now: { status: 'VERIFY_RESIZE' } };
    const facts = (userId: string) => ({
      ...MOVED,
      servers: [server('vm', home.host, home.now)],
      migrations: [
        record(1, 'vm', 'a', 'b'),
        record(2, 'vm', 'b', 'a', {
          type: 'migration',
          status: 'finished',
          createdAt: at(400),
          userId,
        }),
      ],
    });
    expect(only(facts(OWN_USER))).toMatchObject({
      state: 'PENDING',
      work: { kind: 'cold_migrate', to: 'a', sinceMigrationId: 1 },
    });
    // Somebody else's is theirs to confirm.
    expect(only(facts(OTHER_USER))).toMatchObject({ state: 'SKIPPED', work: null });
  });

  test("VERIFY_RESIZE by somebody else's resize is not reverted", () => {
    const one = only({
      ...MOVED,
      servers: [server('vm', 'c', { status: 'VERIFY_RESIZE' })],
      migrations: [
        record(1, 'vm', 'a', 'b'),
        record(2, 'vm', 'b', 'c', { status: 'finished', createdAt: at(400), userId: OTHER_USER }),
      ],
    });
    expect(one).toMatchObject({ state: 'KEPT', work: null });
  });

  test('after a move that was confirmed: revert, then home', () => {
    const [move, of] = laidOut({
      actions: [
        migrate('vm', 'a', 'b', { uuid: 'move', updatedAt: at(100) }),
        resize('vm', 'm1.large', { uuid: 'resize', updatedAt: at(200), state: 'FAILED' }),
      ],
      servers: [server('vm', 'c', { status: 'VERIFY_RESIZE' })],
      migrations: [
        record(1, 'vm', 'a', 'b'),
        record(2, 'vm', 'b', 'c', { type: 'resize', status: 'finished', createdAt: at(150) }),
      ],
    });
    expect(of).toMatchObject({
      work: { kind: 'revert_resize', from: 'c', to: 'b', migrationId: 2 },
    });
    expect(move).toMatchObject({ work: { from: 'b', to: 'a' }, parents: ['resize'] });
  });

  test("after a move, confirmed: the flavor is not reversible, the host is the move's", () => {
    const [move, of] = laidOut({
      actions: [
        migrate('vm', 'a', 'b', { uuid: 'move', updatedAt: at(100) }),
        resize('vm', 'm1.large', { uuid: 'resize', updatedAt: at(200) }),
      ],
      servers: [server('vm', 'c')],
      migrations: [
        record(1, 'vm', 'a', 'b'),
        record(2, 'vm', 'b', 'c', { type: 'resize', status: 'confirmed', createdAt: at(150) }),
      ],
    });
    expect(move).toMatchObject({ work: { from: 'c', to: 'a' }, residue: null });
    expect(of?.state).toBe('NOT_REVERSIBLE');
    expect(of?.reason).toContain('flavor');
    expect(of?.reason).toContain('action move');
  });

  test('FAILED without a record: it never took effect', () => {
    const one = only({
      actions: [resize('vm', 'm1.large', { state: 'FAILED' })],
      servers: [server('vm', 'a')],
    });
    expect(one.state).toBe('SKIPPED');
  });

  test('without its flavor parameter: NOT_REVERSIBLE naming it', () => {
    const one = only({ actions: [{ ...resize('vm', 'x'), parameters: { resource_id: 'vm' } }] });
    expect(one.reason).toContain('"flavor" is missing');
  });
});
