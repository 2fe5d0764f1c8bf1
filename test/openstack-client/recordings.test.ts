/** Every recorded answer of a real OpenStack goes through the typed clients. */
import type { OpenStackCloud } from '../../src/openstack/cloud.js';
import {
  isBadRequest,
  isConflict,
  isNotFound,
  OpenStackHttpError,
} from '../../src/openstack/errors.js';
import { readRecording, recordingNames, type Recording } from './recordings.js';
import { startStubCloud, type StubCloud } from './stub-cloud.js';

let stub: StubCloud;
let cloud: OpenStackCloud;
beforeAll(async () => {
  stub = await startStubCloud();
  cloud = stub.connect();
});
afterAll(() => stub.close());

const SERVER = '9181791a-aefc-4daa-98f7-e38854441cb1';
const ID = '00000000-0000-4000-8000-000000000000';

function play(name: string): Recording {
  const recording = readRecording(name);
  // The stub's answers have a length of their own.
  const { 'content-length': _length, ...headers } = recording.headers;
  stub.handle = () => ({ status: recording.status, headers, body: recording.body });
  return recording;
}

/** The call of the contract that a recorded request belongs to; null where there is none. */
function callFor(recording: Recording): (() => Promise<unknown>) | null {
  const { method, path, requestBody } = recording;
  const { compute, baremetal, optimizer, identity } = cloud;
  const is = (pattern: RegExp): boolean => pattern.test(`${method} ${path}`);
  if (is(/^GET .*\/auth\/tokens$/u)) return () => identity.validateToken('a-token');
  if (is(/^GET .*\/os-services\?/u)) return () => compute.listServices({});
  if (is(/^PUT .*\/os-services\//u)) return () => compute.setServiceStatus(ID, 'enabled', null);
  if (is(/^GET .*\/os-hypervisors/u)) return () => compute.listHypervisors();
  if (is(/^GET .*\/servers\/detail/u)) return () => compute.listServers({});
  if (is(/^GET .*\/os-instance-actions\/req-/u)) return () => compute.getInstanceAction(ID, 'r');
  if (is(/^GET .*\/os-instance-actions$/u)) return () => compute.listInstanceActions(ID);
  if (is(/^GET .*\/servers\/[^/]+\/migrations$/u)) {
    return () => compute.listMigrationsInProgress(ID);
  }
  if (is(/^DELETE .*\/migrations\/\d+$/u)) return () => compute.abortLiveMigration(ID, 7);
  if (is(/^GET .*\/os-migrations/u)) return () => compute.listMigrations({});
  if (is(/^GET .*\/v2.1\/servers\/[^/]+$/u)) return () => compute.getServer(ID);
  if (is(/^POST .*\/servers\/[^/]+\/action$/u)) {
    if (requestBody?.includes('confirmResize')) return () => compute.confirmResize(ID);
    if (requestBody?.includes('os-migrateLive')) return () => compute.liveMigrate(ID, 'h');
    return () => compute.coldMigrate(ID, 'h');
  }
  if (is(/^PUT .*\/states\/power$/u)) return () => baremetal.setPowerState(ID, 'power on', null);
  if (is(/^GET .*\/v1\/nodes\/[^/]+$/u)) return () => baremetal.getNode(ID);
  if (is(/^GET .*\/v1\/action_plans\/[^/]{36}$/u)) return () => optimizer.getActionPlan(ID);
  if (is(/^GET .*\/v1\/action_plans\/not-a-uuid$/u)) return () => optimizer.getActionPlan('x');
  if (is(/^GET .*\/v1\/action_plans\/detail/u)) return () => optimizer.listActionPlans({});
  return null;
}

/** Not for one page of many, not for other people's calls. */
const NOT_OURS = [
  'ironic-states-off',
  'keystone-token',
  'nova-flavors',
  'nova-servers-detail',
  'placement-inventories',
  'placement-usages',
  'placement-usages-not-found',
  'watcher-action-plans',
  'watcher-actions-detail',
  'watcher-actions-detail-page',
  'watcher-actions-every-kind',
  'watcher-audits',
  'watcher-continuous-audit-list',
  'watcher-forbidden',
  'watcher-rollback-today',
  'watcher-root',
  'watcher-start-finished-plan',
  'watcher-strategies',
  'watcher-v1',
];

const OURS = recordingNames().filter((name) => !NOT_OURS.includes(name));

test.each(OURS)('%s parses, or is an error with its own sentence', async (name) => {
  const recording = play(name);
  const call = callFor(recording);
  expect(call).not.toBeNull();
  if (recording.status < 300) {
    await expect(call?.()).resolves.not.toBeNull();
  } else if (name === 'keystone-validate-unknown') {
    await expect(call?.()).resolves.toBeNull();
  } else {
    const error: unknown = await call?.().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(OpenStackHttpError);
    const { status, serviceMessage, message } = error as OpenStackHttpError;
    expect(status).toBe(recording.status);
    expect(serviceMessage).toMatch(/\w+ .*\w+/u);
    expect(serviceMessage).not.toMatch(/["<>]|faultstring/u);
    expect(message).not.toContain('token-');
  }
});

test('a server, with its zone-less times made UTC', async () => {
  play('nova-server');
  expect(await cloud.compute.getServer(SERVER)).toEqual({
    id: SERVER,
    name: 'vm-4',
    status: 'ACTIVE',
    taskState: null,
    vmState: 'active',
    host: 'compute-3',
    hypervisorHostname: 'compute-3',
    locked: false,
    flavor: 'm1.lab',
    fault: null,
    updatedAt: '2026-11-24T02:18:01.000Z',
  });
});

test('services, hypervisors and migrations', async () => {
  play('nova-services');
  const services = await cloud.compute.listServices({});
  expect(services.find((service) => service.host === 'compute-1')).toEqual({
    id: '6bc9fb03-c52b-4f11-a49d-1c0b145e12d6',
    host: 'compute-1',
    binary: 'nova-compute',
    status: 'disabled',
    state: 'up',
    disabledReason: 'watcher_maintaining',
    forcedDown: false,
    updatedAt: '2026-11-24T02:19:05.000Z',
  });
  play('nova-hypervisors');
  expect((await cloud.compute.listHypervisors())[0]).toEqual({
    id: '1853139f-cab3-4c12-ba5f-33e0d03e2261',
    hostname: 'compute-2',
    serviceHost: 'compute-2',
    serviceId: '725466f2-ada6-420a-821a-b9d899f1a8a2',
    state: 'up',
    status: 'enabled',
  });
  play('nova-migrations-finished-cold');
  expect((await cloud.compute.listMigrations({}))[0]).toEqual({
    id: 27,
    uuid: 'd5a6fbfb-15a2-41d6-a2ab-dd48e8265c06',
    serverId: '7f1eb306-21e6-4eb4-94e2-830bbec54f4c',
    type: 'migration',
    status: 'finished',
    sourceCompute: 'compute-1',
    destCompute: 'compute-2',
    userId: '28f52846ba204d9a95172b64ba098b22',
    createdAt: '2026-11-24T02:35:21.000Z',
    updatedAt: '2026-11-24T02:35:23.000Z',
  });
});

test("an instance action has Nova's reason and no traceback", async () => {
  play('nova-instance-action-no-room');
  const action = await cloud.compute.getInstanceAction(SERVER, 'req-1');
  expect(action.message).toBe('Error');
  expect(action.events.map((event) => event.details)).toContainEqual(
    expect.stringContaining('No valid host was found'),
  );
  expect(JSON.stringify(action)).not.toContain('File ');
});

test('an accepted request has its request id', async () => {
  const { requestBody } = play('nova-live-migrate');
  stub.received.length = 0;
  const accepted = await cloud.compute.liveMigrate(SERVER, 'compute-1', {
    globalRequestId: 'req-11111111-2222-4333-8444-555555555555',
  });
  expect(accepted).toEqual({ requestId: 'req-4ac89555-b99f-447d-99c7-25911d2bbe38' });
  const sent = stub.received[0];
  expect(sent?.path).toBe(`/compute/v2.1/servers/${SERVER}/action`);
  expect(sent?.body).toBe(requestBody);
  expect(sent?.headers['openstack-api-version']).toBe('compute 2.90');
  expect(sent?.headers['x-openstack-request-id']).toBe('req-11111111-2222-4333-8444-555555555555');
});

test('a node, and its power with a time limit in a microversion that has one', async () => {
  play('ironic-node');
  expect(await cloud.baremetal.getNode('cf0173be-d829-46d1-aae9-f995d79a052a')).toMatchObject({
    name: 'compute-1',
    powerState: 'power on',
    maintenance: false,
    fault: null,
    hypervisorId: 'dcfdc01d-4cc1-4f80-a573-f421ad6a6e76',
    updatedAt: '2026-11-24T03:14:59.000Z',
  });
  play('ironic-power-off');
  stub.received.length = 0;
  await cloud.baremetal.setPowerState(ID, 'soft power off', 12.5);
  expect(stub.received[0]).toMatchObject({
    path: `/baremetal/v1/nodes/${ID}/states/power`,
    body: '{"target":"soft power off","timeout":13}',
    headers: { 'x-openstack-ironic-api-version': '1.80' },
  });
});

test.each([
  ['watcher-actions-every-kind', 4],
  ['watcher-actions-detail', 5],
])('%s: all actions in their order', async (name, least) => {
  play(name);
  const actions = await cloud.optimizer.listActions(ID);
  expect(actions.length).toBeGreaterThanOrEqual(least);
  const known = new Set<string>();
  for (const action of actions) {
    expect(action.createdAt).toMatch(/^2026-.*Z$/u);
    expect(action.parents.every((parent) => known.has(parent))).toBe(true);
    known.add(action.uuid);
  }
});

test('room on a host: (total - reserved) * allocation_ratio - usage; none where Placement knows no such host', async () => {
  const answerOf = (name: string) => {
    const { status, body } = readRecording(name);
    return { status, body };
  };
  stub.handle = ({ path }) =>
    answerOf(path.endsWith('/usages') ? 'placement-usages' : 'placement-inventories');
  expect(await cloud.placement.roomOf(ID)).toEqual({
    vcpusFree: 16_000,
    memoryMbFree: 1_199_232,
    diskGbFree: 600_000,
  });
  play('placement-usages-not-found');
  expect(await cloud.placement.roomOf(ID)).toBeNull();
});

test('the guards tell the refusals apart', async () => {
  play('nova-server-not-found');
  expect(isNotFound(await cloud.compute.getServer(ID).catch((error: unknown) => error))).toBe(true);
  play('nova-live-migrate-again-409');
  const busy: unknown = await cloud.compute.liveMigrate(ID, 'h').catch((error: unknown) => error);
  expect(isConflict(busy)).toBe(true);
  expect(isBadRequest(busy)).toBe(false);
  play('watcher-action-plan-unsupported-version');
  await expect(cloud.optimizer.getActionPlan(ID)).rejects.toMatchObject({
    status: 406,
    serviceMessage: expect.stringContaining('The supported version range is: [1.0, 1.4].'),
  });
});
