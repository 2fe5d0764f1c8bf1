/** When a move may begin with the layout's reading of its server, and what it may do with it. */
import { RecentServers } from '../../activities/recent-servers.js';
import type { MoveServerWork } from '../../src/domain/layout-types.js';
import { completeOptions } from '../../src/domain/options.js';
import type { ComputeServer } from '../../src/openstack/cloud.js';
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

describe('a reading', () => {
  const server = (id: string) => ({ id }) as ComputeServer;
  let now: number;
  let recent: RecentServers;
  beforeEach(() => {
    now = 100;
    recent = new RecentServers(1, () => now);
    recent.saw([server('a'), server('b')], now);
  });

  it('is given out once', () => {
    expect(recent.take('a')).toEqual(server('a'));
    expect(recent.take('a')).toBeNull();
    expect(recent.take('b')).toEqual(server('b'));
  });

  it('is not given out when it is old', () => {
    now += 1.01;
    expect(recent.take('a')).toBeNull();
  });

  it('is not given out after something was asked for its server', () => {
    recent.forget('a');
    expect(recent.take('a')).toBeNull();
  });

  it('of more servers than there is room for: the last ones are kept', () => {
    recent.saw(
      Array.from({ length: 1000 }, (_, n) => server(`s${n}`)),
      now,
    );
    expect(recent.take('a')).toBeNull();
    expect(recent.take('s999')).not.toBeNull();
  });
});

describe('a move right after the layout', () => {
  let test: CloudForTest;
  let servers: string[];
  let works: MoveServerWork[];
  let plan: string;

  beforeEach(async () => {
    test = await startCloudForTest();
    for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name });
    servers = [1, 2].map((n) => test.sim.addServer({ name: `vm-${n}`, host: 'compute-1' }));
    plan = await test.sim.hostMaintenance('compute-1', { destinations: ['compute-2'] });
    test.sim.hand.setService('compute-1', { status: 'enabled', disabledReason: null });
    const layout = await run(test.activities, 'layOutRollback', {
      action_plan_uuid: plan,
      options: completeOptions({}, 3600),
    });
    works = layout.compensations.flatMap(({ work }) =>
      work !== null && work.kind === 'live_migrate' ? [work] : [],
    );
    expect(works).toHaveLength(2);
  });
  afterEach(() => test.close());

  const reads = () =>
    Object.entries(test.sim.requestCounts())
      .filter(([route]) => /^GET .*servers\/\{id\}$/.test(route))
      .reduce((sum, [, times]) => sum + times, 0);
  const move = (index: number, activities = test.activities, info = {}) => {
    const work = works[index];
    if (work === undefined) throw new Error('no such move');
    return attempt(activities, 'liveMigrateServer', compensation(work), info).result;
  };

  it('reads its server once, at the end', async () => {
    const before = reads();
    const reports = await Promise.all([move(0), move(1)]);
    expect(reports.map(outcomeOf)).toEqual(['SUCCEEDED: ', 'SUCCEEDED: ']);
    expect(reads() - before).toBe(2);
    expect(effects(test.sim, 'live-migrate')).toBe(4);
  });

  it.each([
    ['in a later attempt', { attempt: 2 }],
    ['after an attempt that has asked', { heartbeatDetails: { asked: true } }],
  ])('reads it first %s', async (_when, info) => {
    const before = reads();
    expect(await move(0, test.activities, info)).toMatchObject({ outcome: 'SUCCEEDED' });
    expect(reads() - before).toBe(2);
  });

  it('reads it first on another worker', async () => {
    const before = reads();
    expect(await move(0, test.anotherWorker())).toMatchObject({ outcome: 'SUCCEEDED' });
    expect(reads() - before).toBe(2);
  });

  it('reads it first after something else was asked for it', async () => {
    const [id = ''] = servers;
    const other = { kind: 'start_server', serverId: id, serverName: 'vm-1', host: 'x' } as const;
    test.sim.hand.setServerStatus(id, 'SHUTOFF');
    expect(await run(test.activities, 'startServer', compensation(other))).toMatchObject({
      outcome: 'SUCCEEDED',
    });
    const before = reads();
    const index = works.findIndex(({ serverId }) => serverId === id);
    expect(await move(index)).toMatchObject({ outcome: 'SUCCEEDED' });
    expect(reads() - before).toBe(2);
  });

  const services = () => test.sim.requestCounts()['GET /compute/v2.1/os-services'] ?? 0;
  const listings = () => test.sim.requestCounts()['GET /compute/v2.1/os-migrations'] ?? 0;

  const layOutAgain = () =>
    run(test.activities, 'layOutRollback', {
      action_plan_uuid: plan,
      options: completeOptions({}, 3600),
    });

  it('looks at no host and no record either before it asks', async () => {
    const before = services() + listings();
    const asked = () => effects(test.sim, 'live-migrate') === 3;
    const moving = move(0);
    await until(asked);
    expect(services() + listings() - before).toBe(0);
    expect(outcomeOf(await moving)).toBe('SUCCEEDED: ');
  });

  it('concludes nothing from it but to ask: a host that is disabled again is told with a new one', async () => {
    test.sim.hand.setService('compute-1', { status: 'disabled', disabledReason: 'again' });
    const reports = await Promise.all([move(0), move(1)]);
    expect(reports.map(({ outcome }) => outcome)).toEqual(['BLOCKED', 'BLOCKED']);
    expect(reports[0]?.reason).toContain('again');
  });

  it('looks anew at all where what is known leads to anything but to ask', async () => {
    // As a rollback that enabled the host knows it, and another worker than that one does not.
    test.sim.hand.setService('compute-1', { status: 'disabled', disabledReason: 'again' });
    await layOutAgain();
    test.sim.hand.setService('compute-1', { status: 'enabled', disabledReason: null });
    test.sim.hand.lock(works[0]?.serverId ?? '');
    const reports = await Promise.all([move(0), move(1)]);
    expect(reports.map(({ outcome }) => outcome)).toEqual(['KEPT', 'SUCCEEDED']);
  });

  it('of a cold move the hosts are looked at', async () => {
    const work = works[0];
    if (work === undefined) throw new Error('no work');
    test.sim.hand.setServerStatus(work.serverId, 'SHUTOFF');
    await layOutAgain();
    const before = services();
    const cold = compensation({ ...work, kind: 'cold_migrate' as const });
    const moving = run(test.activities, 'coldMigrateServer', cold);
    await until(() => effects(test.sim, 'cold-migrate') === 1);
    expect(services() - before).toBe(1);
    expect(outcomeOf(await moving)).toBe('SUCCEEDED: ');
  });

  it('joins what somebody began in between: Nova refuses, the new reading shows it', async () => {
    const work = works[0];
    if (work === undefined) throw new Error('no work');
    await test.cloud.compute.liveMigrate(work.serverId, work.to);
    expect(await move(0)).toMatchObject({ outcome: 'SUCCEEDED' });
    expect(effects(test.sim, 'live-migrate', work.serverId)).toBe(2);
  });
});
