/** What docs/pipelines.md shows: the script that branches on exit codes, and the same through Temporal's own CLI. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { ensureBuilt, ROOT } from '../support/built.js';
import { startTemporal, temporalCli } from '../support/temporal.js';
import { maintenanceScene } from '../service/scene.js';
import { type ServiceForTest, startServiceForTest } from '../service/service.js';
import { begin, type Ended, MAIN } from './command.js';

let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;
let folder: string;

beforeAll(async () => {
  ensureBuilt();
  temporal = await startTemporal();
  service = await startServiceForTest({ temporal: temporal.address });
  folder = mkdtempSync(join(tmpdir(), 'rollback-pipeline-'));
}, 180_000);
afterAll(async () => {
  await service.close();
  await temporal.teardown();
  rmSync(folder, { recursive: true, force: true });
});

function pipeline(plan: string, more: Record<string, string> = {}): Promise<Ended> {
  const env = {
    ...service.sim.env,
    ROLLBACK_URL: service.url,
    ROLLBACK_COMMAND: `${process.execPath} ${MAIN}`,
    ...more,
  };
  return begin([plan, folder], env, ['sh', join(ROOT, 'examples/pipeline.sh')]).ended;
}

/** Temporal's CLI, as a pipeline without our command would use it. */
function temporalCommand(...args: string[]): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(temporalCli(), [...args, '--address', temporal.address, '--output', 'json'], {
    env: { PATH: process.env['PATH'] ?? '', HOME: folder },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout }));
  });
}

async function stateInTemporal(plan: string): Promise<string> {
  const { stdout } = await temporalCommand('workflow', 'describe', '-w', `rollback-${plan}`);
  const { workflowExecutionInfo: info } = JSON.parse(stdout) as {
    workflowExecutionInfo: {
      searchAttributes: { indexedFields: { RollbackState: { data: string } } };
    };
  };
  const { data } = info.searchAttributes.indexedFields.RollbackState;
  return Buffer.from(data, 'base64').toString('utf8');
}

const report = (): string => readFileSync(join(folder, 'rollback.xml'), 'utf8');
const document = (): unknown => JSON.parse(readFileSync(join(folder, 'rollback.json'), 'utf8'));

test('SUCCEEDED, PARTIAL, refused and out of reach take their own branches, in the script and in Temporal', async () => {
  const scene = await maintenanceScene(service.sim, { running: 2, shutOff: 0 });
  const good = await pipeline(scene.plan);
  expect(good).toMatchObject({ code: 0, stdout: `The cloud is as it was before ${scene.plan}.\n` });
  expect(document()).toMatchObject({ state: 'SUCCEEDED' });
  expect(report()).toContain('failures="0" errors="0"');
  expect(service.sim.snapshot()).toEqual(scene.before);
  const waited = await temporalCommand('workflow', 'result', '-w', `rollback-${scene.plan}`);
  expect(waited.code).toBe(0);
  expect(await stateInTemporal(scene.plan)).toBe('"SUCCEEDED"');

  // Somebody moves one of them after the plan.
  const plan = await service.sim.hostMaintenance('compute-1', { destinations: ['compute-2'] });
  const [moved = ''] = scene.servers;
  service.sim.hand.migrate(moved, 'compute-3');
  const partial = await pipeline(plan);
  expect(partial).toMatchObject({ code: 3, stdout: '' });
  expect(partial.stderr).toContain('Some of it came back');
  expect(report()).toContain('<failure type="KEPT"');
  const failed = await temporalCommand('workflow', 'result', '-w', `rollback-${plan}`);
  expect(failed.code).toBe(1);
  expect(await stateInTemporal(plan)).toBe('"PARTIAL"');

  const refused = await pipeline('11111111-2222-4333-8444-555555555555');
  expect(refused).toMatchObject({ code: 6 });
  expect(refused.stderr).toContain('nothing was touched');
  expect(report()).toContain('errors="1"');
  expect(document()).toMatchObject({ error: { status: 404, type: 'ActionPlanNotFound' } });

  const away = await pipeline(scene.plan, { ROLLBACK_URL: 'http://127.0.0.1:1' });
  expect(away).toMatchObject({ code: 7 });
  expect(away.stderr).toContain('run this job again');
}, 90_000);
