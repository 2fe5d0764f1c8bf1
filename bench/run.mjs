/**
 * `npm run bench -- [PART…] [--short] [--runs N] [--out FILE]`: measures the service beside bare workflows and requests, on a
 * simulated cloud, and prints a table. The figures go into bench/results.json, those of a short run into .bench/short.json; what
 * was not measured keeps its own. Exit 1 only where something did not end as it must: no figure decides anything. Linux.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ensureBuilt } from '../scripts/lib/build.mjs';
import { requireNode } from '../scripts/lib/node-version.mjs';
import { ensurePackages } from '../scripts/lib/packages.mjs';
import { ROOT } from '../scripts/lib/run.mjs';
import { seconds } from '../scripts/lib/say.mjs';
import { argumentsOf } from './lib/arguments.mjs';
/** The function of each file of parts/. */
const PARTS = {
  overhead: 'overhead',
  'one-action': 'oneAction',
  'cloud-calls': 'cloudCalls',
  history: 'history',
  'critical-path': 'criticalPath',
  size: 'size',
  layout: 'layout',
  'many-plans': 'manyPlans',
  start: 'start',
  preview: 'preview',
};
const SHORT = join(ROOT, '.bench/short.json');
const RUNS = { long: 5, short: 1 };
/** Of a short run: whatever hangs fails it. */
const SHORT_LIMIT_MS = 15 * 60_000;
/** A short run shows that the benchmark works, and no more. */
const NOT_SHORT = ['size', 'layout', 'many-plans', 'start', 'preview'];

requireNode();
const asked = argumentsOf({ names: Object.keys(PARTS), what: 'part', runs: RUNS });
const { short, runs } = asked;
const wanted =
  asked.wanted.length > 0
    ? asked.wanted
    : Object.keys(PARTS).filter((name) => !short || !NOT_SHORT.includes(name));
// As an end like any other, which ends the programs that run.
for (const [name, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
])
  process.once(name, () => process.exit(code));
if (short)
  setTimeout(() => {
    console.error(`The short run did not end within ${SHORT_LIMIT_MS / 60_000} minutes.`);
    process.exit(1);
  }, SHORT_LIMIT_MS).unref();
await ensurePackages();
await ensureBuilt();
// Built only now.
const { commit, loadNow, machine } = await import('./lib/machine.mjs');
const { machineText } = await import('../dist/bench/lib/results.js');
const { tableOf } = await import('../dist/bench/lib/rows.js');
const { RESULTS, writeDocument } = await import('./document.mjs');
const file = asked.out === null ? (short ? SHORT : RESULTS) : resolve(asked.out);
const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
const on = await machine();
const code = commit();
console.log(machineText(on));
for (const name of wanted) {
  const { [PARTS[name]]: part } = await import(`./parts/${name}.mjs`);
  const startedAt = performance.now();
  const load = loadNow();
  console.log(`\n== ${name}: ${runs} runs, load ${load}`);
  const note = asked.verbose ? (line) => console.log(line) : () => undefined;
  try {
    const rows = await part({ runs, short, note });
    console.log(tableOf(rows));
    results[name] = {
      at: new Date().toISOString(),
      commit: code,
      machine: on,
      load,
      runs,
      short,
      rows,
    };
    keep();
  } catch (error) {
    console.error(`${name} did not end as it must:`, error);
    process.exitCode = 1;
  }
  console.log(`-- ${name}: ${seconds(startedAt)}`);
}
if (file === RESULTS) await writeDocument();
// What is left is sockets of pools that are of no use any more.
process.exit();

/** After every part: a later one may fail. */
function keep() {
  mkdirSync(dirname(file), { recursive: true });
  const inOrder = Object.fromEntries(
    Object.keys(PARTS).flatMap((name) => (name in results ? [[name, results[name]]] : [])),
  );
  writeFileSync(file, `${JSON.stringify(inOrder, null, 1)}\n`);
}
