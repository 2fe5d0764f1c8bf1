/** The built command by itself: what `--help` loads and says, completion, and the package that npm makes of it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt, ROOT } from '../support/built.js';
import { MAIN } from './command.js';

const BIN = 'bin/watcher-rollback.mjs';
let folder: string;

beforeAll(() => {
  ensureBuilt();
  folder = mkdtempSync(join(tmpdir(), 'rollback-built-'));
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) =>
  spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', env: {} });

/** Addresses of the files that a call has loaded: what V8 counts the coverage of. */
function loadedBy(program: string, ...args: string[]): string[] {
  const counts = mkdtempSync(join(folder, 'loaded-'));
  const env = { NODE_V8_COVERAGE: counts };
  const ended = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env });
  expect(ended.status).toBe(0);
  const files = readdirSync(counts).map((name) => readFileSync(join(counts, name), 'utf8'));
  const { result } = JSON.parse(files[0] ?? '') as { result: { url: string }[] };
  return result
    .map(({ url }) => url)
    .filter((url) => url.startsWith('file:'))
    .map((url) => fileURLToPath(url));
}

test('--help loads the commands and commander, and nothing that takes time', () => {
  for (const args of [['--help'], ['run', '--help'], ['--version'], ['completion', 'bash']]) {
    const loaded = loadedBy(join(ROOT, BIN), ...args);
    const packages = loaded.flatMap((file) => /node_modules[\\/]([^\\/]+)/.exec(file)?.[1] ?? []);
    expect({ args, packages: [...new Set(packages)] }).toEqual({ args, packages: ['commander'] });
    const own = loaded.filter((file) => !file.includes('node_modules'));
    expect(own).toContain(MAIN);
    expect(
      own.filter((file) => /src.(openstack|temporal|api|simulated-cloud)\b/.test(file)),
    ).toEqual([]);
    expect(own.length).toBeLessThan(25);
  }
});

test('--help teaches: the way to begin, every exit code; each command has its own', () => {
  const { status, stdout } = run('--help');
  expect(status).toBe(0);
  expect(stdout).toContain('watcher-rollback doctor');
  for (const code of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 130]) {
    expect(stdout).toMatch(new RegExp(`^ +${code}  \\S`, 'm'));
  }
  const names = [...stdout.matchAll(/^ {2}([a-z]+) .* {2,}\S/gm)].map(([, name]) => name ?? '');
  expect(names).toEqual(expect.arrayContaining(['run', 'preview', 'skip', 'doctor', 'worker']));
  for (const name of names.filter((one) => one !== 'help' && one !== 'watcher')) {
    const help = run(name, '--help');
    expect({ name, status: help.status }).toEqual({ name, status: 0 });
    expect(help.stdout).toContain('Examples:');
  }
});

test('before the first build the command says what to do', () => {
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, [join(folder, BIN)], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toBe('watcher-rollback: It is not built yet. Build it once: npm run build\n');
});

test('the package has all that the command imports, and neither sources nor tests', () => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const env = { PATH: process.env['PATH'] ?? '', npm_config_cache: join(folder, 'cache') };
  const packed = spawnSync('npm', args, { cwd: ROOT, encoding: 'utf8', env });
  const [{ files }] = JSON.parse(packed.stdout) as [{ files: { path: string; mode: number }[] }];
  const paths = new Set(files.map(({ path }) => path));
  expect(files.find(({ path }) => path === BIN)?.mode.toString(8)).toMatch(/755$/);
  for (const path of [
    'README.md',
    'LICENSE',
    'docs/pipelines.md',
    'examples/pipeline.sh',
    'dist/workflow-bundle.js',
    'dist/src/main.js',
    'dist/src/ui/index.html',
  ]) {
    expect(paths).toContain(path);
  }
  const odd = [...paths].filter((path) =>
    /^(src|test|scripts|workflows|activities)\/|\.(map|ts)$/.test(path),
  );
  expect(odd).toEqual([]);
  const missing = [...paths]
    .filter((path) => /^dist\/(src|activities|workflows)\/.*\.js$/.test(path))
    .flatMap((path) => importedBy(path).filter((it) => !paths.has(it)));
  expect(missing).toEqual([]);
  expect(importedBy('dist/src/cli/program.js')).toContain('dist/src/cli/commands/run.js');
}, 60_000);

/** The project's own files that a built file imports, now or later. */
function importedBy(path: string): string[] {
  const text = readFileSync(join(ROOT, path), 'utf8');
  return [...text.matchAll(/(?:from |import\()'(\.[^']+)'/g)].map(([, to = '']) =>
    posix.join(posix.dirname(path), to),
  );
}

test('bash completes commands, options, choices and states', () => {
  const script = run('completion', 'bash').stdout;
  const complete = (...words: string[]): string[] => {
    const line = words.map((word) => `'${word}'`).join(' ');
    const program = `${script}
COMP_WORDS=(watcher-rollback ${line}); COMP_CWORD=${words.length}; _watcher_rollback; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = spawnSync('bash', ['--norc', '-c', program], { encoding: 'utf8' });
    return stdout.split('\n').filter((word) => word !== '');
  };
  expect(complete('re')).toEqual(['resume', 'retry']);
  expect(complete('run', 'x', '--ju')).toEqual(['--junit']);
  expect(complete('run', 'x', '--on-drift', '')).toEqual(['keep', 'restore', 'fail']);
  expect(complete('list', '--state', 'PA')).toEqual(['PAUSED', 'PARTIAL']);
  expect(complete('completion', 'z')).toEqual(['zsh']);
  expect(complete('run', 'x', '--junit', 'README')).toEqual(['README.md']);
});

test('zsh and fish scripts name every command', () => {
  for (const shell of ['zsh', 'fish']) {
    const { status, stdout } = run('completion', shell);
    expect(status).toBe(0);
    for (const name of ['run', 'preview', 'status', 'watch', 'list', 'cancel', 'doctor', 'serve']) {
      expect(stdout).toMatch(new RegExp(`\\b${name}\\b`));
    }
  }
});
