/** The releases that are kept in this folder (`npm run release:keep`): the program of each, and what else it consisted of. */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { ROOT } from '../support/built.js';

/** release.json. Checksums are SHA-256. */
export interface Release {
  version: string;
  program: string;
  /** By path from the folder of all histories. */
  histories: Record<string, string>;
}

/** A kept program, ready to run. */
export interface Unpacked {
  version: string;
  /** Where dist/src/main.js is to be run. */
  folder: string;
  bundle: string;
  remove(): void;
}

/** The oldest first. */
export function readReleases(): Release[] {
  return readdirSync(__dirname, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => JSON.parse(readFileSync(join(__dirname, name, 'release.json'), 'utf8')))
    .map((release) => release as Release)
    .toSorted((a, b) => a.version.localeCompare(b.version, 'en', { numeric: true }));
}

export function packedProgram({ version }: Release): Buffer {
  return readFileSync(join(__dirname, version, 'program.json.br'));
}

/** It runs with the packages that are installed: an upgrade of the Temporal SDK is another matter. */
export function unpack(release: Release): Unpacked {
  const files = JSON.parse(brotliDecompressSync(packedProgram(release)).toString()) as Record<
    string,
    string
  >;
  const folder = mkdtempSync(join(tmpdir(), `rollback-${release.version}-`));
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    if (!existsSync(dirname(file))) mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return {
    version: release.version,
    folder,
    bundle: join(folder, 'dist/workflow-bundle.js'),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
