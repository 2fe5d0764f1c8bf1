/**
 * Activities under the stop switch: while it is on, none that changes something begins, and no rollback is accepted.
 * What has already asked the cloud for its change goes on. It must not know where the switch is kept.
 */
import { Context } from '@temporalio/activity';
import { type StopSwitch, stoppedSentence } from '../src/domain/stop-switch.js';
import { failure } from './failures.js';
import type { CompensationReport, RollbackActivities } from './types.js';

/** Throws where it cannot be known: then nothing begins either, and the activity is tried again. */
export type ReadStopSwitch = () => Promise<StopSwitch>;

export function underStopSwitch(
  activities: RollbackActivities,
  readSwitch: ReadStopSwitch,
): RollbackActivities {
  const read = async (): Promise<StopSwitch> => {
    try {
      return await readSwitch();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw failure('TemporalUnreachable', `Whether rollbacks are stopped is not known: ${reason}`);
    }
  };
  const guard =
    <I>(begin: (input: I) => Promise<CompensationReport>) =>
    async (input: I): Promise<CompensationReport> => {
      if (hasAsked(Context.current().info.heartbeatDetails)) return await begin(input);
      const stop = await read();
      return stop.stopped ? stoppedReport(stop) : await begin(input);
    };
  return {
    ...activities,
    async readActionPlan(input) {
      const stop = await read();
      const isPreview = Context.current().info.workflowType === PREVIEW;
      if (stop.stopped && !isPreview) {
        const advice = 'Nothing was touched; ask again once they go on.';
        throw failure('RollbacksStopped', `${stoppedSentence(stop)}. ${advice}`);
      }
      return await activities.readActionPlan(input);
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

function stoppedReport(stop: StopSwitch): CompensationReport {
  return {
    outcome: 'STOPPED',
    reason: stoppedSentence(stop),
    now: null,
    evidence: {},
    attempts: 0,
  };
}

/** An earlier attempt has asked for the change (see waiting.ts): to follow it to its end begins nothing new. */
function hasAsked(details: unknown): boolean {
  return (
    typeof details === 'object' && details !== null && 'asked' in details && details.asked === true
  );
}
