/** Rollbacks by how often they read: plan and layout at once, and no last look at what was only just seen. */
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

export const READING_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'all-just-seen': {
    webhookAnswers: 204,
    play: (service) => seen(service, 3, /before: \d+ seen within/),
  },
  'some-seen-again': {
    service: { simulated: { liveMigrationOf: (name) => (name === 'vm-1' ? 6_000 : 50) } },
    play: (service) => seen(service, 2, /before: \d+ looked at once more/),
  },
  'just-seen-in-a-new-run': {
    service: { settings: ONE_AT_A_TIME, limits: SHORT_HISTORY },
    play: (service) => seen(service, 8, /\d+ seen within/),
  },
};
