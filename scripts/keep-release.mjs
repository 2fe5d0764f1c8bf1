// `npm run release:keep`: keeps what a release consists of, for the tests of the versions after it (test/releases/<version>/):
// its built program, and the checksums of the program and of the recorded histories. Once kept it stays as it is.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { ensureBuilt } from './lib/build.mjs';
import { requireNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ROOT } from './lib/run.mjs';
import { say } from './lib/say.mjs';

/** What API and worker are made of; the command, the demo and its cloud meet no other version. */
const FOLDERS = ['activities', 'src', 'workflows'];
const LEFT_OUT = /^dist\/src\/(cli|demo|simulated-cloud)\//;
const BUNDLE = 'dist/workflow-bundle.js';
const HISTORIES = join(ROOT, 'test/replay/histories');
/** The SDK wants one; the real one is three times the code, and names folders of the machine that built it. */
const NO_SOURCE_MAP = {
  version: 3,
  file: 'workflow-bundle.js',
  sources: [],
  names: [],
  mappings: '',
};

requireNode();
await ensurePackages();
await ensureBuilt();
const { version } = JSON.parse(read('package.json'));
const folder = join(ROOT, 'test/releases', version);
if (existsSync(folder)) {
  say(
    `Version ${version} is kept already: what was released does not change. Count up the version in package.json first.`,
  );
  process.exit(1);
}
mkdirSync(folder, { recursive: true });
const program = brotliCompressSync(JSON.stringify(programFiles()));
writeFileSync(join(folder, 'program.json.br'), program);
const release = { version, program: sha256(program), histories: histories() };
writeFileSync(join(folder, 'release.json'), `${JSON.stringify(release, null, 2)}\n`);
say(
  `Kept version ${version}: ${Object.keys(release.histories).length} histories, and the program in ${program.length} bytes.`,
);

/** By path from the root. */
function programFiles() {
  const paths = FOLDERS.flatMap((name) => filesIn(join(ROOT, 'dist', name)))
    .map((file) => relative(ROOT, file).split(sep).join('/'))
    .filter((path) => /\.(js|html|css|svg)$/.test(path) && !LEFT_OUT.test(path))
    .toSorted((a, b) => (a < b ? -1 : 1));
  return {
    'package.json': read('package.json'),
    ...Object.fromEntries(paths.map((path) => [path, read(path)])),
    [BUNDLE]: withoutSourceMap(read(BUNDLE)),
  };
}

/** Checksums of this version's, by path from the folder of all. */
function histories() {
  const files = filesIn(HISTORIES)
    .map((file) => relative(HISTORIES, file).split(sep).join('/'))
    .filter((path) => path.split('/').at(-1).startsWith(`${version}-`))
    .toSorted();
  return Object.fromEntries(
    files.map((path) => [path, sha256(readFileSync(join(HISTORIES, path)))]),
  );
}

function withoutSourceMap(code) {
  const comment = '//# sourceMappingURL=data:application/json;charset=utf-8;base64,';
  const at = code.lastIndexOf(comment);
  if (at === -1) throw new Error(`${BUNDLE} has no source map.`);
  return (
    code.slice(0, at) + comment + Buffer.from(JSON.stringify(NO_SOURCE_MAP)).toString('base64')
  );
}

function filesIn(where) {
  return readdirSync(where, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function read(path) {
  return readFileSync(join(ROOT, path), 'utf8');
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
