/** One worker for many clouds: every call of an activity goes to the activities of its plan's own cloud. */
import type { RollbackActivities } from '../../activities/types.js';
import { planOfWorkflow } from './plan-of-workflow.js';

type Name = keyof RollbackActivities;
type AnyActivity = (input: { action_plan_uuid?: string }) => Promise<unknown>;

/** `byPlan`: by the plan's uuid, looked up at each call. Notifications have no plan of their own, and are not among them. */
export function dispatched(byPlan: ReadonlyMap<string, RollbackActivities>): RollbackActivities {
  const names: Name[] = [
    'readActionPlan',
    'layOutRollback',
    'previewRollback',
    'liveMigrateServer',
    'coldMigrateServer',
    'revertResize',
    'startServer',
    'setComputeServiceStatus',
    'setNodePowerState',
    'verifyRollback',
  ];
  const entries = names.map((name): [Name, AnyActivity] => [
    name,
    (input) => {
      const plan = input.action_plan_uuid ?? planOfWorkflow();
      const own = byPlan.get(plan.toLowerCase());
      if (own === undefined) throw new Error(`no cloud of plan ${plan}`);
      return (own[name] as unknown as AnyActivity)(input);
    },
  ]);
  return Object.fromEntries(entries) as unknown as RollbackActivities;
}
