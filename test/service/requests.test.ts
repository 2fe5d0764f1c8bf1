/** How many requests a rollback makes: a Nova that is asked less answers, and migrates, sooner. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { startTemporal } from '../support/temporal.js';
import { type ServiceForTest, startServiceForTest } from './service.js';

let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;

beforeAll(async () => {
  temporal = await startTemporal();
});
afterAll(() => temporal.teardown());
afterEach(() => service.close());

/** What one rollback of a host maintenance asked of OpenStack, by route; tokens aside. */
async function requestsOf(servers: number): Promise<Map<string, number>> {
  service = await startServiceForTest({
    temporal: temporal.address,
    // As on a real cloud: a migration takes some looks, and a host makes few at a time.
    simulated: { times: { liveMigration: 150 }, maxConcurrentLiveMigrations: 4 },
    settings: { ROLLBACK_POLL_FIRST: '0.03', ROLLBACK_POLL_MAX: '1' },
  });
  const { sim } = service;
  for (const name of ['compute-1', 'compute-2', 'compute-3']) sim.addHost({ name });
  for (let n = 1; n <= servers; n++) sim.addServer({ name: `vm-${n}`, host: 'compute-1' });
  const destinations = ['compute-2', 'compute-3'];
  const plan = await sim.hostMaintenance('compute-1', { destinations });
  const before = sim.requestCounts();
  expect(await service.rollBack(plan)).toMatchObject({ state: 'SUCCEEDED' });
  const made = Object.entries(sim.requestCounts())
    .map(([route, times]): [string, number] => [route, times - (before[route] ?? 0)])
    .filter(([route, times]) => times > 0 && !route.includes(' /identity'));
  return new Map(made);
}

const sum = (requests: Iterable<number>) => [...requests].reduce((a, b) => a + b, 0);

const LOOKS = 'GET /compute/v2.1/os-migrations';

test('of twelve servers: five for each at most beside the looks at what goes on, which all share', async () => {
  const requests = await requestsOf(12);
  // How often one looks is a matter of time, and so of the machine; that all migrations share a look is not.
  const looks = requests.get(LOOKS) ?? 0;
  expect((sum(requests.values()) - looks) / 12).toBeLessThanOrEqual(5);
  expect(looks / 12).toBeLessThan(4);
  // Asked for once; read at its end, and at times once more where record and server do not agree yet.
  expect(requests.get('POST /compute/v2.1/servers/{id}/action')).toBe(12);
  expect(requests.get('GET /compute/v2.1/servers/{id}')).toBeLessThanOrEqual(24);
});

test('of four servers: what does not grow with their number weighs more', async () => {
  const requests = await requestsOf(4);
  const nova = new Map([...requests].filter(([route]) => route.includes('/compute/')));
  const looks = nova.get(LOOKS) ?? 0;
  expect((sum(nova.values()) - looks) / 4).toBeLessThanOrEqual(6);
  expect((sum(requests.values()) - looks) / 4).toBeLessThanOrEqual(8);
});
