/** The command on a terminal (a pseudo-terminal of util-linux's `script`): the live picture, and what stays of it. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { ensureBuilt } from '../support/built.js';
import { startTemporal } from '../support/temporal.js';
import { maintenanceScene } from '../service/scene.js';
import { type ServiceForTest, startServiceForTest } from '../service/service.js';
import { begin, MAIN, type Running } from './command.js';

let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;
let env: Record<string, string>;

beforeAll(async () => {
  ensureBuilt();
  temporal = await startTemporal();
}, 180_000);
afterAll(() => temporal.teardown());
beforeEach(async () => {
  service = await startServiceForTest({
    temporal: temporal.address,
    simulated: { times: { liveMigration: 1200 } },
    settings: { ROLLBACK_MIGRATIONS_PER_HOST: '1' },
  });
  env = { ...service.sim.env, ROLLBACK_URL: service.url, TERM: 'xterm' };
});
afterEach(() => service.close());

/** What the command sees is a terminal of so many columns; what it writes arrives on our stdout. */
function onTerminal(
  args: string[],
  size: { columns: number; rows: number },
  more: Record<string, string> = {},
): Running {
  const line = `stty cols ${size.columns} rows ${size.rows}; exec '${process.execPath}' '${MAIN}' ${args.join(' ')}`;
  const script = ['script', '--quiet', '--return', '--flush', '--command', line] as const;
  return begin(['/dev/null'], { ...env, SHELL: '/bin/sh', ...more }, script);
}

// oxlint-disable-next-line no-control-regex
const CONTROL = /\u001B\[[\d;?]*[A-Za-z]/g;

test('run --wait draws one picture again and again, with progress and time left, and leaves the result', async () => {
  const scene = await maintenanceScene(service.sim, { running: 3, shutOff: 0 });
  const { code, stdout } = await onTerminal(['run', scene.plan, '--wait'], {
    columns: 100,
    rows: 24,
  }).ended;
  expect(code).toBe(0);
  const words = stdout.replaceAll(CONTROL, '');
  expect(words).toMatch(/[█░]{24} \d of 5, \d+ s/);
  expect(words).toMatch(/about \d+ s left/);
  expect(words).toContain('ONGOING');
  // Drawn over: the cursor goes up and lines are erased; it is hidden meanwhile and comes back.
  expect(stdout).toContain('\u001B[2K');
  expect(stdout.lastIndexOf('\u001B[?25h')).toBeGreaterThan(stdout.lastIndexOf('\u001B[?25l'));
  // What stays is text and no JSON, in colour, within the terminal's width.
  const last = stdout.slice(stdout.lastIndexOf('Rollback of action plan'));
  expect(last).toContain('\u001B[32mSUCCEEDED\u001B[0m');
  const lines = last.replaceAll(CONTROL, '').split(/\r?\n/);
  expect(lines.find((line) => line.includes('vm-1'))).toMatch(
    /SUCCEEDED +migrate +server vm-1 +compute-\d → compute-1/,
  );
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
}, 60_000);

test('a small terminal without colours: the picture is cut to its height, and no colour is written', async () => {
  const scene = await maintenanceScene(service.sim, { running: 4, shutOff: 2 });
  const run = ['run', scene.plan, '--wait'];
  const { code, stdout } = await onTerminal(run, { columns: 80, rows: 9 }, { NO_COLOR: '1' }).ended;
  expect(code).toBe(0);
  expect(stdout).toMatch(/… and \d more/);
  for (const colour of ['31', '32', '33', '36']) expect(stdout).not.toContain(`\u001B[${colour}m`);
}, 60_000);
