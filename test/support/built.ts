/** dist/ as the sources are now: what users run. Does nothing after `npm test`, which builds first. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const ROOT = join(__dirname, '../..');
export const BUNDLE = join(ROOT, 'dist', 'workflow-bundle.js');

export function ensureBuilt(): void {
  const script = JSON.stringify(join(ROOT, 'scripts/lib/build.mjs'));
  const build = `import { ensureBuilt } from ${script}; await ensureBuilt();`;
  const built = spawnSync(process.execPath, ['--input-type=module', '-e', build], { cwd: ROOT });
  if (built.status !== 0) throw new Error(`the build failed: ${String(built.stderr)}`);
}
