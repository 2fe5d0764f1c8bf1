// `npm run build`: the packages where they are missing, then dist/ from the sources in any case.
import { buildAnyway } from './lib/build.mjs';
import { requireNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';

requireNode();
await ensurePackages();
await buildAnyway();
