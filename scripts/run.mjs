// `npm start`, `npm run api`, `worker`, `demo`: brings a fresh clone to where the program can run, then becomes the
// program. It runs in this very process, and package.json begins these scripts with `exec`: a signal for npm then reaches
// the program and not a shell between, which would die of it and leave the program running.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './lib/build.mjs';
import { requireNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ROOT } from './lib/run.mjs';
import { dropEchoedSignals } from './lib/signals.mjs';

requireNode();
await ensurePackages();
await ensureBuilt();
const program = join(ROOT, 'dist/src/main.js');
dropEchoedSignals();
process.argv[1] = program;
process.setSourceMapsEnabled(true);
await import(pathToFileURL(program).href);
