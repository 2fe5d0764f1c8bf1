/** The log waits for nobody: not for who reads it slowly, nor for who does not read it at all. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ensureBuilt, ROOT } from '../support/built.js';

const LINES = JSON.stringify(join(ROOT, 'dist/src/log-lines.js'));

beforeAll(() => ensureBuilt(), 180_000);

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** `script` has `log(line)`; its stderr is the log, its stdout what it tells. Nobody reads the log unless the test does. */
function program(
  script: string,
  keptMax = 100_000,
): ChildProcess & { stdout: NodeJS.ReadableStream } {
  const source = `
    import { writeSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    import { LogLines } from ${LINES};
    const lines = new LogLines({ keptMax: ${keptMax}, dropped: (n) => 'dropped ' + n + '\\n' });
    const log = (line) => lines.write(line + '\\n');
    const tell = (word) => writeSync(1, word + '\\n');
    ${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  return child;
}

const FILL = `const line = 'x'.repeat(999);
  for (let n = 0; n < 1000; n += 1) { log(n + ' ' + line); await sleep(0); }`;

test('a log that nobody reads keeps nobody from work, nor from the end', async () => {
  const child = program(`${FILL} tell('did its work'); process.exit(3);`);
  const [told, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(told).toBe('did its work\n');
  expect(code).toBe(3);
}, 30_000);

test('what is read late has all that was kept, in its order, and how many lines were dropped', async () => {
  const child = program(`${FILL} tell('done'); await sleep(200);`);
  await once(child.stdout, 'data');
  if (child.stderr === null) throw new Error('no log');
  const lines = (await text(child.stderr)).trimEnd().split('\n');
  const dropped = lines.filter((line) => line.startsWith('dropped '));
  const numbers = lines.filter((line) => !dropped.includes(line)).map((line) => parseInt(line, 10));
  const count = dropped.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
  expect(count).toBeGreaterThan(0);
  expect(numbers.length + count).toBe(1000);
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  expect(numbers.length).toBeGreaterThan(50);
}, 30_000);

test('what is said right before the end is said', async () => {
  const child = program(`log('first'); await sleep(20); log('last words'); process.exit(1);`);
  if (child.stderr === null) throw new Error('no log');
  expect(await text(child.stderr)).toBe('first\nlast words\n');
});

test('whoever stops to read ends nothing', async () => {
  const child = program(
    `log('first'); await sleep(300); log('second'); await sleep(50); tell('goes on');`,
  );
  if (child.stderr === null) throw new Error('no log');
  await once(child.stderr, 'data');
  child.stderr.destroy();
  const [told, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  expect(told).toBe('goes on\n');
  expect(code).toBe(0);
});

test('of a burst before the end everything is said to who reads it a moment later', async () => {
  const child = program(
    `for (let n = 0; n < 3000; n += 1) log(n + ' ' + 'x'.repeat(99)); await sleep(30); log('last words'); tell('ends'); process.exit(1);`,
    10_000_000,
  );
  if (child.stderr === null) throw new Error('no log');
  // However long it takes to start: a moment later than its end begins, which waits a second.
  await once(child.stdout, 'data');
  await sleep(300);
  const lines = (await text(child.stderr)).split('\n').filter((line) => line !== '');
  expect(lines.at(-1)).toBe('last words');
  // What Node had been given, and the pipe had no room for, is in doubt; no more than that.
  expect(lines.length).toBeGreaterThan(3001 - (64 * 1024) / 100);
});

test('a disk that was full for a moment does not end the log', () => {
  const script = `
    const real = process.stderr.write;
    const failing = (lines, done) => { process.stderr.write = real; done(Object.assign(new Error('full'), { code: 'ENOSPC' })); return true; };
    process.stderr.write = failing; log('lost'); log('kept'); await sleep(1200);`;
  const child = program(script);
  if (child.stderr === null) throw new Error('no log');
  return expect(text(child.stderr)).resolves.toBe('kept\ndropped 1\n');
});
