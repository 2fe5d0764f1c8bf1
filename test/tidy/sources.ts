/** Reads the project's own sources and what they import. Knows no rules. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, resolve, sep } from 'node:path';

export const ROOT = resolve(__dirname, '../..');
const FOLDERS = ['src', 'workflows', 'activities', 'scripts', 'test', 'bench'];

export interface Source {
  /** From the root of the project, with "/". */
  path: string;
  text: string;
  lines: string[];
}

export interface Import {
  /** As written. */
  specifier: string;
  /** Path from the root for one of our files; null for a package. */
  target: string | null;
  typeOnly: boolean;
}

export function readSources(): Source[] {
  return FOLDERS.flatMap((folder) => filesIn(join(ROOT, folder)))
    .filter((file) => /\.(ts|mjs|cjs|js)$/.test(file))
    .map((file) => {
      const text = readFileSync(file, 'utf8');
      const path = relative(ROOT, file).split(sep).join('/');
      return { path, text, lines: text.replace(/\n$/, '').split('\n') };
    });
}

function filesIn(folder: string): string[] {
  // Not every folder need be there.
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const STATIC = /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
const DYNAMIC = /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

export function importsOf({ path, text }: Source): Import[] {
  const statics = [...text.matchAll(STATIC)].map((match) => ({
    specifier: match[2] ?? '',
    // With verbatimModuleSyntax `import { type A }` still loads the module: it counts as a value.
    typeOnly: match[1] !== undefined,
  }));
  const dynamics = [...text.matchAll(DYNAMIC)].map((match) => ({
    specifier: match[1] ?? '',
    typeOnly: false,
  }));
  return [...statics, ...dynamics].map((it) => ({
    ...it,
    target: it.specifier.startsWith('.')
      ? posix.normalize(posix.join(posix.dirname(path), it.specifier))
      : null,
  }));
}

/** Programs and what tools load by name. */
const ENTRIES = [
  'src/main.ts',
  'src/cli/main.ts',
  'src/ui/main.ts',
  'workflows/index.ts',
  'src/temporal-server/download-cli-program.ts',
];

/** Files of src, workflows and activities that nothing but tests would miss. */
export function deadFiles(sources: Source[]): string[] {
  const users = sources.filter(({ path }) => !path.startsWith('test/'));
  const used = new Set(
    users.flatMap((file) =>
      importsOf(file).flatMap(({ target }) =>
        target === null ? [] : [target.replace(/\.js$/, '.ts')],
      ),
    ),
  );
  return users
    .map(({ path }) => path)
    .filter((path) => /^(src|workflows|activities)\//.test(path))
    .filter((path) => !used.has(path) && !ENTRIES.includes(path));
}
