/** readActionPlan, layOutRollback and verifyRollback: what is read, what is refused, what differs. */
import type { Layout } from '../../src/domain/layout-types.js';
import { completeOptions } from '../../src/domain/options.js';
import type { ReadActionPlanInput } from '../../activities/types.js';
import type { CloudForTest } from '../support/cloud.js';
import { attempt, run, startCloudForTest } from '../support/cloud.js';

let test: CloudForTest;
let servers: string[];

beforeEach(async () => {
  test = await startCloudForTest();
  for (const name of ['compute-1', 'compute-2', 'compute-3']) test.sim.addHost({ name });
  servers = [1, 2, 3].map((n) => test.sim.addServer({ name: `vm-${n}`, host: 'compute-1' }));
});
afterEach(() => test.close());

function request(uuid: unknown, options: Record<string, unknown> = {}, more = {}) {
  const input = {
    action_plan_uuid: uuid,
    request: {
      options,
      requested_by: { user_id: null, user_name: null, project_id: null, request_id: null },
      requested_at: null,
      accept_by: null,
      previous_run_id: null,
      ...more,
    },
  };
  return input as ReadActionPlanInput;
}
const UNKNOWN = '99999999-9999-4999-8999-999999999999';
const options = completeOptions({}, 3600);
const layOut = (uuid: string, more: Partial<typeof options> = {}): Promise<Layout> =>
  run(test.activities, 'layOutRollback', {
    action_plan_uuid: uuid,
    options: { ...options, ...more },
  });

const layOutToo = (uuid: string, { requested_at = new Date().toISOString() } = {}) =>
  attempt(test.activities, 'readActionPlan', request(uuid), {}, { requested_at }).result;

const about = (
  resource_type: 'server' | 'compute_service' | 'node',
  resource_id: string,
  before: Record<string, string>,
) => ({
  action_uuid: `of ${resource_id}`,
  resource_type,
  resource_id,
  before,
  state: 'SUCCEEDED' as const,
});

const verify = (...compensations: ReturnType<typeof about>[]) =>
  run(test.activities, 'verifyRollback', { action_plan_uuid: UNKNOWN, compensations });

