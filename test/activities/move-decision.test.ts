/** The judgement on one reading, for states that last only a moment in a real cloud, or that only a broken one has. */
import { decideMove } from '../../activities/move-decision.js';
import type { MoveCase, MoveView } from '../../activities/move-decision.js';
import { cannotGoLive, isNoRoom } from '../../activities/migration-reason.js';
import type { ComputeMigration, ComputeServer, ComputeService } from '../../src/openstack/cloud.js';

const SERVER: ComputeServer = {
  id: 's',
  name: 'vm-1',
  status: 'ACTIVE',
  taskState: null,
  vmState: 'active',
  host: 'b',
  hypervisorHostname: 'b',
  locked: false,
  flavor: 'm1',
  fault: null,
  updatedAt: '2026-11-24T02:00:00Z',
};
const SERVICE: ComputeService = {
  id: '1',
  host: 'a',
  binary: 'nova-compute',
  status: 'enabled',
  state: 'up',
  disabledReason: null,
  forcedDown: false,
  updatedAt: null,
};
const record = (more: Partial<ComputeMigration>): ComputeMigration => ({
  id: 11,
  uuid: 'm-11',
  serverId: 's',
  type: 'live-migration',
  status: 'running',
  sourceCompute: 'b',
  destCompute: 'a',
  userId: 'us',
  createdAt: '2026-11-24T02:00:00Z',
  updatedAt: null,
  ...more,
});

function decide(
  server: Partial<ComputeServer> | null,
  records: Partial<ComputeMigration>[] = [],
  more: Partial<MoveCase> = {},
  view: Partial<MoveView> = {},
): string {
  const decision = decideMove(
    {
      server: server === null ? null : { ...SERVER, ...server },
      records: records.map(record),
      destination: SERVICE,
      ownUserId: 'us',
      ...view,
    },
    {
      way: 'live',
      work: {
        kind: 'live_migrate',
        serverId: 's',
        serverName: 'vm-1',
        from: 'b',
        to: 'a',
        allowCold: false,
        sinceMigrationId: 10,
      },
      onDrift: 'keep',
      acted: false,
      ignoreOpenRecord: false,
      ...more,
    },
  );
  if (decision.do === 'report') return decision.report.outcome;
  if (decision.do === 'wait') return `wait for ${decision.for}`;
  return decision.do === 'fail' ? decision.type : decision.do;
}

const MIGRATING = { status: 'MIGRATING', taskState: 'migrating' };

describe('a migration under way', () => {
  it.each<[string, Partial<ComputeMigration>, string]>([
    ['to the wanted host', {}, 'follow'],
    ['to the wanted host, by somebody else', { userId: 'them' }, 'follow'],
    ['to elsewhere', { destCompute: 'c' }, 'wait for migration'],
    ['ours, not scheduled yet', { destCompute: null, status: 'accepted' }, 'follow'],
    ['not scheduled yet, of somebody', { destCompute: null, userId: 'them' }, 'wait for migration'],
    ['not scheduled yet, too old to be ours', { destCompute: null, id: 9 }, 'wait for migration'],
    ['that is a resize to the wanted host', { type: 'resize' }, 'wait for migration'],
    ['that is being reverted', { status: 'reverting', type: 'migration' }, 'wait for migration'],
  ])('%s', (_what, migration, expected) => {
    expect(decide(MIGRATING, [migration])).toBe(expected);
  });

  it('has no record yet: a task', () => {
    expect(decide(MIGRATING, [])).toBe('wait for task');
  });

  it('has its server home already, the record not closed yet: followed, not reported', () => {
    expect(decide({ host: 'a' }, [{ status: 'running' }])).toBe('follow');
  });

  it('to elsewhere is over for the server, and its record is not closed', () => {
    const open = { destCompute: 'c', status: 'running' };
    expect(decide({ host: 'c' }, [open])).toBe('wait for record');
    expect(decide({ host: 'c' }, [open], { ignoreOpenRecord: true })).toBe('KEPT');
    expect(decide({}, [open], { ignoreOpenRecord: true })).toBe('ask');
  });
});

