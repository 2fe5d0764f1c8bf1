/** A preview, the stop switch and control calls through the whole service, judged by the cloud's own ledger. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { PreviewResult } from '../../src/domain/preview.js';
import type { RollbackResult } from '../../src/domain/result.js';
import type { StopSwitch } from '../../src/domain/stop-switch.js';
import { startTemporal } from '../support/temporal.js';
import { eventually } from './caller.js';
import { maintenanceScene, ourEffects, type Scene, writes } from './scene.js';
import { type ServiceForTest, startServiceForTest } from './service.js';

let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;
let scene: Scene;

beforeAll(async () => {
  temporal = await startTemporal();
});
beforeEach(async () => {
  service = await startServiceForTest({ temporal: temporal.address });
  scene = await maintenanceScene(service.sim);
});
afterEach(() => service.close());
afterAll(() => temporal.teardown());

const path = (end: string) => `/v1/action_plans/${scene.plan}/rollback${end}`;
/** The host is enabled before its servers come back to it: so long, they have not begun. */
const enableSlowly = (): void =>
  service.sim.inject({
    service: 'compute',
    method: 'PUT',
    path: /os-services/,
    effect: { kind: 'delay', ms: 2_000 },
  });
const setStop = (stopped: boolean, reason: string | null = null) =>
  service.call<StopSwitch>('PUT', '/v1/rollbacks/stop', { body: { stopped, reason } });

test('a preview says what the rollback then does, touches nothing and stands in nobody’s way', async () => {
  const preview = await service.call<PreviewResult>('GET', path('/preview'));
  expect({ status: preview.status, fault: preview.fault }).toEqual({ status: 200, fault: '' });
  expect(writes(service.sim)).toEqual([]);
  const { body } = preview;
  expect(body).toMatchObject({ dry_run: true, state: 'PENDING', restored: false });
  expect(body.workflow.id).toMatch(new RegExp(`^preview-${scene.plan}-`));
  const open = body.compensations.filter(({ state }) => state === 'PENDING');
  expect(open.map(({ action_uuid }) => action_uuid).toSorted()).toEqual(
    body.preview.order.toSorted(),
  );
  // The host is enabled before its servers come back to it.
  const kinds = body.preview.order.map(
    (uuid) => open.find(({ action_uuid }) => action_uuid === uuid)?.kind,
  );
  expect(kinds.indexOf('set_service_status')).toBeLessThan(kinds.indexOf('live_migrate'));
  const home = body.preview.hosts.find(({ host }) => host === scene.home);
  expect(home).toMatchObject({ incoming: 3, status: 'disabled', message: null });
  // Nothing is on it, and a server takes one of its slots.
  expect(home?.room).toEqual({ vcpus_free: 50, memory_mb_free: 6400, disk_gb_free: 50 });
  expect((await service.get(scene.plan)).status).toBe(404);
  const list = await service.call<{ rollbacks: { action_plan_uuid: string }[] }>(
    'GET',
    '/v1/rollbacks',
  );
  expect(list.body.rollbacks.some((row) => row.action_plan_uuid === scene.plan)).toBe(false);
  const result = await service.rollBack(scene.plan);
  expect(result.state).toBe('SUCCEEDED');
  const did = result.compensations.filter(({ kind }) => kind !== null);
  expect(did.map(({ action_uuid, kind }) => [action_uuid, kind])).toEqual(
    open.map(({ action_uuid, kind }) => [action_uuid, kind]),
  );
});

test('a preview tells of a full host and of audits that would move servers again', async () => {
  const { sim } = service;
  const uuid = sim.continuousAudit({ interval: '3600' });
  for (const state of ['SUSPENDED', 'CANCELLED']) sim.continuousAudit({ interval: '60', state });
  for (let count = 0; count < 48; count += 1) sim.addServer({ name: 'squatter', host: scene.home });
  const { body } = await service.call<PreviewResult>('GET', path('/preview'));
  const { audits, hosts, warnings } = body.preview;
  expect(audits).toEqual([
    expect.objectContaining({
      uuid,
      interval: '3600',
      state: 'ONGOING',
      strategy: 'workload_balance',
    }),
  ]);
  expect(audits[0]?.message).toMatch(/is CONTINUOUS and ONGOING \(interval 3600\)/);
  const home = hosts.find(({ host }) => host === scene.home);
  expect(home?.room).toMatchObject({ vcpus_free: 2 });
  expect(home?.message).toMatch(/2 VCPUs .* for 3 servers: not all have room/);
  expect(warnings).toEqual(expect.arrayContaining([home?.message, audits[0]?.message]));
});

