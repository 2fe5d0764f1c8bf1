/**
 * `node test/openstack/bench.mjs [--pairs N] [--out FILE]`: how long a rollback of a host maintenance takes beside
 * the bare lower bound and beside Watcher's own forward time, on a real OpenStack. Each pair: Watcher applies a plan
 * of the same five actions that host_maintenance makes (one host disabled, four servers moved off), the service
 * rolls it back (a); the servers are moved out by hand and brought home by four bare live migrations asked for at
 * once (b). (a) and (b) change places from pair to pair, and each pair begins without the plans of those before it:
 * Watcher lists them, and a later pair would measure that. Exit code as run.mjs.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { migrateAtOnce, settled } from './bare.mjs';
import { hostOf } from './cloud.mjs';
import {
  actuate,
  clear,
  disableAction,
  forgetPlans,
  freshServers,
  migrateAction,
  planActions,
} from './plans.mjs';
import { startService } from './service.mjs';
import { openSite, Refusal } from './site.mjs';

const DEFAULT_OUT = fileURLToPath(new URL('./bench-results.json', import.meta.url));
const PAIRS_MIN = 1;
const PAIRS_MAX = 100;

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '5' },
    out: { type: 'string', default: DEFAULT_OUT },
    keep: { type: 'boolean', default: false },
  },
});
const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.once(name, () => interrupted.abort(new Error(name)));

const note = (message) => console.log(message);

/** Every second server to the next host, as the scheduler spreads them. */
const spread = (site, servers) =>
  servers.map((server, index) => ({
    id: server.id,
    server,
    host: site.hosts[1 + (index % (site.hosts.length - 1))],
  }));

async function measureRollback(site, service, servers) {
  const [home] = site.hosts;
  const { plan, elapsedMs: watcherMs } = await actuate(site, [
    disableAction(home, 'acceptance test'),
    ...spread(site, servers).map(({ server, host }) => migrateAction(server, home, host)),
  ]);
  await settled(site);
  const token = await site.cloud.token();
  const answer = await service.post(plan, token);
  if (answer.body.state !== 'SUCCEEDED')
    throw new Error(`rollback of ${plan}: ${answer.status} ${JSON.stringify(answer.body)}`);
  await assertHome(site);
  await settled(site);
  const ends = (await planActions(site, plan)).map((action) => Date.parse(action.updated_at));
  return {
    rollbackMs: answer.elapsedMs,
    watcherMs,
    /** By Watcher's own timestamps, which are whole seconds: from its first action's end to its last's. */
    watcherActionsMs: Math.max(...ends) - Math.min(...ends),
  };
}

async function measureBare(site, servers) {
  const [home] = site.hosts;
  await migrateAtOnce(site, spread(site, servers));
  await settled(site);
  const bareMs = await migrateAtOnce(
    site,
    servers.map(({ id }) => ({ id, host: home })),
  );
  await assertHome(site);
  await settled(site);
  return { bareMs };
}

async function assertHome(site) {
  const away = (await site.cloud.servers()).filter((server) => hostOf(server) !== site.hosts[0]);
  if (away.length > 0) throw new Error(`not home: ${away.map((server) => server.name)}`);
}

function median(all) {
  const sorted = all.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const cell = (ms) => (ms / 1000).toFixed(2).padStart(9);

function row(label, { rollbackMs, bareMs, watcherMs }) {
  const ratio = (rollbackMs / bareMs).toFixed(2).padStart(8);
  return `${label.padEnd(6)}${cell(rollbackMs)}${cell(bareMs)}${ratio}${cell(watcherMs)}`;
}

function report(pairs) {
  const of = (key) => median(pairs.map((pair) => pair[key]));
  const ratioOf = (key) =>
    Number(median(pairs.map((pair) => pair.rollbackMs / pair[key])).toFixed(3));
  console.log('\nseconds rollback     bare   ratio  Watcher (forward)');
  for (const [index, pair] of pairs.entries()) console.log(row(String(index + 1), pair));
  const medians = {
    rollbackMs: of('rollbackMs'),
    bareMs: of('bareMs'),
    watcherMs: of('watcherMs'),
    watcherActionsMs: of('watcherActionsMs'),
  };
  console.log(row('median', medians));
  // What is judged: each pair is of the same minute.
  const ratios = { bare: ratioOf('bareMs'), watcher: ratioOf('watcherMs') };
  console.log(`median of the ratios: ${ratios.bare} of bare, ${ratios.watcher} of Watcher's`);
  return { medians, ratios, pairs };
}

async function main() {
  const count = Number(values.pairs);
  if (!Number.isInteger(count) || count < PAIRS_MIN || count > PAIRS_MAX)
    throw new Refusal(`--pairs must be a whole number from ${PAIRS_MIN} to ${PAIRS_MAX}.`);
  const { signal } = interrupted;
  const site = await openSite({ note, keepLab: values.keep, signal });
  let service = null;
  try {
    service = await startService({ env: site.env, note, signal });
    const servers = await freshServers(site);
    const pairs = [];
    for (let number = 1; number <= count; number++) {
      signal.throwIfAborted();
      await forgetPlans(site);
      const a = () => measureRollback(site, service, servers);
      const b = () => measureBare(site, servers);
      const bareFirst = number % 2 === 0;
      const measured = bareFirst ? [await b(), await a()] : [await a(), await b()];
      const pair = { first: bareFirst ? 'bare' : 'rollback', ...measured[0], ...measured[1] };
      pairs.push(pair);
      note(`pair ${number} of ${count}: ${JSON.stringify(pair)}`);
    }
    const results = { measuredAt: new Date().toISOString(), servers: servers.length };
    writeFileSync(values.out, `${JSON.stringify({ ...results, ...report(pairs) }, null, 2)}\n`);
    note(`written to ${values.out}`);
    await clear(site);
    await forgetPlans(site);
  } finally {
    await service?.stop({ keepFolder: false });
    await site.leave();
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Refusal ? error.message : error);
  process.exitCode = interrupted.signal.aborted ? 130 : error instanceof Refusal ? 2 : 1;
}
process.exit();
