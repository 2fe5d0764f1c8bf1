// Compiles the sources into dist/ and bundles the workflows, where that has not been done for just these sources.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { withBuildLock } from './build-lock.mjs';
import { ROOT, run } from './run.mjs';
import { say, seconds } from './say.mjs';

const SOURCES = ['src', 'workflows', 'activities', 'scripts', 'bench'];
const ALSO = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];
const DIST = join(ROOT, 'dist');
/** The page at /ui/: compiled for browsers, its other files as they are. */
const UI = join('src', 'ui');
const UI_FILES = /\.(html|css|svg)$/;
/** Written last: a build that was interrupted has none. */
const STAMP = join(DIST, '.sources');

export async function ensureBuilt() {
  if (isBuilt()) return;
  await withBuildLock(async () => {
    // Another process may have built meanwhile.
    if (!isBuilt()) await build();
  });
}

/** `npm run build`: builds in any case. */
export async function buildAnyway() {
  await withBuildLock(build);
}

async function build() {
  const startedAt = performance.now();
  say('Building.');
  const sources = digest();
  rmSync(STAMP, { force: true });
  await must('npx', ['--no-install', 'tsc', '-p', 'tsconfig.build.json']);
  await must('npx', ['--no-install', 'tsc', '-p', UI]);
  copyUiFiles();
  removeOrphans(DIST);
  await must(process.execPath, ['dist/scripts/build-workflow-bundle.js']);
  writeFileSync(STAMP, sources);
  say(`Built after ${seconds(startedAt)}.`);
}

function copyUiFiles() {
  const folder = join(DIST, UI);
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(join(ROOT, UI)).filter((file) => UI_FILES.test(file))) {
    copyFileSync(join(ROOT, UI, name), join(folder, name));
  }
}

async function must(file, args) {
  const code = await run(file, args, { quiet: true });
  if (code === 0) return;
  say('The build failed: see above.');
  process.exit(1);
}

function isBuilt() {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === digest();
}

/** Names, sizes and times of all sources: quick, and it sees a removed file as well. */
function digest() {
  const hash = createHash('sha256');
  const files = SOURCES.flatMap((folder) => filesIn(join(ROOT, folder))).filter((file) =>
    /\.(ts|html|css|svg|json)$/.test(file),
  );
  for (const file of [
    ...files.toSorted((a, b) => (a < b ? -1 : 1)),
    ...ALSO.map((name) => join(ROOT, name)),
  ]) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file.slice(ROOT.length)} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** What is left of sources that were removed. Nothing else is removed: a service may be running from here. */
function removeOrphans(folder) {
  for (const file of filesIn(folder)) {
    const source = file.replace(/\.js(\.map)?$/, '.ts');
    if ((source === file && !UI_FILES.test(file)) || file.startsWith(join(DIST, 'workflow-bundle')))
      continue;
    if (!existsSync(join(ROOT, source.slice(DIST.length + 1)))) rmSync(file);
  }
}

function filesIn(folder) {
  // An image is built without what only measures.
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}
