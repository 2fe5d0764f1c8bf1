/** Where the Temporal CLI comes from, and what is said where it comes from nowhere. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import type { buildCli } from '../../src/temporal-server/build-cli.js';
import type { downloadCli } from '../../src/temporal-server/download-cli.js';
import { findTemporalCli, NoTemporalCli } from '../../src/temporal-server/find-cli.js';
import { Scene } from './scene.js';

const BUILT = 'cache/watcher-rollback/temporal-cli-1.5.1/temporal';
const DOWNLOADED = 'cache/watcher-rollback/temporal-cli-of-sdk/temporal';

let scene: Scene;
let calls: string[];
beforeEach(() => {
  scene = new Scene();
  calls = [];
});
afterEach(() => scene.remove());

const noDownload: typeof downloadCli = () => {
  calls.push('download');
  return Promise.resolve({ reason: 'no answer within 10 s' });
};
const noBuild: typeof buildCli = () => {
  calls.push('build');
  return Promise.resolve({ reason: 'Go is not installed' });
};
const goodBuild: typeof buildCli = (target) => {
  calls.push('build');
  scene.temporal(BUILT);
  return Promise.resolve({ path: target });
};

function find(more: Partial<Parameters<typeof findTemporalCli>[0]> = {}) {
  return findTemporalCli({
    env: scene.env,
    say: scene.say,
    download: noDownload,
    build: noBuild,
    ...more,
  });
}

test('TEMPORAL_CLI_PATH goes before everything else', async () => {
  scene.temporal('bin/temporal');
  const path = scene.temporal('mine/temporal', '1.31.0');
  const found = await find({ env: { ...scene.env, TEMPORAL_CLI_PATH: path } });
  expect(found).toEqual({ path, cli: '1.5.1', server: '1.31.0', source: 'TEMPORAL_CLI_PATH' });
});

test.each([
  ['is not there', '', /TEMPORAL_CLI_PATH names .*mine.*, but .*ENOENT\.$/],
  [
    'is too old',
    'echo "temporal version 1.1.0 (Server 1.25.1, UI 2.1)"',
    /but its server is 1\.25\.1, and 1\.28\.0 or newer is needed\.$/,
  ],
  [
    'is something else',
    'echo hello',
    /but it is no Temporal CLI with a server \(it says: hello\)\.$/,
  ],
  [
    'fails',
    'echo broken >&2; exit 3',
    /but it is no Temporal CLI with a server \(it says: broken\)\.$/,
  ],
])(
  'a TEMPORAL_CLI_PATH that %s is an error, not a reason to look elsewhere',
  async (_what, body, sentence) => {
    scene.temporal('bin/temporal');
    if (body !== '') scene.program('mine/temporal', body);
    const env = { ...scene.env, TEMPORAL_CLI_PATH: scene.path('mine/temporal') };
    await expect(find({ env })).rejects.toThrow(sentence);
    expect(calls).toEqual([]);
  },
);

test('then `temporal` on PATH', async () => {
  const path = scene.temporal('bin/temporal');
  scene.temporal(BUILT);
  expect(await find()).toMatchObject({ path, source: 'PATH' });
  expect(scene.said).toEqual([]);
});

test('one on PATH that is too old is named, and the next is taken', async () => {
  const old = scene.temporal('bin/temporal', '1.20.0');
  const path = scene.temporal(BUILT);
  expect(await find()).toMatchObject({ path, source: 'cache' });
  expect(scene.said).toEqual([
    `${old} is not used: its server is 1.20.0, and 1.28.0 or newer is needed.`,
  ]);
  expect(calls).toEqual([]);
});

test.each([BUILT, DOWNLOADED])('then what an earlier run has got (%s)', async (place) => {
  const path = scene.temporal(place);
  expect(await find()).toMatchObject({ path, source: 'cache' });
  expect(calls).toEqual([]);
});

test('then the download', async () => {
  const download: typeof downloadCli = (target) => {
    scene.temporal(DOWNLOADED);
    return Promise.resolve({ path: target });
  };
  expect(await find({ download })).toMatchObject({
    path: scene.path(DOWNLOADED),
    source: 'download',
  });
  expect(calls).toEqual([]);
  expect(scene.said.at(-1)).toMatch(/^The Temporal CLI is ready after \d+ s\.$/);
});

test('then the build, which says why the download did not do', async () => {
  expect(await find({ build: goodBuild })).toMatchObject({
    path: scene.path(BUILT),
    source: 'build',
  });
  expect(calls).toEqual(['download', 'build']);
  expect(scene.said).toContain('The download failed: no answer within 10 s.');
});

test('where none is possible, one sentence says what was tried and what to do', async () => {
  const attempt = find();
  await expect(attempt).rejects.toBeInstanceOf(NoTemporalCli);
  await expect(attempt).rejects.toThrow(
    /^There is no Temporal to start: it is not on PATH, .*no answer within 10 s.*Go is not installed.*Set TEMPORAL_ADDRESS/,
  );
  // The next attempt does not find a lock in its way.
  expect(existsSync(scene.path('cache/watcher-rollback/temporal-cli.lock'))).toBe(false);
});

const brokenBuild: typeof buildCli = (target) => {
  scene.program(BUILT, 'exit 1');
  return Promise.resolve({ path: target });
};

test('a build whose program does not run is not taken for one', async () => {
  await expect(find({ build: brokenBuild })).rejects.toThrow(NoTemporalCli);
});

test('of those who come at once, one builds and the others get what it built', async () => {
  const results = await Promise.all([1, 2, 3].map(() => find({ build: goodBuild })));
  expect(calls).toEqual(['download', 'build']);
  expect(results.map(({ source }) => source).toSorted()).toEqual(['build', 'cache', 'cache']);
  expect(scene.said.filter((line) => line.includes('waiting for it'))).toHaveLength(2);
});

test('the lock of a process that died while it built holds nobody up', async () => {
  mkdirSync(scene.path('cache/watcher-rollback'), { recursive: true });
  const { hostname } = await import('node:os');
  const left = { pid: 2 ** 22 + 1, host: hostname(), token: 'left', info: {} };
  writeFileSync(scene.path('cache/watcher-rollback/temporal-cli.lock'), JSON.stringify(left));
  expect(await find({ build: goodBuild })).toMatchObject({ source: 'build' });
});
