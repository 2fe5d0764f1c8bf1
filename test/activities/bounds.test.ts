/** Cancellation at any time, and the worker-wide bound per host as activities keep it. */
import type { MoveServerWork } from '../../src/domain/layout-types.js';
import type { CloudForTest } from '../support/cloud.js';
import { attempt, compensation, effects, startCloudForTest, until } from '../support/cloud.js';

let test: CloudForTest;
afterEach(() => test.close());

const move = (serverId: string, rollback_id = 'rollback-1') =>
  compensation<MoveServerWork>(
    {
      kind: 'live_migrate',
      serverId,
      serverName: serverId,
      from: 'compute-2',
      to: 'compute-1',
      allowCold: false,
      sinceMigrationId: 0,
    },
    { rollback_id },
  );

async function start(bound: number, servers: number, liveMigration = 60): Promise<string[]> {
  test = await startCloudForTest({
    simulated: { maxConcurrentLiveMigrations: 100, times: { liveMigration } },
    settings: { worker_migrations_per_host: bound },
  });
  for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name });
  return Array.from({ length: servers }, (_, n) =>
    test.sim.addServer({ name: `vm-${n}`, host: 'compute-2' }),
  );
}

/** The most live migrations that were under way at one time. */
function mostAtOnce(): number {
  let running = 0;
  let most = 0;
  for (const { effect, outcome } of test.sim.ledger) {
    if (effect !== 'live-migrate') continue;
    running += outcome === 'started' ? 1 : -1;
    most = Math.max(most, running);
  }
  return most;
}

it('keeps to the bound per host over all rollbacks, and uses it', async () => {
  const servers = await start(2, 6);
  const all = servers.map((id, n) =>
    attempt(test.activities, 'liveMigrateServer', move(id, `rollback-${n % 2}`)),
  );
  const reports = await Promise.all(all.map(({ result }) => result));
  expect(reports.every(({ outcome }) => outcome === 'SUCCEEDED')).toBe(true);
  expect(mostAtOnce()).toBe(2);
});

it('lets the small rollback through beside a large one', async () => {
  const servers = await start(1, 6, 30);
  const order: string[] = [];
  const all = servers.map(async (id, n) => {
    const rollback = n < 5 ? 'large' : 'small';
    await attempt(test.activities, 'liveMigrateServer', move(id, rollback)).result;
    order.push(rollback);
  });
  await Promise.all(all);
  expect(order.indexOf('small')).toBeLessThan(3);
});

it('a wait for the bound heartbeats, ends promptly when cancelled, and leaves no slot taken', async () => {
  const servers = await start(1, 3, 1500);
  test.settings.limits = { ...test.settings.limits, heartbeat_timeout: 0.09 };
  const activities = test.anotherWorker();
  const [first, second, third] = servers.map(
    (id) => () => attempt(activities, 'liveMigrateServer', move(id)),
  );
  const running = first?.();
  await until(() => effects(test.sim, 'live-migrate') === 1);
  const waiting = second?.();
  await until(() => (waiting?.heartbeats.length ?? 0) >= 5);
  waiting?.cancel();
  await expect(waiting?.result).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(effects(test.sim, 'live-migrate')).toBe(1);
  running?.cancel();
  await running?.result.catch(() => undefined);
  // Both have given back what they had: the third one is not kept waiting.
  const last = third?.();
  await until(() => effects(test.sim, 'live-migrate') === 2);
  last?.cancel();
  await last?.result.catch(() => undefined);
});

it.each(['GET', 'POST'])('a %s that hangs does not hold up the cancellation', async (method) => {
  const [vm] = await start(4, 1);
  const path = /\/servers\//;
  test.sim.inject({ service: 'compute', method, path, times: 10, effect: { kind: 'hang' } });
  const hanging = attempt(test.activities, 'liveMigrateServer', move(vm ?? ''));
  // Under way: its other reads are answered, or it has said that it asks.
  await until(() =>
    method === 'GET'
      ? Object.keys(test.sim.requestCounts()).some((one) => one.includes('os-services'))
      : hanging.heartbeats.some((details) => JSON.stringify(details) === '{"asked":true}'),
  );
  const before = Date.now();
  hanging.cancel();
  await expect(hanging.result).rejects.toMatchObject({ name: 'CancelledFailure' });
  expect(Date.now() - before).toBeLessThan(200);
});
