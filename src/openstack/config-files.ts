/**
 * clouds.yaml and secure.yaml: where they are looked for, how they are parsed and merged. It must not know what the
 * keys of an entry mean. As openstacksdk does it: the working directory, the user's folder, then /etc/openstack; the
 * first file found counts, and secure.yaml (same places) is laid over it.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { CloudConfigError } from './cloud-config.js';
import { codeOf } from './thrown.js';

/** The machine's files, as an argument so that tests need none. */
export interface ConfigFiles {
  cwd: string;
  home: string;
  /** undefined where there is no such file. */
  read(path: string): string | undefined;
}

export function localConfigFiles(): ConfigFiles {
  return { cwd: process.cwd(), home: homedir(), read: readIfThere };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new CloudConfigError(`${path} cannot be read (${code ?? 'unknown failure'}).`);
  }
}

export type Env = Record<string, string | undefined>;
type Entry = Record<string, unknown>;

const entrySchema = z.record(z.string(), z.unknown());
const fileSchema = z.object({ clouds: z.record(z.string(), entrySchema) });

/** The entry `name` with secure.yaml laid over it, and the file it is from. */
export function readCloudEntry(
  name: string,
  env: Env,
  files: ConfigFiles,
): { entry: Entry; path: string } {
  const found = readFirst('clouds', env['OS_CLIENT_CONFIG_FILE'], env, files);
  if (found === null) {
    throw new CloudConfigError(
      `OS_CLOUD is "${name}", but there is no clouds.yaml in ${searched('clouds', env, files).join(', ')}; write one or name it in OS_CLIENT_CONFIG_FILE.`,
    );
  }
  const entry = found.clouds[name];
  if (entry === undefined) {
    const names = Object.keys(found.clouds).join(', ');
    throw new CloudConfigError(
      `OS_CLOUD is "${name}", but ${found.path} has only these clouds: ${names}.`,
    );
  }
  const secure = readFirst('secure', env['OS_CLIENT_SECURE_FILE'], env, files);
  return { entry: merge(entry, secure?.clouds[name] ?? {}), path: found.path };
}

function searched(base: string, env: Env, files: ConfigFiles): string[] {
  const user = env['XDG_CONFIG_HOME'] || join(files.home, '.config');
  return [files.cwd, join(user, 'openstack'), '/etc/openstack'].flatMap((folder) => [
    join(folder, `${base}.yaml`),
    join(folder, `${base}.yml`),
  ]);
}

function readFirst(
  base: string,
  named: string | undefined,
  env: Env,
  files: ConfigFiles,
): { path: string; clouds: Record<string, Entry> } | null {
  for (const path of named ? [named] : searched(base, env, files)) {
    const text = files.read(path);
    if (text !== undefined) return { path, clouds: parseClouds(path, text) };
  }
  if (named && base === 'clouds')
    throw new CloudConfigError(`OS_CLIENT_CONFIG_FILE names ${named}, which does not exist.`);
  return null;
}

function parseClouds(path: string, text: string): Record<string, Entry> {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    // Only where it is broken: the rest of the parser's message quotes the line, which may hold a password.
    const line =
      error instanceof Error && /line (\d+)/u.exec(error.message.split('\n', 1)[0] ?? '')?.[1];
    throw new CloudConfigError(`${path} is not YAML${line ? `: see line ${line}` : ''}.`);
  }
  const parsed = fileSchema.safeParse(value);
  if (parsed.success) return parsed.data.clouds;
  const where = parsed.error.issues[0]?.path.join('.') || 'clouds';
  throw new CloudConfigError(`${path} must have a mapping at "${where}".`);
}

function merge(below: Entry, above: Entry): Entry {
  const result: Entry = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const inner = entrySchema.safeParse(value);
    const old = entrySchema.safeParse(below[key]);
    result[key] = inner.success && old.success ? merge(old.data, inner.data) : value;
  }
  return result;
}