describe('readActionPlan', () => {
  it('tells state, end and actions of the plan, with complete options and the limits', async () => {
    const uuid = await test.sim.hostMaintenance('compute-1');
    await test.sim.settled();
    const reading = await run(
      test.activities,
      'readActionPlan',
      request(uuid, { on_drift: 'fail' }),
    );
    expect(reading.plan).toMatchObject({
      uuid,
      state: 'SUCCEEDED',
      action_states: { SUCCEEDED: 4 },
    });
    expect(reading.plan.strategy_name).toBe('host_maintenance');
    expect(Date.parse(reading.plan.ended_at)).toBeGreaterThan(Date.now() - 60_000);
    expect(reading.options).toEqual({ ...options, on_drift: 'fail' });
    expect(reading.limits).toEqual(test.settings.limits);
  });

  it('brings the layout too, where it is wanted: the same, and plan and actions are read once', async () => {
    const uuid = await test.sim.hostMaintenance('compute-1');
    await test.sim.settled();
    const alone = await layOut(uuid);
    const before = test.sim.requestCounts();
    const { layout } = await layOutToo(uuid);
    expect(layout).toEqual(alone);
    const counts = test.sim.requestCounts();
    for (const route of ['action_plans/{id}', 'actions/detail']) {
      const path = `GET /infra-optim/v1/${route}`;
      expect((counts[path] ?? 0) - (before[path] ?? 0)).toBe(1);
    }
  });

  it('reads no further for a plan that will be refused: too old, or not ended', async () => {
    const old = await test.sim.hostMaintenance('compute-1');
    await test.sim.settled();
    const later = new Date(Date.now() + 3 * 3600_000).toISOString();
    const listed = () => test.sim.requestCounts()['GET /infra-optim/v1/action_plans/detail'] ?? 0;
    const before = listed();
    expect((await layOutToo(old, { requested_at: later })).layout).toBeUndefined();
    const running = await test.sim.applyPlan({ state: 'ONGOING', actions: [] });
    expect((await layOutToo(running)).layout).toBeUndefined();
    expect(listed()).toBe(before);
  });

  it('what the last action did while the plan was looked at is laid out too', async () => {
    const uuid = await test.sim.hostMaintenance('compute-1');
    await test.sim.settled();
    const { hand } = test.sim;
    const services = await test.cloud.compute.listServices({});
    const disabledReason = services.find(({ host }) => host === 'compute-1')?.disabledReason ?? '';
    // A moment before its end: the host is not disabled yet.
    hand.setService('compute-1', { status: 'enabled', disabledReason: null });
    hand.setActionPlan(uuid, { state: 'ONGOING' });
    const path = new RegExp(`/action_plans/${uuid}`);
    test.sim.inject({ service: 'optimizer', path, effect: { kind: 'delay', ms: 300 } });
    setTimeout(() => {
      hand.setService('compute-1', { status: 'disabled', disabledReason });
      hand.setActionPlan(uuid, { state: 'SUCCEEDED' });
    }, 100);
    const { layout } = await layOutToo(uuid);
    const kinds = layout?.compensations.map(({ kind, state }) => `${kind} ${state}`);
    expect(kinds).toContain('set_service_status PENDING');
  });

  it('lays out all the same where Nova cannot list what changed last', async () => {
    const uuid = await test.sim.hostMaintenance('compute-1');
    await test.sim.settled();
    const { layout } = await layOutToo(uuid);
    const oneByOne = () => test.sim.requestCounts()['GET /compute/v2.1/servers/{id}'] ?? 0;
    const before = oneByOne();
    test.sim.inject({
      service: 'compute',
      path: /^\/servers\/detail/,
      effect: { kind: 'status', status: 500 },
    });
    expect((await layOutToo(uuid)).layout).toEqual(layout);
    expect(oneByOne()).toBeGreaterThan(before);
  });

  it('refuses an unknown plan: ActionPlanNotFound', async () => {
    const failing = run(test.activities, 'readActionPlan', request(UNKNOWN));
    await expect(failing).rejects.toMatchObject({
      type: 'ActionPlanNotFound',
      nonRetryable: true,
      message: expect.stringContaining(UNKNOWN) as string,
    });
  });

  it('refuses a plan that is too large, naming both numbers', async () => {
    const uuid = await test.sim.hostMaintenance('compute-1');
    await test.sim.settled();
    test.settings.limits = { ...test.settings.limits, max_actions: 3 };
    const failing = run(test.anotherWorker(), 'readActionPlan', request(uuid));
    await expect(failing).rejects.toMatchObject({
      type: 'PlanTooLarge',
      message: expect.stringMatching(/has 4 actions.* at most 3/) as string,
    });
  });

  it.each([
    ['not-a-uuid', {}, {}, /action_plan_uuid\. Value: 'not-a-uuid'\. Expected the UUID/],
    [17, {}, {}, /action_plan_uuid\. Value: 17\. Expected the UUID/],
    [UNKNOWN, { max_age: '1h' }, {}, /max_age\. Value: '1h'\. Expected a whole number of seconds/],
    [UNKNOWN, { max_age: 604_801 }, {}, /max_age\..* 604801\..*ROLLBACK_MAX_AGE_CEILING/],
    [UNKNOWN, { actions: ['x'] }, {}, /actions\..*UUID/],
    [
      UNKNOWN,
      { force: true },
      {},
      /^Unknown attribute for argument rollback: "force"; allowed are/,
    ],
    [UNKNOWN, {}, { token: 'x' }, /^Unknown attribute for argument request: "token"/],
    [UNKNOWN, {}, { requested_at: 'yesterday' }, /requested_at\. Value: 'yesterday'\. .*ISO 8601/],
    [UNKNOWN, {}, { requested_by: { user_id: 7 } }, /requested_by\.user_id\. Value: 7\./],
  ])('refuses %p with %p %p', async (uuid, given, more, message) => {
    const before = test.sim.requestCounts();
    const failing = run(test.activities, 'readActionPlan', request(uuid, given, more));
    await expect(failing).rejects.toMatchObject({
      type: 'InvalidRequest',
      nonRetryable: true,
      message: expect.stringMatching(message) as string,
    });
    expect(test.sim.requestCounts()).toEqual(before);
  });

  it('takes what is allowed', async () => {
    const uuid = await test.sim.hostMaintenance('compute-1');
    const given = {
      max_age: 604_800,
      on_drift: 'restore',
      hosts: 'keep',
      allow_cold: true,
      abort_stuck: true,
      max_failures: 1,
      actions: null,
    };
    const reading = await run(test.activities, 'readActionPlan', request(uuid, given));
    expect(reading.options).toEqual(given);
  });

  it('is retried where Watcher is away, and not where the credentials are refused', async () => {
    const path = /action_plans/;
    test.sim.inject({ service: 'optimizer', path, effect: { kind: 'status', status: 503 } });
    await expect(run(test.activities, 'readActionPlan', request(UNKNOWN))).rejects.toMatchObject({
      type: 'OpenStackUnreachable',
      nonRetryable: false,
    });
    test.sim.inject({
      service: 'optimizer',
      path,
      times: 5,
      effect: { kind: 'status', status: 401 },
    });
    await expect(run(test.activities, 'readActionPlan', request(UNKNOWN))).rejects.toMatchObject({
      type: 'OpenStackUnauthorized',
      nonRetryable: true,
    });
  });
});

