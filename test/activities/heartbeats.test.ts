/** When an activity heartbeats: each is a write in Temporal, so only where one is of use. */
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import type { StartServerWork } from '../../src/domain/layout-types.js';
import type { CloudForTest } from '../support/cloud.js';
import { compensation, startCloudForTest, TEST_SETTINGS } from '../support/cloud.js';

let test: CloudForTest;
let vm: string;

beforeEach(async () => {
  test = await startCloudForTest({
    settings: {
      limits: {
        ...TEST_SETTINGS.limits,
        heartbeat_timeout: 600,
      },
    },
  });
  test.sim.addHost({ name: 'compute-1' });
  vm = test.sim.addServer({ name: 'vm-1', host: 'compute-1', status: 'SHUTOFF' });
});
afterEach(() => test.close());

/** null: Temporal tells the activity of no policy. */
async function heartbeatsOf(maximumAttempts: number | null): Promise<unknown[]> {
  const environment = new MockActivityEnvironment(
    {
      startToCloseTimeoutMs: 600_000,
      ...(maximumAttempts !== null && { retryPolicy: { maximumAttempts } }),
    },
    { logger: new DefaultLogger('ERROR') },
  );
  const heartbeats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => heartbeats.push(details));
  const input = compensation<StartServerWork>({
    kind: 'start_server',
    serverId: vm,
    serverName: 'vm-1',
    host: 'compute-1',
  });
  const report = await environment.run(() => test.activities.startServer(input));
  expect(report).toMatchObject({ outcome: 'SUCCEEDED' });
  return heartbeats;
}

it('what is over soon sends none, where only the workflow tries again', async () => {
  expect(await heartbeatsOf(1)).toEqual([]);
});

it('nor where it was started eagerly: Temporal leaves the policy out', async () => {
  expect(await heartbeatsOf(null)).toEqual([]);
});

it('before it asks it says so, where Temporal itself would try again', async () => {
  expect(await heartbeatsOf(3)).toEqual([{ asked: true }]);
});
