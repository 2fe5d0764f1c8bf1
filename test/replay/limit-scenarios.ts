/** Rollbacks that meet their limits. */
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import { pauseUpdate, resumeUpdate } from '../../workflows/messages.js';
import { eventually, pause } from '../service/caller.js';
import { maintenanceScene } from '../service/scene.js';
import type { ServiceForTest } from '../service/service.js';
import { expectState, ONE_AT_A_TIME, type Scenario, SLOW, underWay } from './play.js';

const SILENCE = { ROLLBACK_PROGRESS_TIMEOUT: '0.6' };
const BY = { args: [{ by: 'anna' }] as [{ by: string }] };

async function noted(service: ServiceForTest, plan: string, event: string): Promise<void> {
  await eventually(`a note: ${event}`, async () =>
    (await service.get(plan)).body.history.some((entry) => entry.event === event),
  );
}

/** With its first migration hanging. */
async function hanging(service: ServiceForTest): Promise<string> {
  const { plan, servers } = await maintenanceScene(service.sim, { running: 2, shutOff: 0 });
  service.sim.hand.hangMigrations(servers[0] ?? '');
  return plan;
}

export const LIMIT_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'no-progress': {
    service: { settings: SILENCE },
    async play(service) {
      const plan = await hanging(service);
      await service.post(plan, { prefer: 'respond-async' });
      await noted(service, plan, 'no-progress');
      service.sim.clearFaults();
      expectState((await service.ended(plan)).state, 'SUCCEEDED');
      return plan;
    },
  },
  'aborted-stuck': {
    service: { settings: SILENCE },
    async play(service) {
      const plan = await hanging(service);
      expectState((await service.rollBack(plan, { abort_stuck: true })).state, 'PARTIAL');
      return plan;
    },
  },
  'time-limit': {
    service: { settings: { ...ONE_AT_A_TIME, ROLLBACK_TIMEOUT: '2' } },
    async play(service) {
      const { plan, servers } = await maintenanceScene(service.sim, { running: 3, shutOff: 0 });
      for (const id of servers) service.sim.hand.hangMigrations(id);
      await service.post(plan, { prefer: 'respond-async' });
      await noted(service, plan, 'time-limit');
      service.sim.clearFaults();
      expectState((await service.ended(plan)).state, 'PARTIAL');
      return plan;
    },
  },
  /** Paused while nothing is in flight; the replay lets months go by there. */
  'paused-long': {
    service: { settings: { ...ONE_AT_A_TIME, ROLLBACK_TIMEOUT: '30' }, simulated: SLOW },
    async play(service, client) {
      const plan = await underWay(service);
      const handle = client.workflow.getHandle(workflowIdOf(plan));
      await handle.executeUpdate(pauseUpdate, BY);
      await eventually('nothing is in flight', async () => {
        const { counts } = (await service.get(plan)).body;
        return counts.ONGOING === undefined;
      });
      // Longer than what was just seen need not be looked at once more.
      await pause(1500);
      await handle.executeUpdate(resumeUpdate, BY);
      expectState((await service.ended(plan)).state, 'SUCCEEDED');
      return plan;
    },
  },
  'cancelled-before-acceptance': {
    async play(service, client) {
      const { plan } = await maintenanceScene(service.sim, { running: 1, shutOff: 0 });
      await service.get(plan);
      for (const one of ['compute', 'optimizer'] as const) {
        service.sim.inject({ service: one, times: 1000, effect: { kind: 'hang' } });
      }
      const handle = client.workflow.getHandle(workflowIdOf(plan));
      const asked = service.post(plan);
      await eventually('it is being read', () =>
        handle.describe().then(
          ({ raw }) => (raw.pendingActivities ?? []).length > 0,
          () => false,
        ),
      );
      await handle.cancel();
      expectState(`${(await asked).status}`, '503');
      return plan;
    },
  },
};
