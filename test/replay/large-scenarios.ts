/**
 * Plans of which more is known than one payload takes, laid out and handed on in parts. Most of it is long names of servers that
 * somebody has brought home meanwhile, so that their histories stay small.
 */
import type { Client } from '@temporalio/client';
import type { PreviewResult } from '../../src/domain/preview.js';
import { PART_CHARS } from '../../src/domain/parts.js';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import { migrateAction } from '../service/scene.js';
import type { ServiceForTest } from '../service/service.js';
import { expectState, ONE_AT_A_TIME, pathOf, type Scenario, SHORT_HISTORY } from './play.js';

/** The most that Nova takes for the name of a server. */
const NAME_CHARS = 255;
/** A host's name is several times in what is known of a move. */
const FAR = 'a-host-with-a-long-name-'.padEnd(60, 'x');
const KNOWN_CHARS = 2 * NAME_CHARS + 5 * FAR.length;
const AWAY = 8;
/** Seconds. A plan of so many migrations, and their way back, take hours of the cloud's time. */
const MAX_AGE = 604_800;

/** Its servers were moved from one host to another; all but a few are back. */
async function largePlan({ sim }: ServiceForTest): Promise<string> {
  sim.addHost({ name: FAR, capacity: 10_000 });
  sim.addHost({ name: 'other', capacity: 10_000 });
  const count = Math.ceil((1.5 * PART_CHARS) / KNOWN_CHARS);
  const servers = Array.from({ length: count }, (_, index) =>
    sim.addServer({ name: `vm-${index}-`.padEnd(NAME_CHARS, 'x'), host: FAR }),
  );
  const plan = await sim.applyPlan({
    actions: servers.map((server) => migrateAction(server, FAR, 'other')),
  });
  for (const server of servers.slice(AWAY)) sim.hand.migrate(server, FAR);
  return plan;
}

async function handsOver(service: ServiceForTest): Promise<string> {
  const plan = await largePlan(service);
  const { state, counts } = await service.rollBack(plan, { max_age: MAX_AGE });
  expectState(state, 'SUCCEEDED');
  if (counts.SUCCEEDED !== AWAY) throw new Error(`not so: ${JSON.stringify(counts)}`);
  return plan;
}

async function keeperOf(client: Client, plan: string): Promise<string> {
  const query = `WorkflowId STARTS_WITH '${workflowIdOf(plan)}-hand-over-'`;
  for await (const { workflowId } of client.workflow.list({ query })) return workflowId;
  throw new Error('nothing was handed over');
}

const service = { settings: ONE_AT_A_TIME, limits: SHORT_HISTORY };

export const LARGE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'handed-over-first': { service, play: handsOver, run: 'first' },
  'handed-over-last': { service, play: handsOver },
  'hand-over': {
    workflow: 'RollbackHandOver',
    service,
    play: async (running, client) => keeperOf(client, await handsOver(running)),
  },
  'large-in-turns': {
    async play(running) {
      const plan = await largePlan(running);
      const { state } = await running.rollBack(plan, { max_age: MAX_AGE });
      expectState(state, 'SUCCEEDED');
      return plan;
    },
  },
  'preview-in-parts': {
    workflow: 'PreviewRollback',
    async play(running) {
      const plan = await largePlan(running);
      const path = `${pathOf(plan)}/preview?max_age=${MAX_AGE}`;
      const { body } = await running.call<PreviewResult>('GET', path);
      expectState(body.state, 'PENDING');
      return body.workflow.id;
    },
  },
};
