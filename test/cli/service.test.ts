/** The command against the whole service and a simulated cloud: what it prints, writes and ends with. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { ensureBuilt } from '../support/built.js';
import { startTemporal } from '../support/temporal.js';
import { eventually } from '../service/caller.js';
import { maintenanceScene, migrateAction, type Scene } from '../service/scene.js';
import { type ServiceForTest, startServiceForTest } from '../service/service.js';
import { begin, command, type Ended } from './command.js';

let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;
let folder: string;
/** As an operator has it. */
let env: Record<string, string>;

beforeAll(async () => {
  ensureBuilt();
  temporal = await startTemporal();
}, 180_000);
afterAll(() => temporal.teardown());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rollback-command-'));
  service = await startServiceForTest({
    temporal: temporal.address,
    simulated: { times: { liveMigration: 300, coldMigration: 300 } },
  });
  env = { ...service.sim.env, ROLLBACK_URL: service.url };
});
afterEach(async () => {
  await service.close();
  rmSync(folder, { recursive: true, force: true });
});

const ask = (...args: string[]): Promise<Ended> => command(args, env);

/** Running servers, away from their host; moving one back takes so long, and they go one by one. */
async function slowScene(ms: number, running = 2): Promise<Scene> {
  await service.close();
  service = await startServiceForTest({
    temporal: temporal.address,
    simulated: { times: { liveMigration: ms } },
    settings: { ROLLBACK_MIGRATIONS_PER_HOST: '1' },
  });
  env = { ...service.sim.env, ROLLBACK_URL: service.url };
  return maintenanceScene(service.sim, { running, shutOff: 0 });
}

test('run --wait --junit: one JSON document on stdout, SUCCEEDED is 0, the cloud as it was, a green report', async () => {
  const scene = await maintenanceScene(service.sim, { running: 2, shutOff: 1 });
  const file = join(folder, 'reports', 'rollback.xml');
  const ended = await ask('run', scene.plan, '--wait', '--junit', file);
  expect(ended).toMatchObject({ code: 0 });
  expect(ended.json).toMatchObject({
    action_plan_uuid: scene.plan,
    state: 'SUCCEEDED',
    restored: true,
    counts: { SUCCEEDED: 5 },
    links: expect.arrayContaining([expect.objectContaining({ rel: 'self' })]) as unknown,
  });
  expect(service.sim.snapshot()).toEqual(scene.before);
  expect(ended.stderr).toMatch(/^(PENDING|ONGOING): \d+ of 5 /m);
  const report = readFileSync(file, 'utf8');
  expect(report).toContain('tests="6" failures="0" errors="0"');

  // The same answer again, from what Temporal keeps.
  const status = await ask('status', scene.plan);
  expect(status).toMatchObject({ code: 0, json: { state: 'SUCCEEDED', truncated: false } });
  const list = await ask('list', '--state', 'SUCCEEDED', '--all');
  expect(list).toMatchObject({ code: 0, stderr: '' });
  expect(list.json).toMatchObject({
    rollbacks: expect.arrayContaining([
      expect.objectContaining({ action_plan_uuid: scene.plan }),
    ]) as unknown,
  });
}, 60_000);

test('PARTIAL is 3 and FAILED is 4, and the report says of each compensation why it is red', async () => {
  const scene = await maintenanceScene(service.sim, { running: 2, shutOff: 0 });
  const [moved = ''] = scene.servers;
  const now = service.sim.snapshot().servers[moved]?.host;
  service.sim.hand.migrate(moved, now === 'compute-2' ? 'compute-3' : 'compute-2');
  const file = join(folder, 'partial.xml');
  const partial = await ask('run', scene.plan, '--wait', '--junit', file);
  expect(partial).toMatchObject({ code: 3, json: { state: 'PARTIAL', counts: { KEPT: 1 } } });
  const report = readFileSync(file, 'utf8');
  expect(report).toContain('failures="2" errors="0"');
  expect(report).toMatch(/<failure type="KEPT" message="KEPT: [^"]+">/);
  expect(report).toMatch(/<failure type="PARTIAL" message="PARTIAL: [^"]+">/);

  const lone = service.sim.addServer({ name: 'lone', host: 'compute-2' });
  const plan = await service.sim.applyPlan({
    actions: [migrateAction(lone, 'compute-2', 'compute-3')],
  });
  service.sim.inject({
    service: 'compute',
    action: 'os-migrateLive',
    times: 100,
    effect: { kind: 'status', status: 400, body: '{"badRequest": {"message": "not today"}}' },
  });
  const failed = await ask('run', plan, '--wait', '--quiet');
  expect(failed).toMatchObject({ code: 4, stderr: '', json: { state: 'FAILED' } });
  expect(failed.stdout).toContain('not today');
}, 60_000);

