// How long the thread of workflows is held up at once while a large plan is laid out and its first compensations begin: nothing
// else that this worker serves goes on meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import { row } from '../../dist/bench/lib/rows.js';
import { movedAway, spreadServers, warmUpPlan } from '../lib/scenes.mjs';
import { onStage, rollBack, timed } from '../lib/stage.mjs';
import { turnsOfWorker } from '../lib/turns.mjs';
import { isAllowed } from './size.mjs';

const SIZES = { long: [10_000, 5000], short: [100] };
const HOSTS = 20;
/** After the POST is answered: the first compensations have begun by then. */
const FIRST_MS = 1000;
const TARGET = { atMost: 100 };

export async function layout({ runs, short, note }) {
  const actions = (short ? SIZES.short : SIZES.long).find(isAllowed);
  const ones = [];
  for (let run = 0; run < runs; run += 1) {
    ones.push(await once(actions));
    note(`${actions} actions: ${JSON.stringify(ones.at(-1))}`);
  }
  const of = (what, name, target) =>
    row({
      name: `${name}, ${actions} actions`,
      unit: 'ms',
      values: ones.map((one) => one[what]),
      ...(target && { target }),
    });
  return [
    of(
      'workflowsMs',
      "longest turn of the workflows' thread until a second after acceptance",
      TARGET,
    ),
    of('activitiesMs', "longest turn of the activities' thread until a second after acceptance"),
    of('acceptedMs', 'POST to acceptance'),
  ];
}

/** Of programs of their own, and not of their first rollback. What is under way at the end ends with them. */
async function once(actions) {
  const turns = turnsOfWorker();
  const settings = { ROLLBACK_MAX_ACTIONS: String(actions) };
  const options = { cloud: {}, settings, bareWorkers: 0, inside: turns.inside };
  return await onStage(options, async (stage) => {
    await rollBack(stage, await warmUpPlan(stage.cloud));
    const servers = spreadServers(stage.cloud, { servers: actions, hosts: HOSTS });
    const plan = await movedAway(stage.cloud, servers);
    const from = Date.now();
    const { ms: acceptedMs } = await timed(() => stage.caller.start(plan));
    await sleep(FIRST_MS);
    return { acceptedMs, ...(await turns.between(from, Date.now())) };
  });
}
