/** Every activity of a worker refuses what is meant for another cloud: before it reads, and before it changes, anything. */
import { ApplicationFailure } from '@temporalio/common';
import { cloudIdOf, ofOneCloud } from '../../activities/own-cloud.js';
import type { ReadActionPlanInput } from '../../activities/types.js';
import { type CloudId, cloudMark } from '../../src/domain/cloud-id.js';
import {
  attempt,
  type CloudForTest,
  compensation,
  run,
  startCloudForTest,
} from '../support/cloud.js';

let clouds: CloudForTest;
let own: CloudId;
beforeAll(async () => {
  clouds = await startCloudForTest();
  own = cloudIdOf(await clouds.cloud.identity.cloudIdentity());
});
afterAll(() => clouds.close());

const COMPENSATIONS = [
  'liveMigrateServer',
  'coldMigrateServer',
  'revertResize',
  'startServer',
  'setComputeServiceStatus',
  'setNodePowerState',
] as const;
const READS = ['layOutRollback', 'previewRollback', 'verifyRollback'] as const;

const elsewhere = (): CloudId => ({ ...own, region: 'RegionTwo' });
const guarded = () => ofOneCloud(clouds.activities, clouds.cloud.identity);

async function failureOf(work: Promise<unknown>): Promise<ApplicationFailure> {
  const error: unknown = await work.catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ApplicationFailure);
  return error as ApplicationFailure;
}

const requests = (): number =>
  Object.entries(clouds.sim.requestCounts())
    .filter(([route]) => !route.includes('/identity'))
    .reduce((sum, [, count]) => sum + count, 0);

test.each([...COMPENSATIONS, ...READS])('%s', async (name) => {
  const before = requests();
  // None looks at its input before it has looked at the cloud.
  const input = { ...compensation({}), cloud: elsewhere() } as never;
  const failure = await failureOf(run(guarded(), name, input));
  expect(failure.type).toBe('OtherCloud');
  expect(failure.details).toEqual([{ asked: false }]);
  expect(failure.message).toContain('region RegionTwo');
  expect(failure.message).toContain('region RegionOne');
  // An accepted rollback is taken up by a worker of its own cloud at the next attempt; a read is refused at once.
  expect(failure.nonRetryable).toBe((READS as readonly string[]).includes(name));
  expect(requests()).toBe(before);
});

const askFor = (plan: string): ReadActionPlanInput => ({
  action_plan_uuid: plan,
  request: {
    options: {},
    requested_by: { user_id: null, user_name: null, project_id: null, request_id: null },
    requested_at: null,
    accept_by: null,
    previous_run_id: null,
  },
});

test.each(COMPENSATIONS)('%s, by the mark of another cloud', async (name) => {
  const before = requests();
  const input = { ...compensation({}), of_cloud: cloudMark(elsewhere()) } as never;
  const failure = await failureOf(run(guarded(), name, input));
  expect(failure).toMatchObject({ type: 'OtherCloud', nonRetryable: false });
  expect(failure.details).toEqual([{ asked: false }]);
  expect(failure.message).toContain('region RegionTwo');
  expect(requests()).toBe(before);
});

test('readActionPlan says its cloud, also where it finds no plan; its input is that of older workers', async () => {
  const plan = '11111111-2222-4333-8444-555555555555';
  const asked = askFor(plan);
  const unknown = await failureOf(run(guarded(), 'readActionPlan', asked));
  expect(unknown).toMatchObject({ type: 'ActionPlanNotFound', nonRetryable: true });
  expect(unknown.details).toEqual([{ asked: false, cloud: own }]);
  await clouds.sim.applyPlan({ uuid: plan, actions: [{ type: 'nop', parameters: {} }] });
  const reading = await run(guarded(), 'readActionPlan', asked);
  expect(reading).toMatchObject({ plan: { uuid: plan }, cloud: own });
});

test('readActionPlan reads no further where the layout is wanted of another cloud', async () => {
  const plan = '11111111-2222-4333-8444-555555555556';
  await clouds.sim.applyPlan({ uuid: plan, actions: [{ type: 'nop', parameters: {} }] });
  const requested_at = new Date().toISOString();
  const asked = (cloud: CloudId) =>
    attempt(guarded(), 'readActionPlan', askFor(plan), {}, { requested_at, cloud }).result;
  expect((await asked(own)).layout?.compensations).toHaveLength(1);
  expect(await asked(elsewhere())).not.toHaveProperty('layout');
});

test('an older rollback, which does not know its cloud, goes on', async () => {
  const host = clouds.sim.addHost({ name: 'compute-1', status: 'disabled', disabledReason: 'x' });
  const work = { kind: 'set_service_status' } as never;
  expect(host.serviceId).not.toBe('');
  await expect(
    run(guarded(), 'setComputeServiceStatus', compensation(work)),
  ).resolves.toHaveProperty('outcome');
});
