// Many rollbacks at once on one worker, and on two, beside as many bare workflows; and whether a small one gets its share
// beside a large one.
import { setTimeout as sleep } from 'node:timers/promises';
import { lotsOf, rowsOfBoth } from '../../dist/bench/lib/lots.js';
import { row } from '../../dist/bench/lib/rows.js';
import { NOVA_AT_ONCE, migrationTimes } from '../lib/following.mjs';
import { recording } from '../lib/replay.mjs';
import {
  bringHome,
  movedAway,
  movedInTurn,
  mustBeHome,
  spreadServers,
  warmUpPlan,
} from '../lib/scenes.mjs';
import { AT_ONCE, onStage, rest, rollBack, runBare, timed } from '../lib/stage.mjs';
import { isAllowed } from './size.mjs';

const MANY = { long: { plans: 200, actions: 20 }, short: { plans: 10, actions: 5 } };
const LARGE = { long: [10_000, 5000], short: [400] };
const SMALL = 20;
const HOSTS = 20;
const UNBOUNDED = '500';
/** Of the large one, before the small ones come. */
const UNDER_WAY_MS = 3000;
const ENDS_WITHIN_MS = 120_000;

export async function manyPlans({ runs, short, note }) {
  const much = short ? MANY.short : MANY.long;
  const figures = [];
  for (let run = 0; run < runs; run += 1) {
    const one = await atOnce({ ...much, workers: 1 });
    note(`one worker: ${JSON.stringify(one)}`);
    const two = await atOnce({ ...much, workers: 2 });
    note(`two workers: ${JSON.stringify(two)}`);
    figures.push({ one, two });
  }
  const fair = await fairness({ runs, short, note });
  return [...manyRows(figures, much), ...fair];
}

/** Milliseconds until all have ended: of rollbacks, and of bare workflows with the same requests and with none. */
async function atOnce({ plans, actions, workers }) {
  const cloud = { times: AT_ONCE, maxConcurrentLiveMigrations: Number(UNBOUNDED) };
  const settings = {
    ROLLBACK_ACCEPT_TIMEOUT: '60',
    ROLLBACK_MIGRATIONS_PER_HOST: UNBOUNDED,
    ROLLBACK_WORKER_MIGRATIONS_PER_HOST: UNBOUNDED,
  };
  return await onStage({ cloud, settings, workers, bareWorkers: workers }, async (stage) => {
    const servers = spreadServers(stage.cloud, { servers: plans * actions, hosts: HOSTS });
    const groups = inGroups(servers, actions);
    const uuids = await movedInTurn(stage.cloud, groups);
    const recorded = recording(stage.cloud);
    const rollbacks = await timed(() =>
      Promise.all(
        uuids.map(async (uuid) => {
          await stage.caller.start(uuid);
          await rollBack(stage, uuid);
        }),
      ),
    );
    mustBeHome(stage.cloud, servers);
    const requests = recorded.end();
    const lots = lotsOf({ requests, servers });
    const recordedBare = recording(stage.cloud);
    const asking = await bareAtOnce(stage, inGroups(lots, actions), 'requests');
    const rows = rowsOfBoth(requests, recordedBare.end());
    await bringHome(stage.cloud, servers);
    const idle = inGroups(
      servers.map(() => ({})),
      actions,
    );
    const nothing = await bareAtOnce(stage, idle, 'nothing');
    return { rollbacks: rollbacks.ms, requests: asking, nothing, rows };
  });
}

async function bareAtOnce(stage, groups, activity) {
  await rest();
  const { ms } = await timed(() =>
    Promise.all(
      groups.map((lots) => runBare(stage, 'BareFanOut', { activity, lots, width: lots.length })),
    ),
  );
  return ms;
}

function inGroups(all, size) {
  return Array.from({ length: all.length / size }, (_, index) =>
    all.slice(index * size, (index + 1) * size),
  );
}

function manyRows(figures, { plans, actions }) {
  const what = `${plans} rollbacks of ${actions} actions at once`;
  const rate = ({ rollbacks }) => (plans * actions * 1000) / rollbacks;
  return [
    row({
      name: `${what} / bare, the same requests`,
      unit: '×',
      values: figures.map(({ one }) => one.requests / one.rollbacks),
      target: { atLeast: 0.8 },
      facts: figures,
    }),
    row({
      name: `${what} / bare, no-op activities`,
      unit: '×',
      values: figures.map(({ one }) => one.nothing / one.rollbacks),
    }),
    row({
      name: `${what}: compensations a second`,
      unit: '/s',
      values: figures.map(({ one }) => rate(one)),
    }),
    row({
      name: 'two workers / one: compensations a second',
      unit: '×',
      values: figures.map(({ one, two }) => rate(two) / rate(one)),
    }),
    row({
      name: 'two workers / one: bare, the same requests',
      unit: '×',
      values: figures.map(({ one, two }) => one.requests / two.requests),
    }),
  ];
}

