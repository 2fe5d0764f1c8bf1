// `npm run record-history`: builds where needed, then runs the compiled scripts/record-history-command.ts in this process.
import { ensureBuilt } from './lib/build.mjs';
import { requireNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';

requireNode();
await ensurePackages();
await ensureBuilt();
process.setSourceMapsEnabled(true);
await import('../dist/scripts/record-history-command.js');
