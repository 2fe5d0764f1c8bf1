/** Arguments, settings, colours, and the lines to paste. */
import { readConfig } from '../../src/config.js';
import { readArguments } from '../../src/demo/arguments.js';
import { Started } from '../../src/demo/lifetime.js';
import { createScreen } from '../../src/demo/screen.js';
import { demoEnvironment } from '../../src/demo/settings.js';
import { tryItLines } from '../../src/demo/try-it.js';

const CLOUD = { OS_AUTH_URL: 'http://127.0.0.1:1/identity/v3', OS_PASSWORD: "it's" };
const OWN = { databaseFile: '/scratch/temporal.db', runName: 'abc' };

test.each([
  [[], { keep: false }],
  [['--keep'], { keep: true }],
  [['--keep', '--help'], 'help'],
  [['--keep', 'x'], { unknown: 'x' }],
  [['--kep'], { unknown: '--kep' }],
])('arguments %j', (args, meaning) => {
  expect(readArguments(args)).toEqual(meaning);
});

test("nothing of the user's own cloud gets into the demo, and nothing of the demo into a service of theirs", () => {
  const theirs = {
    OS_CLOUD: 'production',
    OS_TOKEN: 'secret',
    ROLLBACK_AUTH: 'none',
    ROLLBACK_TASK_QUEUE: 'theirs',
    ROLLBACK_TEMPORAL_DB: '/theirs.db',
    TEMPORAL_CLI_PATH: '/bin/temporal',
  };
  const env = demoEnvironment(theirs, CLOUD, OWN);
  expect(Object.keys(env).filter((name) => name.startsWith('OS_'))).toEqual(Object.keys(CLOUD));
  expect(env['TEMPORAL_CLI_PATH']).toBe('/bin/temporal');
  const config = readConfig(env);
  expect(config.api.auth).toBe('keystone');
  expect(config.api.port).toBe(0);
  expect(config.temporal.taskQueue).toBe('watcher-rollback-demo-abc');
  expect(config.temporal.databaseFile).toBe(OWN.databaseFile);
});

test('a port of the user is heeded', () => {
  expect(readConfig(demoEnvironment({ ROLLBACK_PORT: '9323' }, CLOUD, OWN)).api.port).toBe(9323);
});

test.each([
  [true, {}, true],
  [true, { NO_COLOR: '' }, true],
  [true, { NO_COLOR: '1' }, false],
  [false, {}, false],
])('terminal %p with %j: colours %p', (isTTY, env, coloured) => {
  const screen = createScreen({ isTTY, write: () => true }, env);
  expect(screen.paint('text', 'changed').includes('\u001B')).toBe(coloured);
  expect(screen.paint('text', 'plain')).toBe('text');
  expect(screen.paintOutcome('text', 'FAILED').includes('\u001B')).toBe(coloured);
});

test('lines to paste are quoted for a shell, and name the plan', () => {
  const what = { cloud: CLOUD, apiUrl: 'http://127.0.0.1:2', webUrl: null, planUuid: 'p-1' };
  const text = tryItLines(what).join('\n');
  expect(text).toContain(String.raw`export OS_PASSWORD='it'\''s'`);
  expect(text).toContain('-X POST http://127.0.0.1:2/v1/action_plans/p-1/rollback');
  expect(text).not.toContain('Web UI');
});

test('what was started ends in reverse order, all of it, and the first failure is told', async () => {
  const ended: number[] = [];
  const started = new Started();
  for (const number of [1, 2, 3]) {
    started.add(() => {
      ended.push(number);
      return number === 2 ? Promise.reject(new Error('second')) : Promise.resolve();
    });
  }
  await expect(started.endAll()).rejects.toThrow('second');
  expect(ended).toEqual([3, 2, 1]);
  await started.endAll();
  expect(ended).toHaveLength(3);
});
