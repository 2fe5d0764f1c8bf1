// One compensation of a cloud that answers at once, from POST to its result, beside one bare update-with-start of a workflow
// with one activity; and reading a result that is there, beside a bare query.
import { WithStartWorkflowOperation } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import { median } from '../../dist/bench/lib/statistics.js';
import { row } from '../../dist/bench/lib/rows.js';
import { movedAway, spreadServers } from '../lib/scenes.mjs';
import { AT_ONCE, bareQueue, onStage, rest, rollBack, timed } from '../lib/stage.mjs';

/** What is so short is done several times a run, by turns; a run's figure is their median. */
const TURNS = { long: 15, short: 3 };
const READS = 20;
const REST_MS = 300;

export async function oneAction({ runs, short, note }) {
  return await onStage({ cloud: { times: AT_ONCE } }, async (stage) => {
    const { cloud } = stage;
    const servers = spreadServers(cloud, { servers: 1, hosts: 2 });
    const kinds = {
      'live migration': () => movedAway(cloud, servers),
      'compute service': () => switched(cloud),
    };
    const rows = [];
    // A short run has the first only.
    for (const [kind, makePlan] of Object.entries(kinds).slice(0, short ? 1 : undefined)) {
      const all = [];
      for (let run = 0; run <= runs; run += 1) {
        const figure = await byTurns(stage, { makePlan, turns: short ? TURNS.short : TURNS.long });
        note(`${kind}: ${JSON.stringify(figure)}`);
        if (run > 0) all.push(figure);
      }
      rows.push(...rowsOf(kind, all));
    }
    return rows;
  });
}

/** A plan that has disabled a host's compute service: what brings it back is a single request, and nothing is followed. */
async function switched(cloud) {
  const id = 'compute-1';
  cloud.hand.setService(id, { status: 'enabled' });
  return await cloud.applyPlan({
    actions: [
      {
        type: 'change_nova_service_state',
        parameters: {
          resource_id: id,
          resource_name: id,
          state: 'disabled',
          disabled_reason: 'bench',
        },
      },
    ],
  });
}

async function byTurns(stage, { makePlan, turns }) {
  const times = { rollback: [], bare: [], read: [], query: [] };
  for (let turn = 0; turn < turns; turn += 1) {
    const plan = await makePlan();
    await rest(REST_MS);
    times.rollback.push((await rollBack(stage, plan)).ms);
    await rest(REST_MS);
    const bare = await bareOne(stage);
    times.bare.push(bare.ms);
    if (turn === 0) await readByTurns(stage, { plan, handle: bare.handle, times });
  }
  return Object.fromEntries(Object.entries(times).map(([name, all]) => [name, median(all)]));
}

async function bareOne({ client }) {
  const workflowId = `bare-one-${randomUUID()}`;
  const startWorkflowOperation = new WithStartWorkflowOperation('BareOne', {
    workflowId,
    taskQueue: bareQueue,
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
  const { ms } = await timed(() =>
    client.workflow.executeUpdateWithStart('doOne', { startWorkflowOperation }),
  );
  return { ms, handle: client.workflow.getHandle(workflowId) };
}

async function readByTurns({ caller }, { plan, handle, times }) {
  const path = `/v1/action_plans/${plan}/rollback`;
  for (let read = 0; read <= READS; read += 1) {
    const got = await timed(() => caller.ask('GET', path));
    if (got.value.status !== 200) throw new Error(`GET ${path} answered ${got.value.status}`);
    const asked = await timed(() => handle.query('howMany'));
    if (read === 0) continue;
    times.read.push(got.ms);
    times.query.push(asked.ms);
  }
}

function rowsOf(kind, figures) {
  return [
    row({
      name: `POST to result / bare update-with-start and one activity (${kind})`,
      unit: '×',
      values: figures.map(({ rollback, bare }) => rollback / bare),
      target: { atMost: 1.3 },
      facts: figures,
    }),
    row({
      name: `POST to result (${kind})`,
      unit: 'ms',
      values: figures.map(({ rollback }) => rollback),
    }),
    row({
      name: `reading a result / bare query (${kind})`,
      unit: '×',
      values: figures.map(({ read, query }) => read / query),
      target: { atMost: 1.2 },
    }),
  ];
}
