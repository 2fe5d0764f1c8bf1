// How long a rollback takes, from POST to its result, beside the longest chain of operations of the cloud that must follow one
// another, as the model reckons it; and how many requests that takes where few run at once.
import { idealOf } from '../../dist/bench/lib/ideal.js';
import { liveMigration, setService } from '../../dist/bench/model/steps.js';
import {
  BOUNDS,
  difference,
  followed,
  inAll,
  migrationTimes,
  NOVA_AT_ONCE,
  REQUESTS_TARGET,
} from '../lib/following.mjs';
import { row } from '../../dist/bench/lib/rows.js';
import { workflowIdOf } from '../../dist/src/domain/workflow-id.js';
import { historyOf } from '../lib/histories.mjs';
import { maintainedHost, mustBeHome, warmUpPlan } from '../lib/scenes.mjs';
import { onStage, rollBack } from '../lib/stage.mjs';

const DESTINATIONS = 5;
const MAINTAINED = { long: [12, 100], short: [12] };
const SPREAD = 1000;
const TARGET = { atMost: 1.05 };

export async function criticalPath({ runs, short, note }) {
  const rows = [];
  for (const servers of short ? MAINTAINED.short : MAINTAINED.long) {
    const ones = [];
    for (let run = 0; run < runs; run += 1) {
      ones.push(await maintenance(servers, run));
      note(`${servers} servers on one host: ${JSON.stringify(ones.at(-1))}`);
    }
    const name = `host maintenance, ${servers} servers on one host`;
    rows.push(...rowsOf(name, ones), requestsRow(name, servers, ones));
  }
  if (short) return rows;
  const all = await followed({ sizes: [SPREAD], runs, note });
  return [...rows, ...rowsOf(`${SPREAD} servers over 20 hosts`, all.get(SPREAD))];
}

async function maintenance(servers, run) {
  const liveMigrationOf = migrationTimes(run + 1);
  const cloud = { liveMigrationOf, maxConcurrentLiveMigrations: NOVA_AT_ONCE };
  return await onStage({ cloud, bareWorkers: 0 }, async (stage) => {
    await rollBack(stage, await warmUpPlan(stage.cloud));
    const { plan, moved } = await maintainedHost(stage.cloud, {
      servers,
      destinations: DESTINATIONS,
    });
    const before = stage.cloud.requestCounts();
    const { ms } = await rollBack(stage, plan);
    const requests = difference(stage.cloud.requestCounts(), before);
    mustBeHome(
      stage.cloud,
      moved.map((server) => ({ ...server, home: 'compute-1' })),
    );
    const history = await historyOf(stage.client, workflowIdOf(plan));
    const steps = [
      setService('service', 'compute-1', 'enabled', 0),
      ...moved.map(({ name, away }) =>
        liveMigration(name, away, 'compute-1', liveMigrationOf(name)),
      ),
    ];
    return { ms, ...idealOf(steps, BOUNDS), requests, history };
  });
}

function rowsOf(name, ones) {
  const facts = ones.map(({ ms, chainMs, leastMs, history: { lostTasks } }) => ({
    ms,
    chainMs,
    leastMs,
    lostTasks,
  }));
  return [
    row({
      name: `POST to result / longest chain, ${name}`,
      unit: '×',
      values: ones.map(({ ms, chainMs }) => ms / chainMs),
      target: TARGET,
      facts,
    }),
    row({
      name: `POST to result / least time in any order, ${name}`,
      unit: '×',
      values: ones.map(({ ms, leastMs }) => ms / leastMs),
    }),
    row({
      name: `longest chain / least time in any order, ${name}`,
      unit: '×',
      values: ones.map(({ chainMs, leastMs }) => chainMs / leastMs),
    }),
  ];
}

function requestsRow(name, servers, ones) {
  return row({
    name: `requests to OpenStack per migrated server, ${name}`,
    unit: '',
    values: ones.map(({ requests }) => inAll(requests) / servers),
    target: REQUESTS_TARGET,
    facts: ones.map(({ requests }) => requests),
  });
}
