/** Activities whose calls to OpenStack carry the request id of whoever asked for the rollback. No logic of their own. */
import { withGlobalRequestId } from '../src/openstack/request-id.js';
import type { RollbackActivities, Traced } from './types.js';

export function traced(activities: RollbackActivities): RollbackActivities {
  return {
    ...activities,
    readActionPlan: (input, layOut) =>
      // Unchecked input: a workflow may be started directly, with anything.
      withGlobalRequestId(requestIdOf(input.request), () =>
        activities.readActionPlan(input, layOut),
      ),
    layOutRollback: within((input) => activities.layOutRollback(input)),
    previewRollback: within((input) => activities.previewRollback(input)),
    liveMigrateServer: within((input) => activities.liveMigrateServer(input)),
    coldMigrateServer: within((input) => activities.coldMigrateServer(input)),
    revertResize: within((input) => activities.revertResize(input)),
    startServer: within((input) => activities.startServer(input)),
    setComputeServiceStatus: within((input) => activities.setComputeServiceStatus(input)),
    setNodePowerState: within((input) => activities.setNodePowerState(input)),
    verifyRollback: within((input) => activities.verifyRollback(input)),
  };
}

function within<I extends Traced, O>(body: (input: I) => Promise<O>): (input: I) => Promise<O> {
  return (input) => withGlobalRequestId(input.request_id, () => body(input));
}

function requestIdOf(request: unknown): string | null {
  if (typeof request !== 'object' || request === null || !('requested_by' in request)) return null;
  const by = request.requested_by;
  if (typeof by !== 'object' || by === null || !('request_id' in by)) return null;
  return typeof by.request_id === 'string' ? by.request_id : null;
}
