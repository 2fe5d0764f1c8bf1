/** Rollbacks by how they read: within the first task or by an activity, all at once, what was only just seen not again. */
import type { Fault } from '../../src/simulated-cloud/types.js';
import { maintenanceScene } from '../service/scene.js';
import type { ServiceForTest } from '../service/service.js';
import { expectState, ONE_AT_A_TIME, type Scenario, SHORT_HISTORY } from './play.js';

async function seen(service: ServiceForTest, servers: number, how: RegExp): Promise<string> {
  const { plan } = await maintenanceScene(service.sim, { running: servers, shutOff: 0 });
  const { state, history } = await service.rollBack(plan);
  expectState(state, 'SUCCEEDED');
  const verified = history.find(({ event }) => event === 'verified')?.message ?? 'never';
  if (!how.test(verified)) throw new Error(`not so: ${verified}`);
  return plan;
}

/** A plan of one server; `fault`: of the first requests for the plan. */
async function one(service: ServiceForTest, effect?: Fault['effect']): Promise<string> {
  const { plan } = await maintenanceScene(service.sim, { running: 1, shutOff: 0 });
  const path = new RegExp(`action_plans/${plan}$`);
  if (effect !== undefined) service.sim.inject({ service: 'optimizer', path, effect, times: 1 });
  expectState((await service.rollBack(plan)).state, 'SUCCEEDED');
  return plan;
}

export const READING_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'read-at-once': { play: (service) => one(service) },
  'read-again-after-a-moment': { play: (service) => one(service, { kind: 'hang' }) },
  'read-again-after-a-failure': {
    play: (service) => one(service, { kind: 'status', status: 500 }),
  },
  'too-large-to-read-at-once': {
    async play(service) {
      const plan = await service.sim.applyPlan({
        actions: Array.from({ length: 101 }, () => ({ type: 'nop', parameters: {} })),
      });
      expectState((await service.rollBack(plan)).state, 'SUCCEEDED');
      return plan;
    },
  },
  'all-just-seen': {
    webhookAnswers: 204,
    play: (service) => seen(service, 3, /before: \d+ seen within/),
  },
  'some-seen-again': {
    service: { simulated: { liveMigrationOf: (name) => (name === 'vm-1' ? 1_500 : 50) } },
    play: (service) => seen(service, 2, /before: \d+ looked at once more/),
  },
  'just-seen-in-a-new-run': {
    service: { settings: ONE_AT_A_TIME, limits: SHORT_HISTORY },
    play: (service) => seen(service, 8, /\d+ seen within/),
  },
};
