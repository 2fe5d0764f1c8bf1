// One build at a time: two `npm start` at once must not load what the other is half through writing.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from './run.mjs';
import { say } from './say.mjs';

const FOLDER = join(ROOT, 'node_modules/.build-lock');
const OWNER = join(FOLDER, 'pid');
const WAIT_MS = 5 * 60_000;

/** Runs `work` while no other process does; a lock whose owner is gone is taken over. */
export async function withBuildLock(work) {
  await take();
  process.once('exit', release);
  try {
    return await work();
  } finally {
    process.off('exit', release);
    release();
  }
}

async function take() {
  const deadline = performance.now() + WAIT_MS;
  let told = false;
  let ownerless = 0;
  for (;;) {
    try {
      mkdirSync(FOLDER);
      writeFileSync(OWNER, String(process.pid));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = existsSync(OWNER) ? Number(readFileSync(OWNER, 'utf8')) : null;
    // Between the folder and the file in it there is a moment without an owner.
    ownerless = owner === null ? ownerless + 1 : 0;
    if (ownerless > 20 || (owner !== null && owner > 0 && !isAlive(owner))) release();
    if (performance.now() > deadline) {
      say(`Process ${owner} has been building for too long: end it, or remove ${FOLDER}.`);
      process.exit(1);
    }
    if (!told && owner !== null) say(`Process ${owner} is building; waiting for it.`);
    told ||= owner !== null;
    await sleep(100);
  }
}

function release() {
  rmSync(FOLDER, { recursive: true, force: true });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
