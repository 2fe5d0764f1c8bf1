// Schemathesis against the whole service on a simulated cloud, by the OpenAPI document that it serves: no answer that the
// document does not name, no 5xx. Twice: with any plan's UUID, and with the UUID of a plan that can be rolled back.
// Needs Python 3 (with venv) and PyPI; what is installed stays in the user's cache. ROUNDS=n: examples per operation.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from '../../scripts/lib/build.mjs';
import { run } from '../../scripts/lib/run.mjs';
import { say } from '../../scripts/lib/say.mjs';
import { load, startBuiltService } from '../support/built-service.mjs';

const VERSION = '4.32.5';
const CACHE = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
const VENV = join(CACHE, 'watcher-rollback', `schemathesis-${VERSION}`);
const ROUNDS = process.env.ROUNDS ?? '40';
/** A plan may well be refused for what a request of good form asks of it: max_age, say. */
const NOT_ASKED = 'positive_data_acceptance';

async function schemathesis() {
  const program = join(VENV, 'bin', 'st');
  if (existsSync(program)) return program;
  mkdirSync(join(VENV, '..'), { recursive: true });
  const quiet = { quiet: true };
  const made = await run('python3', ['-m', 'venv', '--clear', VENV], quiet);
  const pip = ['install', '--quiet', '--disable-pip-version-check', `schemathesis==${VERSION}`];
  if (made !== 0 || (await run(join(VENV, 'bin', 'pip'), pip, quiet)) !== 0) {
    throw new Error('Schemathesis could not be installed: are python3-venv and PyPI there?');
  }
  return program;
}

async function startAll(folder) {
  const { startSimulatedCloud } = await load('simulated-cloud/start.js');
  const sim = await startSimulatedCloud();
  for (const name of ['compute-1', 'compute-2']) sim.addHost({ name });
  for (const name of ['vm-1', 'vm-2']) sim.addServer({ name, host: 'compute-1', status: 'ACTIVE' });
  const plan = await sim.hostMaintenance('compute-1', { destinations: ['compute-2'] });
  const service = await startBuiltService(sim, folder, 'schemathesis');
  return {
    url: service.apiUrl,
    token: sim.issueToken({ userName: 'anna', roles: ['admin'] }),
    plan,
    async stop() {
      await service.stop();
      await sim.close();
    },
  };
}

/** Whether this round found nothing. */
async function round(program, folder, { url, token }, name, parameters, more) {
  const file = join(folder, `${name}.toml`);
  writeFileSync(file, parameters);
  say(`Schemathesis ${VERSION}, ${name}`);
  // prettier-ignore
  const code = await run(program, [
    '--config-file', file, 'run', `${url}/v1/openapi.json`,
    '--header', `X-Auth-Token: ${token}`, '--header', 'Prefer: respond-async',
    '--checks', 'all', '--exclude-checks', NOT_ASKED,
    '--max-examples', ROUNDS, '--seed', '1', '--workers', '1', '--request-timeout', '60',
    '--continue-on-failure', '--no-color', ...more,
  ]);
  return code === 0;
}

/** So that control calls meet one, and no switch that the first round left on. */
async function haveRollback({ url, token, plan }) {
  const headers = { 'X-Auth-Token': token, 'Content-Type': 'application/json' };
  const calls = [
    ['PUT', '/v1/rollbacks/stop', '{"stopped": false}'],
    ['POST', `/v1/action_plans/${plan}/rollback`, '{}'],
  ];
  for (const [method, path, body] of calls) {
    const answer = await fetch(`${url}${path}`, { method, headers, body });
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status}`);
  }
}

await ensureBuilt();
const folder = mkdtempSync(join(tmpdir(), 'watcher-rollback-schemathesis-'));
let passed = 0;
let failed = 0;
const count = (good) => (good ? (passed += 1) : (failed += 1));
try {
  const program = await schemathesis();
  const service = await startAll(folder);
  try {
    count(await round(program, folder, service, 'any-plan', '', []));
    const known = `[parameters]\n"path.uuid" = "${service.plan}"\n`;
    await haveRollback(service);
    // A stream of a rollback that is paused has no end to wait for.
    const more = ['--exclude-operation-id', 'watchRollback'];
    count(await round(program, folder, service, 'a-plan-of-the-cloud', known, more));
  } finally {
    await service.stop();
  }
} catch (error) {
  failed += 1;
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
