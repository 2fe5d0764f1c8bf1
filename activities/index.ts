/** Joins the groups of activities for one worker. No logic. */
import { setMaxListeners } from 'node:events';
import type { OpenStackCloud } from '../src/openstack/cloud.js';
import { NEVER_STOPPED, Stopped, type SwitchLooks } from './asked-switch.js';
import { CloudListings } from './cloud-listings.js';
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
import { NovaClock } from './nova-time.js';
import { RecentRecords } from './recent-records.js';
import { RecentServers } from './recent-servers.js';
import { RecentServices } from './recent-services.js';
import type { ActivitySettings } from './settings.js';
import { OtherPlans } from './other-plans.js';
import { SharedReads } from './shared-reads.js';
import { startServer } from './start-server.js';
import { stoppedReport } from './stop-switch.js';
import { report } from './reports.js';
import type { CompensationInput, CompensationReport, RollbackActivities } from './types.js';
import { verifyRollback } from './verify.js';
import { NothingNew, runActivity } from './waiting.js';
import type { Run } from './waiting.js';
import { ServerWatch } from './watch.js';
import type { WebhookSettings } from './webhook.js';

const NOT_ASKED = 'the rollback was cancelled before anything was asked for';

export interface ActivityDeps {
  cloud: OpenStackCloud;
  settings: ActivitySettings;
  /** Where notifications go; absent: this worker sends none. */
  webhook?: WebhookSettings;
  /** Absent: rollbacks are never stopped. */
  stopSwitch?: Pick<SwitchLooks, 'recent'>;
  /** Aborted when this worker is to end; absent: never. */
  draining?: AbortSignal;
  /** Limits that are facts about OpenStack; tests shorten them. */
  timing?: Partial<Timing>;
}

/** Once per worker: the poller, the bound per host and what is read together are shared by all its activities. */
export function createActivities(deps: ActivityDeps): RollbackActivities {
  const { cloud, settings } = deps;
  const timing = { ...DEFAULT_TIMING, ...deps.timing };
  const told = {
    clock: new NovaClock(),
    records: new RecentRecords(),
    services: new RecentServices(),
  };
  const { compute } = cloud;
  const draining = deps.draining ?? new AbortController().signal;
  // Every activity under way listens to it; Node warns from eleven on.
  setMaxListeners(0, draining);
  const kit: Kit = {
    cloud,
    settings,
    timing,
    watch: new ServerWatch(compute, { ...settings, read_errors: timing.read_errors }, told),
    slots: new HostSlots(settings.worker_migrations_per_host),
    shared: new SharedReads(compute, told),
    listings: new CloudListings(compute, told),
    otherPlans: new OtherPlans(cloud.optimizer),
    recent: new RecentServers(),
    ...told,
    draining,
    stopSwitch: deps.stopSwitch?.recent ?? NEVER_STOPPED,
  };
  const compensate =
    <W>(body: (run: Run, input: CompensationInput<W>) => Promise<CompensationReport>) =>
    async (input: CompensationInput<W>): Promise<CompensationReport> => {
      const attempt = async (run: Run): Promise<CompensationReport> => {
        try {
          return await body(run, input);
        } catch (error) {
          if (error instanceof NothingNew) return report('NOT_ASKED', NOT_ASKED, null);
          if (error instanceof Stopped) return stoppedReport(error.stop);
          throw error;
        }
      };
      return await runActivity(kit, attempt, input);
    };

  return {
    readActionPlan: (input, layOut) =>
      runActivity(kit, (run) => readActionPlan(kit, run, input, layOut)),
    layOutRollback: (input) => runActivity(kit, (run) => layOutRollback(kit, run, input)),
    previewRollback: (input) => runActivity(kit, (run) => previewRollback(kit, run, input)),
    liveMigrateServer: compensate((run, input) => moveServer(kit, run, input, 'live')),
    coldMigrateServer: compensate((run, input) => moveServer(kit, run, input, 'cold')),
    revertResize: compensate((run, input) => revertResize(kit, run, input)),
    startServer: compensate((run, input) => startServer(kit, run, input)),
    setComputeServiceStatus: compensate((run, input) => setComputeServiceStatus(kit, run, input)),
    setNodePowerState: compensate((run, input) => setNodePowerState(kit, run, input)),
    verifyRollback: (input) => runActivity(kit, (run) => verifyRollback(kit, run, input)),
    notify: (input) => runActivity(kit, (run) => notify(deps.webhook ?? null, input, run.signal)),
  };
}
