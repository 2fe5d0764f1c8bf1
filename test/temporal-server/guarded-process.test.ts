/** A child that ends with its parent, however the parent ends. */
import { transformFileSync } from '@swc/core';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isAlive } from '../../src/temporal-server/file-lock.js';
import { startGuarded } from '../../src/temporal-server/guarded-process.js';
import { Scene } from './scene.js';

const SOURCES = resolve(__dirname, '../../src/temporal-server');
const LIMIT_MS = 10_000;

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});
afterEach(() => scene.remove());

async function gone(pid: number): Promise<boolean> {
  const deadline = performance.now() + LIMIT_MS;
  while (isAlive(pid)) {
    if (performance.now() > deadline) return false;
    await new Promise((done) => setTimeout(done, 20));
  }
  return true;
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
  return chunk.toString().trim();
}

/** A parent in another process: it starts a guarded child, tells the pid of the child itself, and lives on. */
function parent(program: string): ChildProcess {
  for (const name of ['guarded-process', 'run-program']) {
    const { code } = transformFileSync(`${SOURCES}/${name}.ts`, {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'es6' },
    });
    writeFileSync(scene.path(`${name}.js`), code);
  }
  writeFileSync(scene.path('package.json'), '{"type":"module"}');
  writeFileSync(
    scene.path('parent.js'),
    `import { startGuarded } from './guarded-process.js';
     import { existsSync, readFileSync } from 'node:fs';
     await startGuarded(${JSON.stringify(program)}, [], process.env);
     const told = setInterval(() => {
       if (!existsSync('child.pid')) return;
       clearInterval(told);
       console.log(readFileSync('child.pid', 'utf8'));
       setInterval(() => {}, 1000);
     }, 20);`,
  );
  return spawn(process.execPath, ['parent.js'], {
    cwd: scene.folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test('it ends where its parent is killed', async () => {
  const program = scene.program(
    'child',
    'echo $$ > child.tmp; mv child.tmp child.pid; exec sleep 300',
  );
  const killed = parent(program);
  const pid = Number(await firstLine(killed));
  expect(isAlive(pid)).toBe(true);
  killed.kill('SIGKILL');
  expect(await gone(pid)).toBe(true);
});

test('stop asks it, waits for its end and tells how it ended', async () => {
  const program = scene.program(
    'child',
    'trap "echo good-bye; exit 3" TERM; echo up; while :; do sleep 0.05; done',
  );
  const child = await startGuarded(program, [], process.env);
  // It must have set its trap before it is asked.
  await new Promise((done) => setTimeout(done, 500));
  await child.stop();
  expect(await child.exited).toBe('it ended with exit code 3: good-bye');
  expect(isAlive(child.pid)).toBe(false);
});

test('a child that ends by itself is told at once, with its last words', async () => {
  const program = scene.program('child', 'echo "bad flag" >&2; exit 9');
  const child = await startGuarded(program, ['--flag'], process.env);
  expect(await child.exited).toBe('it ended with exit code 9: bad flag');
  await child.stop();
});

test('a program that is not there is told by the shell', async () => {
  const child = await startGuarded(scene.path('nothing'), [], process.env);
  expect(await child.exited).toMatch(/^it ended with exit code 127: .*nothing/);
});
