// `npm run test:chaos`: the long run of chaos. The seed is printed; with it the same stories are played again.
//   --weather N   rollbacks under faults of OpenStack (default 750)    --weather-lanes N  side by side (default 6)
//   --deaths N    rollbacks while processes are killed (default 250)   --deaths-lanes N   side by side (default 3)
//   --seed N      first seed (default: by the clock)
import { parseArgs } from 'node:util';
import { ensureBuilt } from './lib/build.mjs';
import { runJest, totalLine } from './lib/jest.mjs';
import { requireNode } from './lib/node-version.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { ensureTemporalCli } from './lib/temporal-cli.mjs';

const DEFAULTS = {
  weather: '750',
  'weather-lanes': '6',
  deaths: '250',
  'deaths-lanes': '3',
  seed: String(Date.now() % 1_000_000_000),
};

/** @returns {Record<string, string>} whole numbers, as text. */
function readOptions() {
  const options = Object.fromEntries(
    Object.keys(DEFAULTS).map((name) => [name, { type: 'string' }]),
  );
  let given;
  try {
    given = { ...DEFAULTS, ...parseArgs({ options }).values };
  } catch (error) {
    usage(error.message);
  }
  const wrong = Object.entries(given).find(([, value]) => !/^\d{1,9}$/.test(value));
  if (wrong !== undefined) usage(`--${wrong[0]} is a whole number, not "${wrong[1]}".`);
  if (given['weather-lanes'] === '0' || given['deaths-lanes'] === '0')
    usage('There is at least one lane.');
  return given;
}

function usage(problem) {
  console.error(
    `${problem}\nnpm run test:chaos -- [--weather N] [--deaths N] [--seed N] [--weather-lanes N] [--deaths-lanes N]`,
  );
  process.exit(2);
}

const given = readOptions();
requireNode();
await ensurePackages();
await ensureBuilt();
const cli = await ensureTemporalCli();
console.log(
  `chaos: ${given.weather} rollbacks in bad weather, ${given.deaths} with deaths; seed ${given.seed}`,
);
// Tests must not be led to the caller's own clouds and servers.
const env = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(OS|ROLLBACK|TEMPORAL)_/.test(name)),
);
const result = await runJest(['--runInBand', 'test/chaos'], {
  ...env,
  TEMPORAL_CLI_PATH: cli,
  CHAOS_TABLE: '1',
  CHAOS_SEED: given.seed,
  CHAOS_WEATHER: given.weather,
  CHAOS_WEATHER_LANES: given['weather-lanes'],
  CHAOS_DEATHS: given.deaths,
  CHAOS_DEATHS_LANES: given['deaths-lanes'],
});
console.log(`seed ${given.seed}`);
console.log(totalLine(result));
process.exitCode = result.code !== 0 || result.failed > 0 ? 1 : 0;
