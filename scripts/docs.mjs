// `npm run docs`: builds where needed, then runs the compiled scripts/docs.ts in this process.
import { ensureBuilt } from './lib/build.mjs';
import { requireNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';

requireNode();
await ensurePackages();
await ensureBuilt();
process.setSourceMapsEnabled(true);
await import('../dist/scripts/docs.js');
const { writeDocument } = await import('../bench/document.mjs');
await writeDocument();
