/** Where this service keeps what it can make again: the Temporal CLI and, by default, the embedded server's database. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Environment } from '../config.js';

/** $XDG_CACHE_HOME (absolute, as its specification demands), else ~/.cache; in it a folder of our own. */
export function cacheFolder(env: Environment): string {
  const given = env['XDG_CACHE_HOME'] ?? '';
  const base = isAbsolute(given) ? given : join(env['HOME'] ?? homedir(), '.cache');
  return join(base, 'watcher-rollback');
}

/** Where ROLLBACK_TEMPORAL_DB names no other file. */
export function defaultDatabaseFile(env: Environment): string {
  return join(cacheFolder(env), 'temporal.db');
}
