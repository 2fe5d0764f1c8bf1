/**
 * Finds the Temporal CLI, whose dev server is the embedded Temporal, or gets it. In this order: TEMPORAL_CLI_PATH,
 * `temporal` on PATH, what an earlier run has got, the SDK's own download, a build with Go.
 */
import { access, constants, mkdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Environment } from '../config.js';
import { buildCli } from './build-cli.js';
import { cacheFolder } from './cache-folder.js';
import { checkCli, CLI_VERSION } from './cli-version.js';
import { downloadCli, type GetCli } from './download-cli.js';
import { type HeldLock, lockFile } from './file-lock.js';

export interface FoundCli {
  path: string;
  /** Versions as the binary tells them; one built with Go tells "0.0.0-DEV" for itself. */
  cli: string;
  server: string;
  source: 'TEMPORAL_CLI_PATH' | 'PATH' | 'cache' | 'download' | 'build';
}

export interface FindCliOptions {
  env: Environment;
  /** Takes whole sentences for the person who waits. */
  say: (sentence: string) => void;
  /** For tests. */
  download?: typeof downloadCli;
  build?: typeof buildCli;
}

/** One sentence: why there is no Temporal CLI and what to do. */
export class NoTemporalCli extends Error {
  override readonly name = 'NoTemporalCli';
}

/** Longer than a build takes, so that whoever waits for another process's build gets it. */
const LOCK_WAIT_MS = 40 * 60_000;

/** Throws NoTemporalCli. */
export async function findTemporalCli(options: FindCliOptions): Promise<FoundCli> {
  return (await named(options)) ?? (await onPath(options)) ?? (await ours(options));
}

async function named({ env }: FindCliOptions): Promise<FoundCli | null> {
  const path = env['TEMPORAL_CLI_PATH'] ?? '';
  if (path === '') return null;
  const check = await checkCli(path, env);
  if (check.usable) return { path, ...found(check), source: 'TEMPORAL_CLI_PATH' };
  throw new NoTemporalCli(`TEMPORAL_CLI_PATH names ${path}, but ${check.reason}.`);
}

async function onPath({ env, say }: FindCliOptions): Promise<FoundCli | null> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'temporal');
    if (folder === '' || !(await isExecutable(path))) continue;
    const check = await checkCli(path, env);
    if (check.usable) return { path, ...found(check), source: 'PATH' };
    say(`${path} is not used: ${check.reason}.`);
  }
  return null;
}

interface Places {
  /** What an earlier run has built or downloaded, the wanted one first. */
  built: string;
  downloaded: string;
  lock: string;
  work: string;
}

function placesIn(folder: string): Places {
  return {
    built: join(folder, `temporal-cli-${CLI_VERSION}`, 'temporal'),
    downloaded: join(folder, 'temporal-cli-of-sdk', 'temporal'),
    lock: join(folder, 'temporal-cli.lock'),
    work: join(folder, 'temporal-cli.work'),
  };
}

async function ours(options: FindCliOptions): Promise<FoundCli> {
  const folder = cacheFolder(options.env);
  const places = placesIn(folder);
  const there = await inCache(places, options);
  if (there !== null) return there;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { lock } = await lockOf(places, options);
  try {
    // The process before may have got it.
    return (await inCache(places, options)) ?? (await get(places, options));
  } finally {
    await lock.release();
  }
}

async function lockOf(places: Places, { say }: FindCliOptions): Promise<{ lock: HeldLock }> {
  const result = await lockFile(places.lock, {
    waitMs: LOCK_WAIT_MS,
    onWait: ({ pid }) => say(`Process ${pid} is getting the Temporal CLI; waiting for it.`),
  });
  if ('lock' in result) return result;
  throw new Error('unreachable: nothing is accepted instead of the lock');
}

async function inCache(places: Places, { env, say }: FindCliOptions): Promise<FoundCli | null> {
  for (const path of [places.built, places.downloaded]) {
    if (!(await isExecutable(path))) continue;
    const check = await checkCli(path, env);
    if (check.usable) return { path, ...found(check), source: 'cache' };
    say(`${path} is not used: ${check.reason}.`);
  }
  return null;
}

async function get(places: Places, options: FindCliOptions): Promise<FoundCli> {
  const { env, say, download = downloadCli, build = buildCli } = options;
  const startedAt = performance.now();
  const reasons: string[] = [];
  const accept = async (source: 'download' | 'build', answer: GetCli): Promise<FoundCli | null> => {
    if ('reason' in answer) {
      reasons.push(answer.reason);
      return null;
    }
    const check = await checkCli(answer.path, env);
    if (!check.usable) {
      reasons.push(check.reason);
      return null;
    }
    say(`The Temporal CLI is ready after ${Math.round((performance.now() - startedAt) / 1000)} s.`);
    return { path: answer.path, ...found(check), source };
  };
  say('There is no Temporal CLI on this machine yet; downloading it, as far as that is possible.');
  await mkdir(join(places.downloaded, '..'), { recursive: true });
  const downloaded = await accept('download', await download(places.downloaded, places.work, env));
  if (downloaded !== null) return downloaded;
  say(`The download failed: ${reasons.at(-1)?.replace(/\.$/, '')}.`);
  await mkdir(join(places.built, '..'), { recursive: true });
  const built = await accept('build', await build(places.built, places.work, env, say));
  if (built !== null) return built;
  throw new NoTemporalCli(
    `There is no Temporal to start: it is not on PATH, the download failed (${reasons[0]}), and it cannot be built (${reasons[1]}). ` +
      'Set TEMPORAL_ADDRESS to a running Temporal, or install the Temporal CLI or Go 1.21 or newer, then start again.',
  );
}

function found(check: { cli: string; server: string }): { cli: string; server: string } {
  return { cli: check.cli, server: check.server };
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
