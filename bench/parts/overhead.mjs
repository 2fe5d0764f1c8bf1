// Compensations a second of a rollback on a cloud that answers at once, beside two bare workflows with as many activities at
// once: some that make the same requests of the same cloud, and some that do nothing.
import { lotsOf, rowsOfBoth } from '../../dist/bench/lib/lots.js';
import { recording } from '../lib/replay.mjs';
import { row } from '../../dist/bench/lib/rows.js';
import { bringHome, movedAway, mustBeHome, spreadServers } from '../lib/scenes.mjs';
import { AT_ONCE, onStage, rest, rollBack, runBare } from '../lib/stage.mjs';
import { takes } from '../../scripts/lib/takes.mjs';

const HOSTS = 20;
/** How many at once, and ROLLBACK_POLL_FIRST: what a migration that is over at once waits for. */
const WAYS = {
  long: [32, 100].flatMap((width) => ['0.2', '0.01'].map((pollFirst) => ({ width, pollFirst }))),
  short: [{ width: 32, pollFirst: '0.2' }],
};
/** Of a compensation, or of an activity of the bare ones. */
const CPU = {
  worker: 'the worker, a compensation',
  bareRequests: 'the bare worker, the same requests',
  bareNothing: 'the bare worker, a no-op',
  temporal: 'Temporal, a compensation',
  temporalOfRequests: 'Temporal, the same requests',
  temporalOfNothing: 'Temporal, a no-op',
  cloud: 'the cloud and who asks, a compensation',
  cloudOfRequests: 'the cloud, the same requests',
  api: 'the API, a compensation',
};
const SIZE = { long: 600, short: 100 };
/** More than there are migrations: what bounds is the concurrency. */
const UNBOUNDED = 500;

export async function overhead({ runs, short, note }) {
  const rows = [];
  for (const way of short ? WAYS.short : WAYS.long)
    rows.push(...(await inWay({ ...way, runs, short, note })));
  return rows;
}

async function inWay({ width, pollFirst, runs, short, note }) {
  const count = short ? SIZE.short : SIZE.long;
  const settings = {
    ROLLBACK_CONCURRENCY: String(width),
    ROLLBACK_MIGRATIONS_PER_HOST: String(UNBOUNDED),
    ROLLBACK_WORKER_MIGRATIONS_PER_HOST: String(UNBOUNDED),
    ROLLBACK_POLL_FIRST: pollFirst,
  };
  const cloud = { times: AT_ONCE, maxConcurrentLiveMigrations: UNBOUNDED };
  return await onStage({ cloud, settings }, async (stage) => {
    const servers = spreadServers(stage.cloud, { servers: count, hosts: HOSTS });
    const figures = [];
    // The first of each finds no connection open and no code warm.
    for (let run = 0; run <= runs; run += 1) {
      const figure = await once(stage, { servers, width });
      note(`${width} wide, first poll ${pollFirst} s: ${JSON.stringify(figure)}`);
      if (run > 0) figures.push(figure);
    }
    return rowsOf({ figures, width, pollFirst });
  });
}

async function once(stage, { servers, width }) {
  const count = servers.length;
  const plan = await movedAway(stage.cloud, servers);
  const recorded = recording(stage.cloud);
  const rollback = await measured(stage, () => rollBack(stage, plan));
  mustBeHome(stage.cloud, servers);
  const requests = recorded.end();
  const lots = lotsOf({ requests, servers });
  const same = { activity: 'requests', lots, width };
  const recordedBare = recording(stage.cloud);
  const asking = await measured(stage, () => runBare(stage, 'BareFanOut', same));
  const rows = rowsOfBoth(requests, recordedBare.end());
  await bringHome(stage.cloud, servers);
  const idle = { activity: 'nothing', lots: servers.map(() => ({})), width };
  const nothing = await measured(stage, () => runBare(stage, 'BareFanOut', idle));
  const each = (cpu) => Math.round((cpu * 10_000) / count) / 10;
  const perSecond = ({ ms }) => Math.round((count * 10_000) / ms) / 10;
  return {
    rollback: perSecond(rollback),
    requests: perSecond(asking),
    nothing: perSecond(nothing),
    requestsEach: Number((requests.length / count).toFixed(2)),
    rows,
    cpu: {
      worker: each(rollback.cpu.worker),
      bareRequests: each(asking.cpu.bare),
      bareNothing: each(nothing.cpu.bare),
      temporal: each(rollback.cpu.temporal),
      temporalOfRequests: each(asking.cpu.temporal),
      temporalOfNothing: each(nothing.cpu.temporal),
      cloud: each(rollback.cpu.cloud),
      cloudOfRequests: each(asking.cpu.cloud),
      api: each(rollback.cpu.api),
    },
  };
}

/** `cpu`: seconds that each program took for it. */
async function measured({ pids }, work) {
  await rest();
  const now = () => Object.entries(pids).map(([name, pid]) => [name, takes(pid).cpuSeconds]);
  const before = Object.fromEntries(now());
  const { ms } = await work();
  const cpu = Object.fromEntries(now().map(([name, seconds]) => [name, seconds - before[name]]));
  return { ms, cpu };
}

function rowsOf({ figures, width, pollFirst }) {
  const how = `${width} at once, first poll after ${pollFirst} s`;
  const ratio = (of) => figures.map((figure) => figure.rollback / figure[of]);
  return [
    row({
      name: `rollback / bare, the same requests (${how})`,
      unit: '×',
      values: ratio('requests'),
      target: { atLeast: 0.95 },
      facts: figures,
    }),
    row({
      name: `rollback / bare, no-op activities (${how})`,
      unit: '×',
      values: ratio('nothing'),
      target: { atLeast: 0.5 },
    }),
    row({
      name: `compensations a second (${how})`,
      unit: '/s',
      values: figures.map(({ rollback }) => rollback),
    }),
    ...Object.entries(CPU).map(([key, whose]) =>
      row({
        name: `processor time of ${whose} (${how})`,
        unit: 'ms',
        values: figures.map(({ cpu }) => cpu[key]),
      }),
    ),
  ];
}
