/**
 * `npm run bench:preview [-- ACTIONS]`: how long a preview takes over REST, on the whole service and a simulated cloud in
 * this process; and, in the same run, how long its reads take by themselves: the requests that a preview makes of
 * OpenStack, made again as fast as they go, without Temporal and without any decision. No preview can be faster than that.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig, environment } from '../src/config.js';
import { fetchToken, untilReady } from '../src/demo/caller.js';
import { demoEnvironment } from '../src/demo/settings.js';
import type { PreviewResult } from '../src/domain/preview.js';
import { silentLogger } from '../src/log.js';
import { loadCloudConfig } from '../src/openstack/config.js';
import { localConfigFiles } from '../src/openstack/config-files.js';
import { createOpenStackCloud } from '../src/openstack/create-cloud.js';
import { type Service, startService } from '../src/service/service.js';
import { startSimulatedCloud } from '../src/simulated-cloud/start.js';
import type { SimulatedCloud, SimulatedRequest } from '../src/simulated-cloud/types.js';

const ROOT = new URL('../../', import.meta.url);
const ACTIONS = 1000;
const DESTINATIONS = 20;
const RUNS = 9;
/** As many requests at once as the typed clients have connections to one service. */
const AT_ONCE = 8;

const ended: (() => Promise<unknown>)[] = [];
try {
  await bench(Number(process.argv[2] ?? ACTIONS));
} finally {
  for (const end of ended.toReversed()) await end();
}

async function bench(actions: number): Promise<void> {
  const cloud = await startSimulatedCloud();
  ended.push(() => cloud.close());
  const plan = await scene(cloud, actions);
  const { apiUrl } = await start(cloud);
  const never = new AbortController().signal;
  await untilReady(apiUrl ?? '', never);
  const token = await fetchToken(cloud.env, never);
  const url = `${apiUrl ?? ''}/v1/action_plans/${plan}/rollback/preview`;

  // The first one finds no connection open and no code warm: it is told apart.
  const before = cloud.requests.length;
  const first = await preview(url, token);
  const asked = cloud.requests.slice(before).filter(({ route }) => !route.includes('/identity'));
  const previews: number[] = [];
  const bare: number[] = [];
  // By turns, so that whatever else this machine does hits both alike.
  for (let run = 0; run < RUNS; run += 1) {
    previews.push((await preview(url, token)).ms);
    bare.push(await readAgain(new URL(cloud.authUrl).origin, token, asked));
  }
  const { body } = first;
  print(
    `${body.compensations.length} of ${actions} compensations in the answer, ${body.preview.order.length} with work, ${asked.length} reads of OpenStack`,
  );
  print(`preview, first:      ${ms(first.ms)}`);
  print(`preview, ${RUNS} more:    ${spread(previews)}`);
  print(`bare reads, ${RUNS} runs: ${spread(bare)}`);
}

/** host_maintenance of a host with all but two of the actions' servers, and one idle host powered off. */
async function scene(cloud: SimulatedCloud, actions: number): Promise<string> {
  const names = Array.from({ length: DESTINATIONS }, (_, index) => `compute-${index + 2}`);
  for (const name of ['compute-1', ...names, 'idle-1']) cloud.addHost({ name, capacity: actions });
  for (let number = 1; number <= actions - 2; number += 1) {
    cloud.addServer({ name: `vm-${number}`, host: 'compute-1' });
  }
  return cloud.hostMaintenance('compute-1', { destinations: names, powerOffIdle: ['idle-1'] });
}

async function start(cloud: SimulatedCloud): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), 'watcher-rollback-bench-'));
  ended.push(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const own = { databaseFile: join(folder, 'temporal.db'), runName: basename(folder).slice(-6) };
  const env = demoEnvironment(environment(), cloud.env, own);
  const openStack = createOpenStackCloud(loadCloudConfig(env, localConfigFiles()));
  ended.push(() => openStack.close());
  const service = await startService({
    command: 'start',
    config: readConfig(env),
    env,
    cloud: openStack,
    log: silentLogger(),
    bundlePath: fileURLToPath(new URL('dist/workflow-bundle.js', ROOT)),
    uiFolder: fileURLToPath(new URL('dist/src/ui', ROOT)),
    say: (sentence) => print(sentence),
  });
  ended.push(() => service.stop());
  return service;
}

async function preview(url: string, token: string): Promise<{ ms: number; body: PreviewResult }> {
  const startedAt = performance.now();
  const answer = await fetch(url, { headers: { 'X-Auth-Token': token } });
  const text = await answer.text();
  const taken = performance.now() - startedAt;
  if (!answer.ok) throw new Error(`GET ${url} answered ${answer.status}: ${text}`);
  return { ms: taken, body: JSON.parse(text) as PreviewResult };
}

async function readAgain(
  origin: string,
  token: string,
  asked: readonly SimulatedRequest[],
): Promise<number> {
  const startedAt = performance.now();
  const left = [...asked];
  const reader = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const answer = await fetch(`${origin}${next.path}`, {
        method: next.method,
        headers: {
          'X-Auth-Token': token,
          'OpenStack-API-Version': next.path.startsWith('/compute') ? 'compute 2.90' : '',
        },
      });
      await answer.json();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, reader));
  return performance.now() - startedAt;
}

function spread(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  return `median ${ms(median)} (${ms(sorted[0] ?? 0)} to ${ms(sorted.at(-1) ?? 0)})`;
}

function ms(time: number): string {
  return `${Math.round(time)} ms`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
