/**
 * `npm run load -- [many] [repeated] [soak] [streams] [--count N] [--minutes N] [--out FILE]`: the service under load, in processes of its
 * own on a simulated cloud. Prints what was measured; exit 1 where something did not end as it must. Linux.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ensureBuilt } from '../../scripts/lib/build.mjs';
import { ensurePackages } from '../../scripts/lib/packages.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: 'string' },
    minutes: { type: 'string', default: '30' },
    out: { type: 'string' },
  },
});
const PARTS = { many: 1000, repeated: 10_000, soak: 0, streams: 4000 };
const wanted = positionals.length > 0 ? positionals : ['many', 'repeated'];
const unknown = wanted.find((name) => !Object.hasOwn(PARTS, name));
if (unknown !== undefined) {
  console.error(`There is no part ${unknown}; parts are ${Object.keys(PARTS).join(', ')}.`);
  process.exit(2);
}
await ensurePackages();
await ensureBuilt();
const results = {};
for (const name of wanted) {
  const { [name]: part } = await import(`./${name}.mjs`);
  console.log(`== ${name}`);
  results[name] = await part({
    count: Number(values.count ?? PARTS[name]),
    minutes: Number(values.minutes),
    note: (line) => console.log(line),
  });
  console.log(JSON.stringify(results[name], null, 1));
}
if (values.out !== undefined) writeFileSync(values.out, `${JSON.stringify(results, null, 1)}\n`);
process.exitCode = Object.values(results).every(({ ok }) => ok) ? 0 : 1;