describe('VERIFY_RESIZE', () => {
  const waiting = { status: 'VERIFY_RESIZE', host: 'a', vmState: 'resized' };
  const finished = { type: 'migration', status: 'finished' };

  it.each<[string, Partial<ComputeServer>, Partial<ComputeMigration>, string]>([
    ['ours', {}, {}, 'confirm'],
    ['of another user', {}, { userId: 'them' }, 'KEPT'],
    ['from before the layout', {}, { id: 10 }, 'KEPT'],
    ['of a resize', {}, { type: 'resize' }, 'KEPT'],
    ['to another host', {}, { destCompute: 'c' }, 'KEPT'],
    ['on another host than its record says', { host: 'c' }, {}, 'KEPT'],
  ])('%s', (_what, server, migration, expected) => {
    expect(decide({ ...waiting, ...server }, [{ ...finished, ...migration }])).toBe(expected);
  });

  it('where Nova does not tell users (before 2.80): confirmed only where we asked for a migration ourselves', () => {
    const unnamed = [{ ...finished, userId: null }];
    expect(decide(waiting, unnamed)).toBe('KEPT');
    expect(decide(waiting, unnamed, { acted: true })).toBe('confirm');
  });

  it('is not begun where the host that the server is on is down: its record would stay open', () => {
    const source = { ...SERVICE, host: 'b' };
    expect(decide({}, [], {}, { source: { ...source, state: 'down' } })).toBe('BLOCKED');
    expect(decide({}, [], {}, { source })).toBe('ask');
  });

  it('lasts a moment longer than its record is open', () => {
    const confirmed = { ...finished, status: 'confirmed' };
    expect(decide(waiting, [confirmed])).toBe('wait for record');
    expect(decide(waiting, [confirmed], { ignoreOpenRecord: true })).toBe('KEPT');
  });
});

describe('home already', () => {
  const home = { host: 'a' };
  it.each<[string, Partial<ComputeMigration>, string]>([
    ['brought by us', { status: 'completed' }, 'SUCCEEDED'],
    ['brought by somebody else', { status: 'completed', userId: 'them' }, 'SKIPPED'],
    ['brought before the layout', { status: 'completed', id: 9 }, 'SKIPPED'],
    ['where ours had failed', { status: 'error' }, 'SKIPPED'],
  ])('%s', (_what, migration, expected) => {
    expect(decide(home, [migration])).toBe(expected);
  });

  it('even if locked or SHUTOFF', () => {
    expect(decide({ ...home, locked: true })).toBe('SKIPPED');
    expect(decide({ ...home, status: 'SHUTOFF' })).toBe('SKIPPED');
  });
});

it('a server in ERROR is kept, unless it was us', () => {
  expect(decide({ status: 'ERROR' })).toBe('KEPT');
  expect(decide({ status: 'ERROR' }, [{ status: 'error', destCompute: null }])).toBe(
    'ServerInError',
  );
  expect(decide({ status: 'ERROR' }, [], { acted: true })).toBe('ServerInError');
});

it('a server that is gone: not reversible at first, a failure later', () => {
  expect(decide(null)).toBe('NOT_REVERSIBLE');
  expect(decide(null, [], { acted: true })).toBe('ServerGone');
});

it('a destination that is forced down is not waited for', () => {
  const down = { ...SERVICE, state: 'down' as const };
  expect(decide({}, [], {}, { destination: down })).toBe('wait-for-host');
  expect(decide({}, [], {}, { destination: { ...down, forcedDown: true } })).toBe('BLOCKED');
});

it('no room is told from other reasons, and what cannot go live from what failed once', () => {
  expect(isNoRoom('No valid host was found. ')).toBe(true);
  expect(isNoRoom('Insufficient compute resources: Free memory 1 MB < 2 MB.')).toBe(true);
  expect(isNoRoom('Compute host a could not be found.')).toBe(false);
  expect(cannotGoLive('Migration pre-check error: CPU doesn’t have compatibility.')).toBe(true);
  expect(cannotGoLive('a is not on shared storage: Live migration can not be used')).toBe(true);
  expect(cannotGoLive('Timed out waiting for a reply to message ID 17')).toBe(false);
});