/** A small rollback beside a large one that is under way, and one that is asked for together with it. */
async function fairness({ runs, short, note }) {
  const size = (short ? LARGE.short : LARGE.long).find(isAllowed);
  const beside = await smallAndLarge(size, async ({ stage, small, large }) => {
    const alone = await times(stage, small, runs);
    const plan = await movedAway(stage.cloud, large);
    await stage.caller.start(plan);
    await sleep(UNDER_WAY_MS);
    const shared = await times(stage, small, runs);
    await cancel(stage, plan);
    return alone.map((ms, run) => ({ alone: ms, shared: shared[run] }));
  });
  const together = [];
  for (let run = 0; run < runs; run += 1)
    together.push(await smallAndLarge(size, (one) => atTheSameTime(one, run % 2 === 0)));
  note(`a small one and one of ${size}: ${JSON.stringify({ beside, together })}`);
  const shares = (name, figures) =>
    row({
      name,
      unit: '×',
      values: figures.map(({ alone, shared }) => shared / alone),
      target: { atMost: 2 },
      facts: figures,
    });
  return [
    shares(`rollback of ${SMALL} beside one of ${size} / alone`, beside),
    shares(`rollback of ${SMALL} asked for together with one of ${size} / alone`, together),
  ];
}

/** On the same hosts, with migrations of 3 s and the settings' defaults. */
async function smallAndLarge(size, play) {
  const cloud = {
    liveMigrationOf: migrationTimes(0),
    maxConcurrentLiveMigrations: NOVA_AT_ONCE,
  };
  const settings = { ROLLBACK_MAX_ACTIONS: String(size) };
  return await onStage({ cloud, settings, bareWorkers: 0 }, async (stage) => {
    const servers = spreadServers(stage.cloud, { servers: size + SMALL, hosts: HOSTS });
    await rollBack(stage, await warmUpPlan(stage.cloud));
    return await play({ stage, small: servers.slice(0, SMALL), large: servers.slice(SMALL) });
  });
}

/** What comes second finds code warmer and Temporal with more on record: by turns. */
async function atTheSameTime({ stage, small, large }, isAloneFirst) {
  const ways = {
    alone: async () => (await times(stage, small, 1))[0],
    shared: () => rightAfter(stage, { small, large }),
  };
  const figures = {};
  for (const way of isAloneFirst ? ['alone', 'shared'] : ['shared', 'alone']) {
    await rest();
    figures[way] = await ways[way]();
  }
  return figures;
}

/** Milliseconds of the small one, asked for right after the large one, whose POST has been sent then and not been answered. */
async function rightAfter(stage, { small, large }) {
  const plan = await movedAway(stage.cloud, large);
  const own = await movedAway(stage.cloud, small);
  const beside = async () => {
    const { ms } = await rollBack(stage, own);
    await mustBeUnderWay(stage, plan);
    return ms;
  };
  const [, ms] = await Promise.all([stage.caller.start(plan), beside()]);
  mustBeHome(stage.cloud, small);
  await cancel(stage, plan);
  return ms;
}

/** Throws where the large rollback does not run: what has ended beside it, or before it, was not beside it. */
async function mustBeUnderWay({ caller }, plan) {
  const path = `/v1/action_plans/${plan}/rollback`;
  const { status, body } = await caller.ask('GET', path);
  const state = status === 200 ? body.state : `GET answered ${status}`;
  if (state !== 'ONGOING')
    throw new Error(`the large rollback was not under way when the small one ended: ${state}`);
}

async function times(stage, servers, runs) {
  const all = [];
  for (let run = 0; run < runs; run += 1) {
    all.push((await rollBack(stage, await movedAway(stage.cloud, servers))).ms);
    mustBeHome(stage.cloud, servers);
  }
  return all;
}

/** What is left of it would take long, and tell nothing. */
async function cancel({ caller }, plan) {
  const path = `/v1/action_plans/${plan}/rollback/cancel`;
  const { status } = await caller.ask('POST', path);
  if (status === 409) throw new Error('the large rollback ended before the small ones did');
  if (status !== 200) throw new Error(`POST ${path} answered ${status}`);
  for (const until = Date.now() + ENDS_WITHIN_MS; ; await sleep(500)) {
    const state = await caller.state(plan);
    if (state === 'CANCELLED') return;
    if (state !== null) throw new Error(`the cancelled rollback of ${plan} ended ${state}`);
    if (Date.now() > until) throw new Error(`the cancelled rollback of ${plan} did not end`);
  }
}
