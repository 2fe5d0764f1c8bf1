/**
 * The files of the page at /ui/, read once at start: what is not in this list cannot be asked for, however a path is
 * written. It must not know HTTP's requests (routes/ui.ts) or what is in the files.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface UiFile {
  bytes: Buffer;
  contentType: string;
  /** Strong: of the content. */
  etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

export class UiFilesError extends Error {
  override readonly name = 'UiFilesError';
}

/** By name, e.g. "index.html". Throws UiFilesError where the folder was not built. */
export function readUiFiles(folder: string): ReadonlyMap<string, UiFile> {
  const files = new Map<string, UiFile>();
  for (const name of namesIn(folder)) {
    const contentType = TYPES[extname(name)];
    // Source maps name places on the machine that built them; nobody is served those.
    if (contentType === undefined) continue;
    const bytes = readFileSync(join(folder, name));
    const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`;
    files.set(name, { bytes, contentType, etag });
  }
  if (!files.has('index.html') || !files.has('main.js')) {
    throw new UiFilesError(`The page's files are not in ${folder}: run "npm run build".`);
  }
  return files;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}
