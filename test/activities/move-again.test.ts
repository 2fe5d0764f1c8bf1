/**
 * What a worker knows from a moment ago may be wrong: a call before this one has left a failed record that it has not seen,
 * or a host has gone down. What a user is told is right all the same.
 */
import type { ApplicationFailure } from '@temporalio/common';
import { firstAfter, lastAfter } from '../../activities/follow-migration.js';
import type {
  CompensationInput,
  CompensationReport,
  RollbackActivities,
} from '../../activities/types.js';
import type { MoveServerWork } from '../../src/domain/layout-types.js';
import { completeOptions } from '../../src/domain/options.js';
import type { ComputeMigration } from '../../src/openstack/cloud.js';
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
let worker: RollbackActivities;
let works: MoveServerWork[];
afterEach(() => test.close());

/** Two servers on compute-2 that are to go back to compute-1, laid out by `worker` this moment. */
beforeEach(async () => {
  test = await startCloudForTest({ settings: { worker_migrations_per_host: 1 } });
  worker = test.anotherWorker();
  for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name });
  for (const name of ['vm-1', 'vm-2']) test.sim.addServer({ name, host: 'compute-1' });
  const plan = await test.sim.hostMaintenance('compute-1', { destinations: ['compute-2'] });
  test.sim.hand.setService('compute-1', { status: 'enabled', disabledReason: null });
  const options = completeOptions({ allow_cold: true }, 3600);
  const layout = await run(worker, 'layOutRollback', { action_plan_uuid: plan, options });
  works = layout.compensations.flatMap(({ work }) => (work?.kind === 'live_migrate' ? [work] : []));
});

type Way = 'live' | 'cold';
const ACTION = { live: 'live-migrate', cold: 'cold-migrate' };

function input(way: Way, more: Partial<CompensationInput<MoveServerWork>> = {}, index = 0) {
  const work = works[index];
  if (work === undefined) throw new Error('no such move');
  return compensation<MoveServerWork>(
    { ...work, kind: way === 'live' ? 'live_migrate' : 'cold_migrate' },
    more,
  );
}
const begin = (way: Way, given = input(way)) =>
  attempt(worker, way === 'live' ? 'liveMigrateServer' : 'coldMigrateServer', given);
const move = (way: Way, given = input(way)): Promise<CompensationReport> =>
  begin(way, given).result;
const failureOf = (moving: Promise<unknown>): Promise<ApplicationFailure> =>
  moving.then(
    (value) => Promise.reject(new Error(`did not fail: ${JSON.stringify(value)}`)),
    (error: ApplicationFailure) => error,
  );
const asks = (way: Way, serverId = works[0]?.serverId ?? '') =>
  test.sim.ledger.filter(
    (entry) =>
      entry.effect === ACTION[way] &&
      entry.resourceId === serverId &&
      entry.outcome === 'started' &&
      entry.detail === 'compute-1',
  ).length;

describe.each<Way>(['live', 'cold'])('a %s migration after one that failed elsewhere', (way) => {
  beforeEach(async () => {
    const { serverId, to } = input(way).work;
    // The pass before, on another worker: Nova finds no room, and this worker's last listing is from before that.
    test.sim.hand.setService(to, { status: 'disabled', disabledReason: 'new disks' });
    const { compute } = test.cloud;
    await (way === 'live' ? compute.liveMigrate(serverId, to) : compute.coldMigrate(serverId, to));
    await test.sim.settled();
    test.sim.hand.setService(to, { status: 'enabled', disabledReason: null });
  });

  const isHome = () =>
    expect(test.sim.snapshot().servers[works[0]?.serverId ?? '']).toMatchObject({
      host: 'compute-1',
      status: 'ACTIVE',
    });

  it.each<[string, Partial<CompensationInput<MoveServerWork>> | 'older']>([
    ['in a later pass, by the other way, or retried by an operator', { again: true }],
    ['where that is not said, because the switch held the pass back', {}],
    ['where a workflow of version 0.1.0 cannot say it', 'older'],
  ])('is followed to its own end %s', async (_when, how) => {
    const given = input(way, how === 'older' ? {} : how);
    if (how === 'older') delete given.progress;
    expect(outcomeOf(await move(way, given))).toBe('SUCCEEDED: ');
    isHome();
    expect(effects(test.sim, 'confirm-resize')).toBe(way === 'live' ? 0 : 1);
    expect(asks(way)).toBe(2);
  });

  it.each(['again', 'older'])('is asked for by a reading of its own records: %s', async (how) => {
    const given = input(way, how === 'again' ? { again: true } : {});
    if (how === 'older') delete given.progress;
    const before = test.sim.requests.length;
    await move(way, given);
    const sent = test.sim.requests.slice(before).map(({ method, path }) => `${method} ${path}`);
    const asked = sent.findIndex((one) => one.startsWith('POST'));
    const records = `instance_uuid=${given.work.serverId}`;
    expect(sent.findIndex((one) => one.includes(records))).toBeGreaterThanOrEqual(0);
    expect(sent.findIndex((one) => one.includes(records))).toBeLessThan(asked);
  });
});