test('without --wait: accepted is 0; status says 9; pause, resume, cancel; then CANCELLED is 5', async () => {
  const scene = await slowScene(1500, 6);
  const accepted = await ask('run', scene.plan);
  expect(accepted).toMatchObject({ code: 0, json: { state: 'ONGOING' } });
  expect(accepted.stderr).toContain(`watcher-rollback watch ${scene.plan}`);
  expect(await ask('status', scene.plan)).toMatchObject({ code: 9 });
  expect(await ask('pause', scene.plan)).toMatchObject({ code: 0, json: { state: 'PAUSED' } });
  expect(await ask('resume', scene.plan)).toMatchObject({ code: 0, json: { state: 'ONGOING' } });
  const cancelled = await ask('cancel', scene.plan);
  expect(cancelled).toMatchObject({ code: 0, json: { action_plan_uuid: scene.plan } });
  const watched = await ask('watch', scene.plan);
  expect(watched).toMatchObject({ code: 5, json: { state: 'CANCELLED' } });
  const again = await ask('pause', scene.plan);
  expect(again).toMatchObject({ code: 6, json: { error: { status: 409, exit_code: 6 } } });
}, 60_000);

test('Ctrl-C leaves the rollback running and says how to come back; watch then follows it to its end', async () => {
  const scene = await slowScene(1500);
  const file = join(folder, 'interrupted.xml');
  const running = begin(['run', scene.plan, '--wait', '--junit', file], env);
  await eventually('it waits', () => running.stderr().includes('ONGOING'));
  running.child.kill('SIGINT');
  const ended = await running.ended;
  expect(ended).toMatchObject({ code: 130, json: { state: 'ONGOING' } });
  expect(ended.stderr).toContain(`watcher-rollback watch ${scene.plan}`);
  expect(ended.stderr).toContain(`watcher-rollback cancel ${scene.plan}`);
  expect(readFileSync(file, 'utf8')).toContain('<error type="Interrupted"');

  const watched = await ask('watch', scene.plan, '--no-json');
  expect(watched.code).toBe(0);
  // Into a file or a pipe nothing is drawn again and again: text, and the progress elsewhere.
  expect(watched.stdout).toContain('SUCCEEDED');
  expect(watched.stdout).not.toContain('\u001b');
  expect(watched.stderr).toContain('ONGOING');
  expect(service.sim.snapshot()).toEqual(scene.before);
}, 60_000);

test('--timeout over is 8, SIGTERM is 143; the rollback goes on', async () => {
  const scene = await slowScene(2500);
  const late = await ask('run', scene.plan, '--timeout', '1');
  expect(late).toMatchObject({ code: 8, json: { state: 'ONGOING' } });
  expect(late.stderr).toContain('has not ended within 1 s');
  const running = begin(['watch', scene.plan], env);
  await eventually('it waits', () => running.stderr().includes('ONGOING'));
  running.child.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 143 });
  const end = await service.ended(scene.plan);
  expect(end.state).toBe('SUCCEEDED');
}, 60_000);

