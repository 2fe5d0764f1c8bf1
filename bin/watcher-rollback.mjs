#!/usr/bin/env node
// The command as npm links it: a file that is there before the first build, so that the link is made in any case and
// says what to do where nothing is built yet.
import { existsSync } from 'node:fs';

const program = new URL('../dist/src/cli/main.js', import.meta.url);

if (existsSync(program)) {
  await import(program.href);
} else {
  process.stderr.write('watcher-rollback: It is not built yet. Build it once: npm run build\n');
  process.exitCode = 2;
}
