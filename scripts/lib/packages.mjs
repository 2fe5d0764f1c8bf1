// Installs the packages where they are missing or not those of the lock file. Must run with Node's own modules only.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, run } from './run.mjs';
import { say, seconds } from './say.mjs';

export async function ensurePackages() {
  const why = installedDiffers();
  if (why === null) return;
  const startedAt = performance.now();
  say(`Installing the packages (${why}); this takes up to a minute.`);
  const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    quiet: true,
  });
  if (code !== 0) {
    say('The packages could not be installed: see above. Is a package registry reachable?');
    process.exit(1);
  }
  say(`The packages are installed after ${seconds(startedAt)}.`);
}

/** null: what is installed is what the lock file says; compared by content, because times change with every checkout. */
function installedDiffers() {
  const installed = lockedVersions('node_modules/.package-lock.json');
  if (installed === null) return 'they are missing';
  const wanted = lockedVersions('package-lock.json');
  if (wanted === null) return null;
  for (const [path, entry] of wanted) {
    if (path === '') continue;
    const have = installed.get(path);
    // Packages for other systems are optional, and not installed here.
    if (have === undefined && entry.optional !== true && !withoutDev(entry))
      return `${path} is missing`;
    if (have !== undefined && have.version !== entry.version) return `${path} has another version`;
  }
  return null;
}

/** In an image there are no packages for development, and none are wanted. */
function withoutDev(entry) {
  return (
    (entry.dev === true || entry.devOptional === true) && process.env.NODE_ENV === 'production'
  );
}

function lockedVersions(file) {
  const path = join(ROOT, file);
  if (!existsSync(path)) return null;
  return new Map(Object.entries(JSON.parse(readFileSync(path, 'utf8')).packages));
}
