/**
 * A short run of chaos; the long one is `npm run test:chaos`. Every run has a seed, which a failure names: the same seed is
 * the same story, though not the same moments.
 */
import { progressOf, sideBySide, tableOf } from './table.js';
import { openDeaths } from './deaths.js';
import type { Run } from './run.js';
import { openWeather } from './weather.js';

const number = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise);
const FIRST_SEED = number('CHAOS_SEED', 1);
const IN_WEATHER = { runs: number('CHAOS_WEATHER', 24), lanes: number('CHAOS_WEATHER_LANES', 6) };
const WITH_DEATHS = { runs: number('CHAOS_DEATHS', 4), lanes: number('CHAOS_DEATHS_LANES', 2) };
/** Per run and lane, generously. */
const RUN_MS = 90_000;

const PROMISE = 'each effect once, every server whole, nothing untrue, nothing left';

function seedsOf(runs: number): number[] {
  return Array.from({ length: runs }, (_, index) => FIRST_SEED + index);
}

const isLong = process.env['CHAOS_TABLE'] !== undefined;

function tell(runs: readonly Run[]): void {
  const line = progressOf(runs);
  if (isLong && line !== null) process.stdout.write(`${line}\n`);
}

function judge(runs: readonly Run[]): void {
  if (isLong) process.stdout.write(`\n${tableOf(runs)}\n`);
  expect(runs.filter(({ violations }) => violations.length > 0)).toEqual([]);
}

test(
  `${IN_WEATHER.runs} rollbacks in bad weather, seeds from ${FIRST_SEED} on: ${PROMISE}`,
  async () => {
    const weather = await openWeather();
    const play = (seed: number): Promise<Run> => weather.play(seed);
    try {
      judge(await sideBySide(seedsOf(IN_WEATHER.runs), IN_WEATHER.lanes, () => play, tell));
    } finally {
      await weather.close();
    }
  },
  60_000 + (IN_WEATHER.runs / IN_WEATHER.lanes) * RUN_MS,
);

test(
  `${WITH_DEATHS.runs} rollbacks while workers, API and Temporal are killed, seeds from ${FIRST_SEED} on: ${PROMISE}`,
  async () => {
    const lanes = await Promise.all(Array.from({ length: WITH_DEATHS.lanes }, openDeaths));
    try {
      judge(
        await sideBySide(
          seedsOf(WITH_DEATHS.runs),
          lanes.length,
          (lane) => {
            const deaths = lanes[lane];
            if (deaths === undefined) throw new Error(`no lane ${lane}`);
            return (seed) => deaths.play(seed);
          },
          tell,
        ),
      );
    } finally {
      await Promise.all(lanes.map((lane) => lane.close()));
    }
  },
  60_000 + (WITH_DEATHS.runs / WITH_DEATHS.lanes) * RUN_MS,
);
