/** One holder at a time, whatever happens to holders. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type HeldLock, lockFile, LockTimeout } from '../../src/temporal-server/file-lock.js';
import { Scene } from './scene.js';

/** Greater than any pid of Linux and macOS. */
const NOBODY = 2 ** 22 + 1;

let scene: Scene;
let path: string;
beforeEach(() => {
  scene = new Scene();
  path = scene.path('a.lock');
});
afterEach(() => scene.remove());

async function take(waitMs = 5_000): Promise<HeldLock> {
  const result = await lockFile(path, { waitMs });
  if ('lock' in result) return result.lock;
  throw new Error('no lock');
}

test('many at once hold it one after the other', async () => {
  let holders = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 5 }, async () => {
      const lock = await take(20_000);
      holders += 1;
      most = Math.max(most, holders);
      await new Promise((resolve) => setTimeout(resolve, 10));
      holders -= 1;
      await lock.release();
    }),
  );
  expect(most).toBe(1);
  expect(readdirSync(scene.folder)).toEqual(['bin']);
});

test('waiting has an end, which names the holder', async () => {
  const lock = await take();
  await expect(take(300)).rejects.toThrow(LockTimeout);
  await expect(take(300)).rejects.toThrow(`Process ${process.pid} has held ${path}`);
  await lock.release();
});

test('what the holder publishes can be accepted instead of waiting', async () => {
  const lock = await take();
  const joined = lockFile(path, {
    waitMs: 5_000,
    accept: ({ info }) => Promise.resolve(info['address'] ?? null),
  });
  await lock.publish({ address: 'here' });
  expect(await joined).toEqual({ accepted: 'here' });
  await lock.release();
});

test('a holder that has died is told to the next', async () => {
  const left = { pid: NOBODY, host: hostname(), token: 'left', info: { serverPid: '7' } };
  writeFileSync(path, JSON.stringify(left));
  const lock = await take(1_000);
  expect(lock.abandoned?.info).toEqual({ serverPid: '7' });
  await lock.release();
});

test('a holder on another machine is not taken for dead by its pid', async () => {
  writeFileSync(path, JSON.stringify({ pid: NOBODY, host: 'elsewhere', token: 'left', info: {} }));
  await expect(take(300)).rejects.toThrow(LockTimeout);
});

test('a lock that makes no sense is none', async () => {
  writeFileSync(path, '{"pid": "seven"');
  const lock = await take(1_000);
  await lock.release();
});

test('who has lost the lock neither removes nor changes that of the next holder', async () => {
  const lock = await take();
  const next = JSON.stringify({ pid: process.pid, host: hostname(), token: 'next', info: {} });
  writeFileSync(path, next);
  await lock.publish({ address: 'mine' });
  await lock.release();
  expect(readFileSync(path, 'utf8')).toBe(next);
});