test('a preview without Placement or audits says so, and is one all the same', async () => {
  const { sim } = service;
  const down = { kind: 'status' as const, status: 503 };
  sim.inject({ service: 'placement', times: 1000, effect: down });
  sim.inject({ service: 'optimizer', path: /audits/, times: 1000, effect: down });
  const { status, body } = await service.call<PreviewResult>('GET', path('/preview'));
  expect(status).toBe(200);
  expect(body.preview.hosts.find(({ host }) => host === scene.home)?.room).toBeNull();
  expect(body.preview.warnings).toEqual([
    expect.stringMatching(/^Whether CONTINUOUS audits are active is not known: /),
    expect.stringMatching(/^The room on the hosts is not known: /),
  ]);
});

test('a preview of chosen actions names those that they need', async () => {
  const whole = await service.call<PreviewResult>('GET', path('/preview'));
  const migrate = whole.body.compensations.find(({ kind }) => kind === 'live_migrate');
  const enable = whole.body.compensations.find(({ kind }) => kind === 'set_service_status');
  const chosen = await service.call<PreviewResult>(
    'GET',
    path(`/preview?actions=${migrate?.action_uuid ?? ''}`),
  );
  expect(chosen.body.compensations).toHaveLength(1);
  expect(chosen.body.preview.needs).toEqual({
    [migrate?.action_uuid ?? '']: [enable?.action_uuid],
  });
  expect(chosen.body.preview.hosts[0]?.message).toMatch(/compute-1 is disabled .*does not enable/);
});

test('the stop switch refuses new rollbacks, and lets them in again', async () => {
  expect((await setStop(true, 'storage work')).body).toMatchObject({ stopped: true, by: 'anna' });
  const refused = await service.post(scene.plan);
  expect([refused.status, refused.fault]).toEqual([
    409,
    expect.stringMatching(/^All rollbacks are stopped .*by anna: storage work/),
  ]);
  expect(writes(service.sim)).toEqual([]);
  // Looking is allowed.
  expect((await service.call('GET', path('/preview'))).status).toBe(200);
  expect((await setStop(true, 'longer')).body).toMatchObject({ stopped: true, reason: 'longer' });
  expect((await setStop(false)).body).toMatchObject({ stopped: false, reason: null, by: 'anna' });
  expect((await service.rollBack(scene.plan)).state).toBe('SUCCEEDED');
});

test('a running rollback holds under the switch, and goes on by itself afterwards', async () => {
  enableSlowly();
  await service.post(scene.plan, { prefer: 'respond-async' });
  await setStop(true, 'look first');
  const held = await eventually('the rollback holds', async () => {
    const { body } = await service.get(scene.plan);
    return body.state === 'PAUSED' && (body.counts.ONGOING ?? 0) === 0 ? body : null;
  });
  expect(held.history.map(({ event }) => event)).toContain('stopped-by-switch');
  const before = ourEffects(service.sim).length;
  const resumed = await service.call('POST', path('/resume'));
  expect([resumed.status, resumed.fault]).toEqual([409, expect.stringContaining('stop')]);
  expect(ourEffects(service.sim)).toHaveLength(before);
  await setStop(false);
  const result = await service.ended(scene.plan);
  expect(result.state).toBe('SUCCEEDED');
  expect(result.history.map(({ event }) => event)).toContain('released-by-switch');
});

test('control: paused, resumed, and cancelled while paused', async () => {
  enableSlowly();
  const began = await service.post(scene.plan, { prefer: 'respond-async' });
  expect(began.body.state).toBe('ONGOING');
  const paused = await service.call<RollbackResult>('POST', path('/pause'));
  expect([paused.status, paused.body.state]).toEqual([200, 'PAUSED']);
  expect((await service.call('POST', path('/pause'))).status).toBe(409);
  const cancelled = await service.call<RollbackResult>('POST', path('/cancel'));
  expect(cancelled.status).toBe(200);
  expect(cancelled.body.history.map(({ event }) => event)).toContain('cancelled');
  expect((await service.ended(scene.plan)).state).toBe('CANCELLED');
  const late = await service.call('POST', path('/cancel'));
  expect([late.status, late.fault]).toEqual([
    409,
    'The rollback has ended. POST it again to take up what was left.',
  ]);
});
