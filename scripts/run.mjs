// `npm start`, `npm run api`, `worker`, `demo`: brings a fresh clone to where the program can run, then becomes the
// program. It runs in this very process, so that signals and the exit code are the program's own.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { requireNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ROOT } from './lib/run.mjs';

requireNode();
await ensurePackages();
await ensureBuilt();
const program = join(ROOT, 'dist/src/main.js');
process.argv[1] = program;
process.setSourceMapsEnabled(true);
await import(pathToFileURL(program).href);
