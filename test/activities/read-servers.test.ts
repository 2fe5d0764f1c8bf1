/** Many servers in few calls: those that changed of late in one, the others by their hosts or one by one. */
import type { Kit } from '../../activities/kit.js';
import { readChangedServers } from '../../activities/read-servers.js';
import { completeOptions } from '../../src/domain/options.js';
import type { CloudForTest } from '../support/cloud.js';
import { run, startCloudForTest } from '../support/cloud.js';

const NEVER = { signal: new AbortController().signal };
const COUNT = 6;

let test: CloudForTest;
let servers: string[];
beforeEach(async () => {
  test = await startCloudForTest({ simulated: { maxConcurrentLiveMigrations: COUNT } });
  for (let n = 0; n <= COUNT; n++) test.sim.addHost({ name: `compute-${n}` });
  servers = Array.from({ length: COUNT }, (_, n) =>
    test.sim.addServer({ name: `vm-${n}`, host: `compute-${n}` }),
  );
});
afterEach(() => test.close());

const moved = () =>
  test.sim.applyPlan({
    actions: servers.map((id, n) => ({
      type: 'migrate',
      parameters: {
        migration_type: 'live',
        resource_id: id,
        source_node: `compute-${n}`,
        destination_node: `compute-${n + 1}`,
      },
    })),
  });
const counts = () => {
  const all = test.sim.requestCounts();
  return {
    listings: all['GET /compute/v2.1/servers/detail'] ?? 0,
    single: all['GET /compute/v2.1/servers/{id}'] ?? 0,
  };
};
const layOut = async () =>
  run(test.activities, 'layOutRollback', {
    action_plan_uuid: await moved(),
    options: completeOptions({}, 3600),
  });
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

it('the layout finds what the plan has moved, wherever it is, in one call', async () => {
  const layout = await layOut();
  expect(layout.compensations.map(({ work }) => work?.kind)).toEqual(
    servers.map(() => 'live_migrate'),
  );
  expect(counts()).toEqual({ listings: 1, single: 0 });
});

it('a server that so many others have changed after is read by its id', async () => {
  const plan = await moved();
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (let n = 0; n < 40; n++) {
    const other = test.sim.addServer({ name: `other-${n}`, host: 'compute-0' });
    test.sim.hand.setServerStatus(other, 'SHUTOFF');
  }
  const layout = await run(test.activities, 'layOutRollback', {
    action_plan_uuid: plan,
    options: completeOptions({}, 3600),
  });
  expect(layout.compensations.map(({ work }) => work?.kind)).toEqual(
    servers.map(() => 'live_migrate'),
  );
  expect(counts()).toEqual({ listings: 1, single: COUNT });
});

describe('a plan of two hours ago', () => {
  const HOUR_MS = 3_600_000;
  const change = (count: number) => {
    for (let n = 0; n < count; n++) {
      const other = test.sim.addServer({ name: `other-${n}`, host: 'compute-0' });
      test.sim.hand.setServerStatus(other, 'SHUTOFF');
    }
  };
  const ofThen = async (since: () => void) => {
    test.sim.advance(-2 * HOUR_MS);
    const plan = await moved();
    test.sim.advance(2 * HOUR_MS);
    since();
    return run(test.activities, 'layOutRollback', {
      action_plan_uuid: plan,
      options: completeOptions({ on_drift: 'restore' }, 3 * 3600),
    });
  };

  it('what it moved is found in one call, whatever has changed since', async () => {
    const layout = await ofThen(() => change(40));
    expect(layout.compensations.map(({ work }) => work?.kind)).toEqual(
      servers.map(() => 'live_migrate'),
    );
    expect(counts()).toEqual({ listings: 1, single: 0 });
  });

  it('what somebody has moved again is found in one more, where they are', async () => {
    const again = servers.slice(1);
    const layout = await ofThen(() => {
      for (const id of again) test.sim.hand.migrate(id, 'compute-0');
    });
    const from = layout.compensations.map(({ work }) => work?.kind === 'live_migrate' && work.from);
    expect(from).toEqual(['compute-1', ...again.map(() => 'compute-0')]);
    expect(counts()).toEqual({ listings: 2, single: 0 });
  });

  it('… or one by one where so much has changed after', async () => {
    await ofThen(() => {
      for (const id of servers.slice(1, 3)) test.sim.hand.migrate(id, 'compute-0');
      for (const id of servers.slice(4)) test.sim.hand.migrate(id, 'compute-1');
      change(40);
    });
    // Two on each of two hosts are too few for a listing of the host.
    expect(counts()).toEqual({ listings: 2, single: 4 });
  });
});

it('so does the last read, and it tells what somebody has moved since', async () => {
  await moved();
  test.sim.hand.migrate(servers[2] ?? '', 'compute-0');
  const before = counts();
  const { differing } = await run(test.activities, 'verifyRollback', {
    action_plan_uuid: '11111111-2222-4333-8444-555555555555',
    since: minutesAgo(5),
    compensations: servers.map((id, n) => ({
      action_uuid: `a-${n}`,
      resource_type: 'server',
      resource_id: id,
      before: { host: `compute-${n + 1}` },
      state: 'SUCCEEDED',
    })),
  });
  expect(differing.map(({ action_uuid }) => action_uuid)).toEqual(['a-2']);
  expect(counts()).toEqual({ ...before, listings: before.listings + 1 });
});

it.each([
  ['of two servers', 2, 5],
  ['of more than a page has', 600, 5],
  ['of what is long ago', COUNT, 7 * 60],
])('nothing is asked for %s', async (_what, count, minutes) => {
  const kit = { cloud: test.cloud } as Kit;
  const ids = Array.from({ length: count }, (_, n) => servers[n] ?? `none-${n}`);
  const attempted = NEVER as Parameters<typeof readChangedServers>[1];
  const within = { since: minutesAgo(minutes), until: null };
  expect(await readChangedServers(kit, attempted, ids, within)).toEqual([]);
  expect(counts().listings).toBe(0);
});