test("refusals are 6, with the API's own sentence on stderr and in the document, and in the report", async () => {
  const unknown = '11111111-2222-4333-8444-555555555555';
  const { fault } = await service.post(unknown);
  const file = join(folder, 'refused.xml');
  const refused = await ask('run', unknown, '--wait', '--junit', file);
  expect(refused.code).toBe(6);
  expect(refused.json).toMatchObject({ error: { status: 404, message: fault, exit_code: 6 } });
  expect(refused.stderr).toBe(`watcher-rollback: ${fault}\n`);
  expect(readFileSync(file, 'utf8')).toContain('tests="1" failures="0" errors="1"');

  const malformed = await ask('status', 'no-uuid/../x');
  expect(malformed).toMatchObject({ code: 6, json: { error: { status: 400 } } });
  expect(await ask('status', unknown)).toMatchObject({ code: 6, json: { error: { status: 404 } } });

  const token = service.sim.issueToken({ userName: 'mallory', roles: ['reader'] });
  const nobody = { ROLLBACK_URL: service.url };
  expect(await command(['list'], { ...nobody, OS_TOKEN: token })).toMatchObject({
    code: 6,
    json: { error: { status: 403, type: 'Forbidden' } },
  });
  const without = await command(['list'], nobody);
  expect(without).toMatchObject({ code: 6, json: { error: { status: 401 } } });
  expect(without.stderr).toContain('set the OS_* variables, OS_CLOUD or OS_TOKEN');
  const stale = await command(['list'], { ...nobody, OS_TOKEN: 'gone' });
  expect(stale).toMatchObject({ code: 6, json: { error: { status: 401, type: 'Unauthorized' } } });
  expect(stale.stderr).toContain('OS_TOKEN is wrong or has expired: get a new one');
  const wrong = await command(['list'], { ...env, OS_PASSWORD: 'wrong' });
  expect(wrong).toMatchObject({ code: 6, json: { error: { type: 'CredentialsRefused' } } });
  expect(wrong.stderr + wrong.stdout).not.toContain('"wrong"');
}, 60_000);

test('the service away is 7; wrong arguments and settings are 2; always one JSON document', async () => {
  const away = await command(['list'], { ...env, ROLLBACK_URL: 'http://127.0.0.1:1' });
  expect(away).toMatchObject({ code: 7, json: { error: { type: 'ServiceUnreachable' } } });
  expect(away.stderr).toContain('ECONNREFUSED');
  const keystone = await command(['list'], { ...env, OS_AUTH_URL: 'http://127.0.0.1:1/v3' });
  expect(keystone).toMatchObject({ code: 7, json: { error: { type: 'OpenStackUnreachable' } } });
  const other = await command(['list'], { ...env, ROLLBACK_URL: service.sim.authUrl });
  expect(other).toMatchObject({ json: { error: { exit_code: other.code } } });
  expect([6, 7]).toContain(other.code);

  for (const args of [
    ['run'],
    ['run', 'x', '--on-drift', 'maybe'],
    ['run', 'x', '--timeout', 'soon'],
    ['run', 'x', '--no-such'],
    ['nonsense'],
    ['list', '--url', 'ftp://x'],
    ['run', 'x', '--junit', 'package.json/x.xml'],
    ['run', 'x', '--junit', '/proc/none/x.xml'],
  ]) {
    const ended = await command(args, env);
    expect({ args, code: ended.code, json: ended.json }).toMatchObject({
      code: 2,
      json: { error: { type: 'WrongUsage', exit_code: 2 } },
    });
    expect(ended.stderr).not.toBe('');
  }
}, 60_000);

test('no worker: 7, in the sentence of the API', async () => {
  const scene = await maintenanceScene(service.sim, { running: 1, shutOff: 0 });
  const idle = await startServiceForTest({
    temporal: temporal.address,
    worker: false,
    settings: { ROLLBACK_ACCEPT_TIMEOUT: '3' },
  });
  try {
    const ended = await command(['run', scene.plan, '--wait'], {
      ...idle.sim.env,
      ROLLBACK_URL: idle.url,
    });
    expect(ended).toMatchObject({ code: 7, json: { error: { status: 503 } } });
  } finally {
    await idle.close();
  }
}, 60_000);

test("the catalog: its infra-optim is taken where it is this service, and refused where it is Watcher's own", async () => {
  const scene = await maintenanceScene(service.sim, { running: 1, shutOff: 0 });
  const { sim } = service;
  const inFront = { ...sim.env, OS_INFRA_OPTIM_ENDPOINT_OVERRIDE: `${service.url}/v1/` };
  expect(await command(['run', scene.plan, '--wait'], inFront)).toMatchObject({ code: 0 });
  const watcher = await command(['run', scene.plan, '--wait'], sim.env);
  expect(watcher).toMatchObject({ code: 2, json: { error: { type: 'ServiceNotFound' } } });
  expect(watcher.stderr).toContain('set ROLLBACK_URL, or register infra-optim-rollback');
}, 60_000);

