import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { SimulatedCloud } from '../../src/simulated-cloud/types.js';
import { Caller } from './caller.js';

let cloud: SimulatedCloud;
let caller: Caller;
let vm: string;

beforeEach(async () => {
  cloud = await startSimulatedCloud({ times: { conductor: 0, liveMigration: 5 } });
  caller = new Caller(cloud);
  cloud.addHost({ name: 'compute-1' });
  cloud.addHost({ name: 'compute-2' });
  vm = cloud.addServer({ name: 'vm-1', host: 'compute-1' });
  await caller.token();
});
afterEach(() => cloud.close());

const hostOfVm = (): string | null | undefined => cloud.snapshot().servers[vm]?.host;

test('status: answered without an effect, as often as asked, then no more', async () => {
  cloud.inject({
    service: 'compute',
    action: 'os-migrateLive',
    times: 2,
    effect: { kind: 'status', status: 503, headers: { 'retry-after': '1' }, body: 'busy' },
  });
  const refused = await caller.live(vm, 'compute-2');
  expect([refused.status, refused.headers.get('retry-after'), refused.text]).toEqual([
    503,
    '1',
    'busy',
  ]);
  expect((await caller.server(vm)).status).toBe('ACTIVE');
  expect((await caller.live(vm, 'compute-2')).status).toBe(503);
  expect(cloud.ledger).toEqual([]);
  expect((await caller.live(vm, 'compute-2')).status).toBe(202);
});

test('it matches service, method, path and action together', async () => {
  const effect = { kind: 'status', status: 500 } as const;
  cloud.inject({ service: 'baremetal', path: /servers/, effect });
  cloud.inject({ service: 'compute', method: 'DELETE', path: /servers/, effect });
  cloud.inject({ service: 'compute', action: 'migrate', effect });
  cloud.inject({ service: 'compute', path: /^\/servers\/detail$/, effect });
  expect((await caller.nova('GET', `/servers/${vm}`)).status).toBe(200);
  expect((await caller.live(vm, 'compute-2')).status).toBe(202);
  expect((await caller.nova('GET', '/servers/detail')).status).toBe(500);
  expect((await caller.nova('GET', '/servers/detail')).status).toBe(200);
  cloud.clearFaults();
  await cloud.settled();
  expect((await caller.cold(vm, 'compute-1')).status).toBe(202);
});

test.each([
  ['before', 'compute-1'],
  ['after', 'compute-2'],
] as const)('reset %s the effect: no answer, and the server ends on %s', async (when, host) => {
  cloud.inject({ service: 'compute', action: 'os-migrateLive', effect: { kind: 'reset', when } });
  await expect(caller.live(vm, 'compute-2')).rejects.toThrow('fetch failed');
  await cloud.settled();
  expect(hostOfVm()).toBe(host);
});

test('hang: never answered; close() ends it', async () => {
  cloud.inject({ service: 'compute', effect: { kind: 'hang' } });
  const hanging = caller.nova('GET', '/servers');
  const early = await Promise.race([
    hanging.then(
      () => 'answered',
      () => 'failed',
    ),
    new Promise((resolve) => {
      setTimeout(() => {
        resolve('waiting');
      }, 80);
    }),
  ]);
  expect(early).toBe('waiting');
  await cloud.close();
  await expect(hanging).rejects.toThrow('fetch failed');
});

test('truncate: half of the body, then the connection ends', async () => {
  cloud.inject({ service: 'compute', effect: { kind: 'truncate' } });
  await expect(caller.nova('GET', `/servers/${vm}`)).rejects.toThrow('terminated');
});

test('delay: late, but with its effect', async () => {
  cloud.inject({ service: 'compute', effect: { kind: 'delay', ms: 80 } });
  const start = performance.now();
  expect((await caller.live(vm, 'compute-2')).status).toBe(202);
  expect(performance.now() - start).toBeGreaterThanOrEqual(75);
});

test('requests are counted by method and template', async () => {
  await caller.nova('GET', `/servers/${vm}`);
  await caller.nova('GET', `/servers/${vm}`);
  await caller.nova('GET', '/servers/detail');
  await caller.watcher('/nothing');
  expect(cloud.requestCounts()).toEqual({
    'POST /identity/v3/auth/tokens': 1,
    'GET /compute/v2.1/servers/{id}': 2,
    'GET /compute/v2.1/servers/detail': 1,
    'GET /infra-optim(unknown)': 1,
  });
});

test('close() ends timers and the port, also with work under way', async () => {
  await caller.live(vm, 'compute-2');
  await cloud.close();
  await expect(cloud.settled(50)).resolves.toBeUndefined();
  await expect(caller.nova('GET', '/servers')).rejects.toThrow('fetch failed');
});

test('settled rejects where something takes longer', async () => {
  await cloud.close();
  cloud = await startSimulatedCloud({ times: { stop: 5_000 } });
  caller = new Caller(cloud);
  cloud.addHost({ name: 'compute-1' });
  const slow = cloud.addServer({ name: 'slow', host: 'compute-1' });
  await caller.action(slow, { 'os-stop': null });
  await expect(cloud.settled(30)).rejects.toThrow('not settled within 30 ms');
});
