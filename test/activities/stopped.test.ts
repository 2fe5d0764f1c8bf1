/** The stop switch is looked at before anything new is asked for, however long an activity has waited until then. */
import { NEVER_STOPPED, type ReadStopSwitch, switchLooks } from '../../activities/asked-switch.js';
import type { MoveServerWork } from '../../src/domain/layout-types.js';
import type { CloudForTest } from '../support/cloud.js';
import { attempt, compensation, effects, startCloudForTest, until } from '../support/cloud.js';

let test: CloudForTest;
let isOn: boolean;
let broken: boolean;
const readSwitch: ReadStopSwitch = () =>
  broken
    ? Promise.reject(new Error('no connection'))
    : Promise.resolve({ stopped: isOn, reason: 'look first', by: 'anna', since: null });

beforeEach(async () => {
  isOn = false;
  broken = false;
  test = await startCloudForTest({
    // Longer than an answer of the switch is kept.
    simulated: { times: { liveMigration: 1_500 } },
    settings: { worker_migrations_per_host: 1, migration_timeout: 10 },
    readSwitch,
  });
  for (const name of ['compute-1', 'compute-2']) test.sim.addHost({ name });
});
afterEach(() => test.close());

function move(serverId: string): MoveServerWork {
  const base = { kind: 'live_migrate', from: 'compute-2', to: 'compute-1' } as const;
  return { ...base, serverId, serverName: serverId, allowCold: false, sinceMigrationId: 0 };
}

it('moves that wait for their turn are not begun once it is on; the one under way goes on', async () => {
  const servers = ['a', 'b', 'c'].map((name) => test.sim.addServer({ name, host: 'compute-2' }));
  const moves = servers.map((id) =>
    attempt(test.activities, 'liveMigrateServer', compensation(move(id))),
  );
  await until(() => effects(test.sim, 'live-migrate') === 1);
  isOn = true;
  const reports = await Promise.all(moves.map(({ result }) => result));
  expect(reports.map(({ outcome }) => outcome).toSorted()).toEqual([
    'STOPPED',
    'STOPPED',
    'SUCCEEDED',
  ]);
  expect(reports.find(({ outcome }) => outcome === 'STOPPED')?.reason).toContain('look first');
  expect(effects(test.sim, 'live-migrate')).toBe(1);
});

it('where nobody can tell, nothing is asked for, and the failure says so', async () => {
  const vm = test.sim.addServer({ name: 'vm', host: 'compute-2' });
  broken = true;
  const moving = attempt(test.activities, 'liveMigrateServer', compensation(move(vm)));
  await expect(moving.result).rejects.toMatchObject({
    type: 'TemporalUnreachable',
    nonRetryable: false,
    details: [{ asked: false }],
  });
  expect(effects(test.sim, 'live-migrate')).toBe(0);
});

it('many at once read it once; what could not be read is read again', async () => {
  let reads = 0;
  let away = true;
  const { anew, recent } = switchLooks(() => {
    reads += 1;
    return away ? Promise.reject(new Error('away')) : NEVER_STOPPED();
  });
  await expect(recent()).rejects.toThrow('away');
  away = false;
  await Promise.all([recent(), recent(), recent()]);
  expect(reads).toBe(2);
  await anew();
  await recent();
  expect(reads).toBe(3);
});
