/** Joins the groups of activities for one worker. No logic. */
import type { OpenStackCloud } from '../src/openstack/cloud.js';
import { setComputeServiceStatus } from './compute-service.js';
import { HostSlots } from './host-slots.js';
import { DEFAULT_TIMING } from './kit.js';
import type { Kit, Timing } from './kit.js';
import { layOutRollback } from './layout.js';
import { moveServer } from './move-server.js';
import { notify } from './notify.js';
import { setNodePowerState } from './node-power.js';
import { readActionPlan } from './plan.js';
import { previewRollback } from './preview.js';
import { revertResize } from './resize.js';
import type { ActivitySettings } from './settings.js';
import { startServer } from './start-server.js';
import type { CompensationReport, RollbackActivities } from './types.js';
import { verifyRollback } from './verify.js';
import { runActivity } from './waiting.js';
import type { Run } from './waiting.js';
import { ServerWatch } from './watch.js';
import type { WebhookSettings } from './webhook.js';

export interface ActivityDeps {
  cloud: OpenStackCloud;
  settings: ActivitySettings;
  /** Where notifications go; absent: this worker sends none. */
  webhook?: WebhookSettings;
  /** Limits that are facts about OpenStack; tests shorten them. */
  timing?: Partial<Timing>;
}

/** Once per worker: the poller and the bound per host are shared by all its activities. */
export function createActivities(deps: ActivityDeps): RollbackActivities {
  const { cloud, settings } = deps;
  const timing = { ...DEFAULT_TIMING, ...deps.timing };
  const kit: Kit = {
    cloud,
    settings,
    timing,
    watch: new ServerWatch(cloud.compute, { ...settings, read_errors: timing.read_errors }),
    slots: new HostSlots(settings.worker_migrations_per_host),
  };
  const compensate = (body: (run: Run) => Promise<CompensationReport>) =>
    runActivity(kit, async (run) => ({ ...(await body(run)), attempts: run.attempt }));

  return {
    readActionPlan: (input) => runActivity(kit, (run) => readActionPlan(kit, run, input)),
    layOutRollback: (input) => runActivity(kit, (run) => layOutRollback(kit, run, input)),
    previewRollback: (input) => runActivity(kit, (run) => previewRollback(kit, run, input)),
    liveMigrateServer: (input) => compensate((run) => moveServer(kit, run, input, 'live')),
    coldMigrateServer: (input) => compensate((run) => moveServer(kit, run, input, 'cold')),
    revertResize: (input) => compensate((run) => revertResize(kit, run, input)),
    startServer: (input) => compensate((run) => startServer(kit, run, input)),
    setComputeServiceStatus: (input) =>
      compensate((run) => setComputeServiceStatus(kit, run, input)),
    setNodePowerState: (input) => compensate((run) => setNodePowerState(kit, run, input)),
    verifyRollback: (input) => runActivity(kit, (run) => verifyRollback(kit, run, input)),
    notify: (input) => runActivity(kit, (run) => notify(deps.webhook ?? null, input, run.signal)),
  };
}