test('preview: what would be done, and nothing is touched', async () => {
  const scene = await maintenanceScene(service.sim, { running: 2, shutOff: 1 });
  const after = service.sim.snapshot();
  const preview = await ask('preview', scene.plan, '--hosts', 'keep');
  expect(preview).toMatchObject({
    code: 0,
    json: {
      dry_run: true,
      options: { hosts: 'keep' },
      preview: { warnings: expect.any(Array) as unknown },
    },
  });
  const text = await ask('preview', scene.plan, '--no-json');
  expect(text.stdout).toContain('nothing has been touched');
  expect(text.stdout).toContain('live migrate');
  expect(service.sim.snapshot()).toEqual(after);
  expect(await ask('status', scene.plan)).toMatchObject({ code: 6 });
}, 60_000);

test('doctor: well where all is there; says what to fix where it is not', async () => {
  const whole = {
    ...env,
    TEMPORAL_ADDRESS: temporal.address,
    ROLLBACK_TASK_QUEUE: service.config.temporal.taskQueue,
  };
  const well = await command(['doctor'], whole);
  expect(well.stderr).toBe('');
  expect(well).toMatchObject({ code: 0, json: { ok: true } });
  const named = (ended: Ended): Record<string, string> => {
    const { checks } = ended.json as { checks: { area: string; name: string; state: string }[] };
    return Object.fromEntries(checks.map(({ area, name, state }) => [`${area} ${name}`, state]));
  };
  expect(named(well)).toMatchObject({
    'openstack credentials': 'ok',
    'openstack roles': 'ok',
    'openstack nova': 'ok',
    'openstack watcher': 'ok',
    'temporal server': 'ok',
    'temporal search attributes': 'ok',
    'temporal worker': 'ok',
    'service ready': 'ok',
    'service my rights': 'ok',
  });

  const ill = await command(['doctor'], {
    ...whole,
    OS_PASSWORD: 'wrong',
    ROLLBACK_TASK_QUEUE: 'nobody-polls-this',
    ROLLBACK_URL: 'http://127.0.0.1:1',
  });
  expect(ill).toMatchObject({ code: 10, json: { ok: false } });
  expect(named(ill)).toMatchObject({
    'openstack credentials': 'failed',
    'temporal server': 'ok',
    'temporal worker': 'failed',
  });
  const far = await command(['doctor', '--no-json'], {
    ...whole,
    TEMPORAL_ADDRESS: '127.0.0.1:1',
    ROLLBACK_PORT: 'many',
  });
  expect(far.code).toBe(10);
  expect(far.stdout).toContain('Check TEMPORAL_ADDRESS (127.0.0.1:1)');
  expect(far.stdout).toContain('ROLLBACK_PORT');
}, 90_000);

test('serve and worker are the service itself: ready, drained on SIGTERM, settings refused with 2', async () => {
  const settings = {
    ...service.sim.env,
    TEMPORAL_ADDRESS: temporal.address,
    ROLLBACK_PORT: '0',
    ROLLBACK_WORKER_METRICS_PORT: '0',
    ROLLBACK_TASK_QUEUE: `${service.config.temporal.taskQueue}-own`,
    ROLLBACK_SHUTDOWN_GRACE: '2',
  };
  for (const args of [['serve', '--api-only'], ['worker']]) {
    const running = begin(args, settings);
    await eventually(
      `${args.join(' ')} is ready`,
      () => running.stderr().includes('"ready"'),
      20_000,
    );
    running.child.kill('SIGTERM');
    expect(await running.ended).toMatchObject({ code: 0, stdout: '' });
  }
  const nowhere = await command(['worker'], service.sim.env);
  expect(nowhere.code).toBe(2);
  expect(nowhere.stderr).toContain('No Temporal server is named');
}, 60_000);