it('a record of the other kind of migration, or of one before, is not what was asked for', () => {
  const record = (id: number, type: string) => ({ id, type, userId: 'me' }) as ComputeMigration;
  const records = [record(5, 'migration'), record(4, 'migration'), record(3, 'live-migration')];
  const sought = { after: 2, ownUserId: 'me' };
  expect(firstAfter(records, sought)?.id).toBe(3);
  expect(firstAfter(records, { ...sought, type: 'migration' })?.id).toBe(4);
  expect(lastAfter(records, { ...sought, type: 'migration' })?.id).toBe(5);
  expect(lastAfter(records, { ...sought, type: 'live-migration' })?.id).toBe(3);
  expect(lastAfter(records, { ...sought, after: 5 })).toBeNull();
});

describe('a host that has changed since it was read a few seconds ago', () => {
  const set = (host: string, change: Parameters<typeof test.sim.hand.setService>[1]) =>
    test.sim.hand.setService(host, change);
  /** What is known is good for a second: on a busy machine it may be looked at before anything is asked for. */
  const soon = () => new Promise((resolve) => setTimeout(resolve, 300));
  const refuse = (message: string, times = 1) =>
    test.sim.inject({
      service: 'compute',
      action: 'os-migrateLive',
      times,
      effect: {
        kind: 'status',
        status: 400,
        body: JSON.stringify({ badRequest: { code: 400, message } }),
      },
    });

  it.each(['a failed record', 'a refusal'])(
    'the destination is down and comes up in time: the server goes there, though Nova answered with %s',
    async (answer) => {
      if (answer === 'a refusal') refuse('Compute service of compute-1 is unavailable.');
      set('compute-1', { state: 'down' });
      const moving = move('live');
      setTimeout(() => set('compute-1', { state: 'up' }), 300);
      expect(outcomeOf(await moving)).toBe('SUCCEEDED: ');
    },
  );

  it('the destination stays down: BLOCKED after the wait, asked for once', async () => {
    set('compute-1', { state: 'down' });
    const started = performance.now();
    const report = await move('live');
    expect(report).toMatchObject({ outcome: 'BLOCKED', needs: 'compute-1' });
    expect(report.reason).toBe('nova-compute on compute-1 is down');
    expect(performance.now() - started).toBeGreaterThan(900);
    expect(asks('live')).toBeLessThanOrEqual(1);
  });

  it.each(['a failed record', 'a refusal'])(
    'the host that the server is on is down: BLOCKED, naming it, no failure, though Nova answered with %s',
    async (answer) => {
      if (answer === 'a refusal') refuse('Compute service of compute-2 is unavailable.');
      set('compute-2', { state: 'down' });
      const report = await move('live');
      expect(report).toMatchObject({ outcome: 'BLOCKED', needs: 'compute-2' });
      expect(report.reason).toBe('nova-compute on compute-2, where the server is, is down');
    },
  );

  it('the destination takes no server any more: BLOCKED, and says why', async () => {
    set('compute-1', { status: 'disabled', disabledReason: 'new disks' });
    refuse('Something else.');
    expect(await move('live')).toMatchObject({
      outcome: 'BLOCKED',
      needs: 'compute-1',
      reason: 'nova-compute on compute-1 is disabled: new disks',
    });
  });

  it('while it is waited for, others have its places: a migration away from it goes on', async () => {
    set('compute-1', { state: 'down' });
    const given = input('live');
    const waiting = move('live', given);
    await soon();
    test.sim.addHost({ name: 'compute-3' });
    const elsewhere = input('live', { rollback_id: 'rollback-2' }, 1);
    const other = move('live', { ...elsewhere, work: { ...elsewhere.work, to: 'compute-3' } });
    expect(outcomeOf(await other)).toBe('SUCCEEDED: ');
    set('compute-1', { state: 'up' });
    expect(outcomeOf(await waiting)).toBe('SUCCEEDED: ');
  });

  it('a rollback that is cancelled while it is waited for asks for nothing more', async () => {
    set('compute-1', { state: 'down' });
    const moving = begin('live');
    const ended = failureOf(moving.result);
    await soon();
    moving.cancelRollback();
    expect((await ended).name).toBe('CancelledFailure');
    set('compute-1', { state: 'up' });
    expect(asks('live')).toBeLessThanOrEqual(1);
  });

  it('what fails for another reason is told as that, asked for once', async () => {
    const { serverId } = input('live').work;
    test.sim.failMigrations(serverId, 'Live Migration failure: operation timed out');
    const failed = failureOf(move('live'));
    await until(() => asks('live') === 1);
    await until(() => test.sim.requests.some(({ path }) => path.includes('os-migrations')));
    expect((await failed).message).toContain('operation timed out');
    expect(asks('live')).toBe(1);
    refuse('No valid PCI device.');
    expect(outcomeOf(await move('live', input('live', {}, 1)))).toBe(
      'OTHER_WAY: No valid PCI device.',
    );
  });

  it('a second failure concludes: the second look is a new one', async () => {
    refuse('Compute service of compute-1 is unavailable.', 2);
    set('compute-1', { state: 'down' });
    setTimeout(() => set('compute-1', { state: 'up' }), 300);
    const report = await move('live');
    expect(outcomeOf(report)).toBe('OTHER_WAY: Compute service of compute-1 is unavailable.');
    expect(asks('live')).toBe(0);
  });
});
