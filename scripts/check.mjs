// `npm run check`: everything but the tests that CI looks at. All parts run, so that one look shows all that is wrong.
import { runJest } from './lib/jest.mjs';
import { requireNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { run } from './lib/run.mjs';
import { say, seconds } from './lib/say.mjs';

requireNode();
const PARTS = {
  types: () => npm('typecheck'),
  lint: () => npm('lint'),
  formatting: () => npm('fmt:check'),
  // Conventions that no linter knows, and documents in step with the code.
  tidiness: async () => (await runJest(['test/tidy.test.ts', '--silent'])).code,
};

await ensurePackages();
const failed = [];
for (const [name, part] of Object.entries(PARTS)) {
  const startedAt = performance.now();
  const code = await part();
  say(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds(startedAt)})`);
  if (code !== 0) failed.push(name);
}
if (failed.length > 0) say(`npm run check failed: ${failed.join(', ')}.`);
process.exitCode = failed.length > 0 ? 1 : 0;

function npm(script) {
  return run('npm', ['run', '--silent', script]);
}
