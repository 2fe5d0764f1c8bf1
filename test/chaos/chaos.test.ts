/**
 * A short run of chaos; the long one is `npm run test:chaos`. Every run has a seed, which a failure names: the same seed is
 * the same story, though not the same moments.
 */
import { sideBySide, tableOf } from './table.js';
import { openWeather, type Weather } from './weather.js';

const RUNS = Number(process.env['CHAOS_RUNS'] ?? '24');
const FIRST_SEED = Number(process.env['CHAOS_SEED'] ?? '1');
const LANES = Number(process.env['CHAOS_LANES'] ?? '6');
/** Per run and lane, generously. */
const RUN_MS = 20_000;

let weather: Weather;
beforeAll(async () => {
  weather = await openWeather();
}, 60_000);
afterAll(() => weather.close());

test(
  `${RUNS} rollbacks in bad weather, seeds from ${FIRST_SEED} on: each effect once, every server whole, nothing untrue, nothing left`,
  async () => {
    const seeds = Array.from({ length: RUNS }, (_, index) => FIRST_SEED + index);
    const runs = await sideBySide(seeds, LANES, (seed) => weather.play(seed));
    if (process.env['CHAOS_TABLE'] !== undefined) process.stdout.write(`${tableOf(runs)}\n`);
    const bad = runs.filter(({ violations }) => violations.length > 0);
    expect(bad).toEqual([]);
  },
  60_000 + (RUNS / LANES) * RUN_MS,
);
