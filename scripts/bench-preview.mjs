// `npm run bench:preview`: builds where needed, then runs the compiled scripts/bench-preview.ts in this process.
import { ensureBuilt } from './lib/build.mjs';
import { requireNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';

requireNode();
await ensurePackages();
await ensureBuilt();
process.setSourceMapsEnabled(true);
await import('../dist/scripts/bench-preview.js');
