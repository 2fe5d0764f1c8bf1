/** What the scenarios of all workflows share. */
import type { Client } from '@temporalio/client';
import { eventually } from '../service/caller.js';
import { maintenanceScene, ourEffects } from '../service/scene.js';
import type { ServiceForTest, ServiceOptions } from '../service/service.js';

/** A scenario of another workflow than the rollback itself. */
export type OtherWorkflow = 'PreviewRollback' | 'RollbackStopSwitch' | 'RollbackHandOver';

export interface Scenario {
  workflow?: OtherWorkflow;
  service?: Omit<Partial<ServiceOptions>, 'temporal'>;
  /** Notifications go to a receiver that answers so. */
  webhookAnswers?: number;
  /** The plan whose rollback is recorded; of another workflow, its id. */
  play: (service: ServiceForTest, client: Client) => Promise<string>;
  /** Which of its runs; default: the latest. */
  run?: 'first';
}

export const ONE_AT_A_TIME = { ROLLBACK_MIGRATIONS_PER_HOST: '1', ROLLBACK_CONCURRENCY: '1' };
export const SLOW = { times: { liveMigration: 200 } };
/** Events; a few compensations. */
export const SHORT_HISTORY = { continue_as_new_after: 40 };

/** A rollback that moves one server at a time and has begun to. */
export async function underWay(service: ServiceForTest): Promise<string> {
  const { plan } = await maintenanceScene(service.sim, { running: 3, shutOff: 0 });
  await service.post(plan, { prefer: 'respond-async' });
  await eventually('a move is under way', () =>
    ourEffects(service.sim).some((effect) => effect.startsWith('live-migrate')),
  );
  return plan;
}

export function expectState(is: string, wanted: string): void {
  if (is !== wanted) throw new Error(`the scenario is ${is}, not ${wanted}: nothing is recorded`);
}

export function pathOf(plan: string): string {
  return `/v1/action_plans/${plan}/rollback`;
}
