/**
 * Activities under the stop switch: while it is on, none that changes something begins, and no rollback is accepted.
 * What has already asked the cloud for its change goes on. It must not know where the switch is kept.
 */
import { Context } from '@temporalio/activity';
import { type StopSwitch, stoppedSentence } from '../src/domain/stop-switch.js';
import type { ReadStopSwitch, SwitchLooks } from './asked-switch.js';
import { failure, withDetails } from './failures.js';
import type {
  CompensationInput,
  CompensationReport,
  PlanReading,
  RollbackActivities,
} from './types.js';

export function underStopSwitch(
  activities: RollbackActivities,
  { anew, recent }: SwitchLooks,
): RollbackActivities {
  const guard =
    <W>(begin: (input: CompensationInput<W>) => Promise<CompensationReport>) =>
    async (input: CompensationInput<W>): Promise<CompensationReport> => {
      if (input.asked || input.follow_only) return await begin(input);
      const stop = await lookOrFail(recent);
      return stop.stopped ? stoppedReport(stop) : await begin(input);
    };
  return {
    ...activities,
    async readActionPlan(input, layOut) {
      const isPreview = Context.current().info.workflowType === PREVIEW;
      const read = (): Promise<PlanReading> => activities.readActionPlan(input, layOut);
      // Only what takes a moment is read beside the look.
      const beside = layOut?.up_to === undefined ? null : read();
      // Where it has to be refused, nobody waits for a slow OpenStack, and how those reads end is of no account.
      beside?.catch(() => undefined);
      const look = await anew();
      if (look.stopped && !isPreview) {
        const advice = 'Nothing was touched; ask again once they go on.';
        throw failure('RollbacksStopped', `${stoppedSentence(look)}. ${advice}`);
      }
      return await (beside ?? read());
    },
    liveMigrateServer: guard((input) => activities.liveMigrateServer(input)),
    coldMigrateServer: guard((input) => activities.coldMigrateServer(input)),
    revertResize: guard((input) => activities.revertResize(input)),
    startServer: guard((input) => activities.startServer(input)),
    setComputeServiceStatus: guard((input) => activities.setComputeServiceStatus(input)),
    setNodePowerState: guard((input) => activities.setNodePowerState(input)),
  };
}

/** Looking is always allowed. */
const PREVIEW = 'PreviewRollback';

export function stoppedReport(stop: StopSwitch): CompensationReport {
  return {
    outcome: 'STOPPED',
    reason: stoppedSentence(stop),
    now: null,
    evidence: {},
  };
}

/** The workflow has to know that this attempt asked the cloud for nothing. */
async function lookOrFail(look: ReadStopSwitch): Promise<StopSwitch> {
  try {
    return await look();
  } catch (error) {
    throw error instanceof Error ? withDetails(error, { asked: false }) : error;
  }
}
