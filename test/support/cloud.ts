/** A simulated cloud with the real clients in front of it, and activities that run against it at a test's pace. */
import { ActivityCancellationDetails } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createActivities } from '../../activities/index.js';
import { type ReadStopSwitch, switchLooks } from '../../activities/asked-switch.js';
import type { Timing } from '../../activities/kit.js';
import type { ActivitySettings } from '../../activities/settings.js';
import type {
  CompensationInput,
  CompensationReport,
  RollbackActivities,
} from '../../activities/types.js';
import { createOpenStackCloud } from '../../src/openstack/create-cloud.js';
import type { OpenStackCloud } from '../../src/openstack/cloud.js';
import { loadCloudConfig } from '../../src/openstack/config.js';
import { startSimulatedCloud } from '../../src/simulated-cloud/start.js';
import type { SimulatedCloud, SimulatedCloudOptions } from '../../src/simulated-cloud/types.js';

/** Seconds; about a hundredth of what a real cloud needs. */
export const TEST_SETTINGS: ActivitySettings = {
  limits: {
    default_max_age: 3600,
    max_age_ceiling: 604_800,
    max_actions: 1000,
    concurrency: 32,
    migrations_per_host: 4,
    compensation_timeout: 20,
    heartbeat_timeout: 3,
    retry_initial: 0.05,
    retry_max: 0.2,
    retry_attempts: 10,
    room_delay: 0.1,
    room_passes: 3,
    continue_as_new_after: 10_000,
  },
  poll_first: 0.01,
  poll_max: 0.05,
  busy_timeout: 1,
  host_up_timeout: 1,
  migration_timeout: 3,
  progress_timeout: 60,
  power_timeout: 1,
  hard_power_off: false,
  worker_migrations_per_host: 4,
};
const TEST_TIMING: Timing = { record_appears: 0.5, record_settles: 0.5, read_errors: 0.5 };

export interface CloudForTest {
  sim: SimulatedCloud;
  cloud: OpenStackCloud;
  settings: ActivitySettings;
  activities: RollbackActivities;
  /** As another worker would have them: nothing shared but the cloud. */
  anotherWorker(): RollbackActivities;
  close(): Promise<void>;
}

/** A client of the simulated cloud, for other tests too. `timeouts` are milliseconds. */
export function clientOf(sim: SimulatedCloud): OpenStackCloud {
  const noFiles = { cwd: '/', home: '/', read: () => undefined };
  return createOpenStackCloud(loadCloudConfig(sim.env, noFiles), {
    timeouts: { bodyMs: 1000, readMs: 1000, changeMs: 2000 },
  });
}

export async function startCloudForTest(
  options: {
    simulated?: SimulatedCloudOptions;
    settings?: Partial<ActivitySettings>;
    timing?: Partial<Timing>;
    readSwitch?: ReadStopSwitch;
  } = {},
): Promise<CloudForTest> {
  const sim = await startSimulatedCloud(options.simulated);
  const cloud = clientOf(sim);
  const settings = { ...TEST_SETTINGS, ...options.settings };
  const timing = { ...TEST_TIMING, ...options.timing };
  const anotherWorker = (): RollbackActivities =>
    createActivities({
      cloud,
      settings,
      timing,
      ...(options.readSwitch === undefined ? {} : { stopSwitch: switchLooks(options.readSwitch) }),
    });
  return {
    sim,
    cloud,
    settings,
    activities: anotherWorker(),
    anotherWorker,
    close: async () => {
      await cloud.close();
      await sim.close();
    },
  };
}

export interface Attempt<T> {
  result: Promise<T>;
  heartbeats: unknown[];
  /** As a worker that shuts down. */
  cancel(): void;
  /** As the workflow does when the rollback is cancelled. */
  cancelRollback(): void;
}

type Name = keyof RollbackActivities;
type Input<N extends Name> = Parameters<RollbackActivities[N]>[0];
type Output<N extends Name> = Awaited<ReturnType<RollbackActivities[N]>>;

/**
 * One attempt of an activity, as a worker runs it where Temporal itself would try again: so that heartbeats say what was asked
 * for. `info` may carry heartbeat details of an earlier one.
 */
export function attempt<N extends Name>(
  activities: RollbackActivities,
  name: N,
  input: Input<N>,
  info: { attempt?: number; heartbeatDetails?: unknown } = {},
  ...more: unknown[]
): Attempt<Output<N>> {
  const environment = new MockActivityEnvironment(
    { startToCloseTimeoutMs: 600_000, retryPolicy: { maximumAttempts: 3 }, ...info },
    { logger: new DefaultLogger('ERROR') },
  );
  const heartbeats: unknown[] = [];
  environment.on('heartbeat', (details: unknown) => heartbeats.push(details));
  const activity = activities[name] as (input: Input<N>, ...rest: unknown[]) => Promise<Output<N>>;
  return {
    result: environment.run(activity, input, ...more),
    heartbeats,
    cancel: () =>
      environment.cancel(
        'WORKER_SHUTDOWN',
        new ActivityCancellationDetails({ workerShutdown: true }),
      ),
    cancelRollback: () =>
      environment.cancel('CANCELLED', new ActivityCancellationDetails({ cancelRequested: true })),
  };
}

export function run<N extends Name>(
  activities: RollbackActivities,
  name: N,
  input: Input<N>,
): Promise<Output<N>> {
  return attempt(activities, name, input).result;
}

let serial = 0;

export function compensation<W>(
  work: W,
  more: Partial<CompensationInput<W>> = {},
): CompensationInput<W> {
  return {
    action_uuid: `00000000-0000-4000-8000-${String(++serial).padStart(12, '0')}`,
    work,
    on_drift: 'keep',
    progress: {},
    rollback_id: 'rollback-1',
    ...more,
  };
}

/** What the ledger has of an effect that was taken on: applied, failed or under way, but not refused at once. */
export function effects(sim: SimulatedCloud, effect: string, resourceId?: string): number {
  const taken = sim.ledger.filter(
    (entry) =>
      entry.effect === effect && (resourceId === undefined || entry.resourceId === resourceId),
  );
  const started = taken.filter((entry) => entry.outcome === 'started').length;
  return started > 0 ? started : taken.filter((entry) => entry.outcome === 'applied').length;
}

export function outcomeOf(report: CompensationReport): string {
  return `${report.outcome}: ${report.reason ?? ''}`;
}

/** Polls a condition; a test waits for what it needs, never for a time. */
export async function until(condition: () => boolean, limitMs = 5000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error('the condition did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