describe('layOutRollback', () => {
  it('lays out a host_maintenance plan from the live cloud, and touches nothing', async () => {
    const uuid = await test.sim.hostMaintenance('compute-1');
    await test.sim.settled();
    const before = test.sim.ledger.length;
    const layout = await layOut(uuid);
    expect(layout.compensations.map(({ kind, state }) => `${kind} ${state}`).toSorted()).toEqual([
      'live_migrate PENDING',
      'live_migrate PENDING',
      'live_migrate PENDING',
      'set_service_status PENDING',
    ]);
    const works = layout.compensations.flatMap(({ work }) => (work === null ? [] : [work]));
    for (const work of works) {
      if (work.kind !== 'live_migrate') continue;
      expect(work.to).toBe('compute-1');
      expect(work.sinceMigrationId).toBeGreaterThan(0);
    }
    expect(test.sim.ledger).toHaveLength(before);
  });

  it('reads many servers in pages instead of one by one', async () => {
    test.sim.addHost({ name: 'large', capacity: 100 });
    const many = Array.from({ length: 51 }, (_, n) =>
      test.sim.addServer({ name: `many-${n}`, host: 'compute-2' }),
    );
    const uuid = await test.sim.applyPlan({
      actions: many.map((id) => ({
        type: 'migrate',
        parameters: {
          migration_type: 'live',
          resource_id: id,
          source_node: 'compute-1',
          destination_node: 'large',
        },
        parents: [],
      })),
    });
    await test.sim.settled(30_000);
    const layout = await layOut(uuid);
    expect(layout.compensations.filter(({ state }) => state === 'PENDING')).toHaveLength(51);
    const counts = test.sim.requestCounts();
    const single = Object.entries(counts).filter(([path]) => /GET .*servers\/\{id\}$/.test(path));
    expect(single).toEqual([]);
  });

  it('needs no bare metal service where the plan names no node', async () => {
    const uuid = await test.sim.hostMaintenance('compute-1');
    await test.sim.settled();
    test.sim.inject({
      service: 'baremetal',
      times: 100,
      effect: { kind: 'status', status: 404 },
    });
    expect((await layOut(uuid)).compensations).toHaveLength(4);
  });

  it('refuses while another plan runs on the same resources, for good', async () => {
    const uuid = await test.sim.hostMaintenance('compute-1');
    await test.sim.settled();
    const other = await test.sim.applyPlan({
      state: 'ONGOING',
      actions: [
        {
          type: 'migrate',
          parameters: {
            migration_type: 'live',
            resource_id: servers[0],
            source_node: 'compute-2',
            destination_node: 'compute-3',
          },
        },
      ],
    });
    await expect(layOut(uuid)).rejects.toMatchObject({
      type: 'OtherPlanOngoing',
      nonRetryable: true,
      message: expect.stringContaining(other) as string,
    });
  });

  it('refuses drift where it is asked to', async () => {
    const uuid = await test.sim.hostMaintenance('compute-1', { destinations: ['compute-2'] });
    await test.sim.settled();
    test.sim.hand.migrate(servers[0] ?? '', 'compute-3');
    await expect(layOut(uuid, { on_drift: 'fail' })).rejects.toMatchObject({ type: 'DriftFound' });
    const kept = (await layOut(uuid)).compensations.filter(({ state }) => state === 'KEPT');
    expect(kept).toHaveLength(1);
  });

  it('lets a newer plan win', async () => {
    const uuid = await test.sim.hostMaintenance('compute-1', { destinations: ['compute-2'] });
    await test.sim.settled();
    // Nova and Watcher keep whole seconds: a plan within the same one is no proof of being newer.
    test.sim.advance(5000);
    const newer = await test.sim.applyPlan({
      actions: [
        {
          type: 'migrate',
          parameters: {
            migration_type: 'live',
            resource_id: servers[0],
            source_node: 'compute-2',
            destination_node: 'compute-3',
          },
        },
      ],
    });
    await test.sim.settled();
    const layout = await layOut(uuid);
    const kept = layout.compensations.filter(({ state }) => state === 'KEPT');
    expect(kept.map(({ resource_id }) => resource_id)).toEqual([servers[0]]);
    expect(kept[0]?.reason).toContain(newer);
  });
});

describe('verifyRollback', () => {
  it('finds nothing where all is as before', async () => {
    const node = Object.keys(test.sim.snapshot().nodes)[0] ?? '';
    const report = await verify(
      about('server', servers[0] ?? '', { host: 'compute-1', status: 'ACTIVE' }),
      about('compute_service', 'compute-1', { status: 'enabled' }),
      about('node', node, { power_state: 'power on' }),
    );
    expect(report.differing).toEqual([]);
    expect(Date.parse(report.verified_at)).not.toBeNaN();
  });

  it('names what is different, and what is gone', async () => {
    test.sim.hand.migrate(servers[0] ?? '', 'compute-3');
    test.sim.hand.deleteServer(servers[1] ?? '');
    test.sim.hand.setService('compute-2', { status: 'disabled', disabledReason: 'x' });
    const report = await verify(
      about('server', servers[0] ?? '', { host: 'compute-1' }),
      about('server', servers[1] ?? '', { host: 'compute-1' }),
      about('server', servers[2] ?? '', { host: 'compute-1' }),
      about('compute_service', 'compute-2', { status: 'enabled' }),
    );
    expect(report.differing).toEqual([
      {
        action_uuid: `of ${servers[0]}`,
        now: expect.objectContaining({ host: 'compute-3' }) as object,
        reason: 'its host is compute-3, not compute-1',
      },
      { action_uuid: `of ${servers[1]}`, now: null, reason: 'it is gone' },
      {
        action_uuid: 'of compute-2',
        now: { status: 'disabled', disabled_reason: 'x' },
        reason: 'its status is disabled, not enabled',
      },
    ]);
  });
});
