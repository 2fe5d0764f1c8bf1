// How time, history and memory grow with the actions of a plan, on a cloud that answers at once; and how soon a rollback of the
// largest that runs tells how far it is.
import { setTimeout as sleep } from 'node:timers/promises';
import { exponent, median } from '../../dist/bench/lib/statistics.js';
import { row } from '../../dist/bench/lib/rows.js';
import { SETTINGS } from '../../dist/src/config/settings-table.js';
import { resultQuery } from '../../dist/workflows/messages.js';
import { workflowIdOf } from '../../dist/src/domain/workflow-id.js';
import { peakMemoryMb } from '../../scripts/lib/takes.mjs';
import { historyOf } from '../lib/histories.mjs';
import { movedAway, mustBeHome, spreadServers } from '../lib/scenes.mjs';
import { AT_ONCE, onStage, rollBack, timed } from '../lib/stage.mjs';

/** Those over the limit of plans are left out. */
const SIZES = { long: [1, 10, 100, 1000, 5000, 10_000], short: [1, 10, 100] };
/** Smaller ones are all constant parts; of hundreds they are a large share yet, which hides how the largest grow. */
const GROWTH_FROM = [10, 1000];
const HOSTS = 20;
/** Between two looks, at least; of larger plans a millisecond for each action: so those from a thousand on have some ten. */
const LOOK_PAUSE_MS = 300;
const WARNED = { events: 10_240, bytes: 10 * 1024 ** 2, payload: 512 * 1024 };

export async function size({ runs, short, note }) {
  const sizes = (short ? SIZES.short : SIZES.long).filter(isAllowed);
  const all = new Map(sizes.map((count) => [count, []]));
  for (let run = 0; run < runs; run += 1)
    for (const count of sizes) {
      const measured = await once(count);
      // Looks weigh on what they look at: no other figure is of that rollback.
      const one = count === sizes.at(-1) ? { ...measured, ...(await lookedAt(count)) } : measured;
      note(`${count} actions: ${JSON.stringify(one)}`);
      all.get(count).push(one);
    }
  return [...growthRows(all, runs), ...timeRows(all), ...rowsOfLargest(all)];
}

export function isAllowed(count) {
  return SETTINGS.maxActions.kind.parse(String(count)) !== undefined;
}

function once(count) {
  return onStageOf(count, async (stage, { servers, plan }) => {
    const { ms } = await rollBack(stage, plan);
    mustBeHome(stage.cloud, servers);
    const history = await historyOf(stage.client, workflowIdOf(plan));
    return { ms, ...history, workerMb: peakMemoryMb(stage.pids.worker) };
  });
}

function lookedAt(count) {
  return onStageOf(count, async (stage, { servers, plan }) => {
    const looks = looking(stage, plan, Math.max(LOOK_PAUSE_MS, count));
    const { ms } = await rollBack(stage, plan);
    const seen = await looks.end();
    mustBeHome(stage.cloud, servers);
    return { ...seen, lookedAtMs: ms };
  });
}

/** A stage for each: memory is that of this one rollback. */
async function onStageOf(count, play) {
  const settings = { ROLLBACK_MAX_ACTIONS: String(Math.max(count, 10)) };
  const cloud = { times: AT_ONCE, maxConcurrentLiveMigrations: count };
  return await onStage({ cloud, settings, bareWorkers: 0 }, async (stage) => {
    const servers = spreadServers(stage.cloud, { servers: count, hosts: HOSTS });
    return await play(stage, { servers, plan: await movedAway(stage.cloud, servers) });
  });
}

/**
 * Reads it again and again while it runs, over REST and by a query of its workflow; how long that takes, the medians. What is
 * over before the first look is looked at once.
 */
function looking({ caller, client }, plan, pauseMs) {
  const over = new AbortController();
  const [reads, queries] = [[], []];
  const path = `/v1/action_plans/${plan}/rollback`;
  const handle = client.workflow.getHandle(workflowIdOf(plan));
  const look = async () => {
    for (;;) {
      await pause(pauseMs, over.signal);
      if (over.signal.aborted && reads.length > 0) return;
      const { ms, value } = await timed(() => caller.ask('GET', path));
      if (value.status !== 200) {
        if (over.signal.aborted) throw new Error(`GET ${path} answered ${value.status} in the end`);
        // Not accepted yet.
        continue;
      }
      reads.push(ms);
      queries.push((await timed(() => handle.query(resultQuery))).ms);
    }
  };
  const looked = look();
  // Told by `end`.
  looked.catch(() => undefined);
  return {
    async end() {
      over.abort();
      await looked;
      return { readMs: median(reads), queryMs: median(queries), looks: reads.length };
    },
  };
}

async function pause(ms, signal) {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function growthRows(all, runs) {
  return GROWTH_FROM.flatMap((least) =>
    growthFrom(
      [...all.keys()].filter((count) => count >= least),
      all,
      runs,
    ),
  );
}

function growthFrom(sizes, all, runs) {
  // A line through one point has no slope.
  if (sizes.length < 2) return [];
  const numbers = Array.from({ length: runs }, (_, run) => run);
  const grows = (what) =>
    numbers.map((run) => exponent(sizes.map((count) => [count, all.get(count)[run][what]])));
  const span = `from ${sizes[0]} to ${sizes.at(-1)} actions`;
  const target = { atMost: 1.1 };
  const kinds = { ms: 'time', events: 'events of history', bytes: 'bytes of history' };
  return Object.entries(kinds).map(([what, name]) =>
    row({ name: `exponent of ${name}, ${span}`, unit: '', values: grows(what), target }),
  );
}

function timeRows(all) {
  return [...all].map(([count, ones]) =>
    row({
      name: `POST to result, ${count} ${count === 1 ? 'action' : 'actions'}`,
      unit: 'ms',
      values: ones.map(({ ms }) => ms),
      facts: ones,
    }),
  );
}

function rowsOfLargest(all) {
  const count = Math.max(...all.keys());
  const of = (what, unit, name, atMost) =>
    row({
      name: `${name}, ${count} actions`,
      unit,
      values: all.get(count).map((one) => one[what]),
      ...(atMost !== undefined && { target: { atMost } }),
    });
  return [
    of('workerMb', 'MB', 'most memory of the worker', 600),
    of('queryMs', 'ms', 'query of its progress', 200),
    of('readMs', 'ms', 'reading its progress over REST'),
    of('longestTaskMs', 'ms', 'longest workflow task'),
    of('longestRun', '', 'events of the longest run', WARNED.events),
    of('largestRun', '', 'bytes of the largest run', WARNED.bytes),
    of('largestPayload', '', 'bytes of the largest payload', WARNED.payload),
  ];
}
