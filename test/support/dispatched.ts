/** One worker for many clouds: every call of an activity goes to the activities of its plan's own cloud. */
import type { RollbackActivities } from '../../activities/types.js';

type Name = keyof RollbackActivities;
type AnyActivity = (input: { action_plan_uuid: string }) => Promise<unknown>;

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
      const own = byPlan.get(input.action_plan_uuid.toLowerCase());
      if (own === undefined) throw new Error(`no cloud of plan ${input.action_plan_uuid}`);
      return (own[name] as unknown as AnyActivity)(input);
    },
  ]);
  return Object.fromEntries(entries) as unknown as RollbackActivities;
}
