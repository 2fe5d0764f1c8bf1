/** Callers' tokens, judged by the simulated Keystone through the whole service. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { startTemporal } from '../support/temporal.js';
import { maintenanceScene, writes } from './scene.js';
import { type ServiceForTest, startServiceForTest } from './service.js';

let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;
let path: string;
beforeAll(async () => {
  temporal = await startTemporal();
  service = await startServiceForTest({ temporal: temporal.address });
  const { plan } = await maintenanceScene(service.sim);
  path = `${service.url}/v1/action_plans/${plan}/rollback`;
});
afterAll(async () => {
  await service.close();
  await temporal.teardown();
});

const token = (roles: string[], expired: boolean | number = false) =>
  service.sim.issueToken({ userName: 'eve', roles, expired });
const status = async (headers: Record<string, string>, method = 'GET') =>
  (await fetch(`${path}${method === 'GET' ? '/preview' : ''}`, { method, headers })).status;

test('another role than the settings name: 403, and nothing is touched', async () => {
  for (const roles of [[], ['member', 'reader'], ['service']]) {
    expect(await status({ 'X-Auth-Token': token(roles) }, 'POST')).toBe(403);
  }
  expect(writes(service.sim)).toEqual([]);
});

test('an expired token: 401; with a service that speaks for its user: accepted for two days more', async () => {
  const day = 86_400;
  const spoken = { 'X-Service-Token': token(['service']) };
  expect(await status({ 'X-Auth-Token': token(['admin'], day) })).toBe(401);
  expect(await status({ 'X-Auth-Token': token(['admin'], day), ...spoken })).toBe(200);
  expect(await status({ 'X-Auth-Token': token(['admin'], 3 * day), ...spoken })).toBe(401);
  // A service speaks for others; it needs no less of its own.
  const expired = { 'X-Service-Token': token(['service'], true) };
  expect(await status({ 'X-Auth-Token': token(['admin']), ...expired })).toBe(401);
  expect(await status({ 'X-Auth-Token': token(['reader'], day), ...spoken })).toBe(403);
});

test("the service's own token is revoked in between: it gets another, and nobody notices", async () => {
  expect(await status({ 'X-Auth-Token': token(['admin']) })).toBe(200);
  service.sim.expireTokens();
  expect(await status({ 'X-Auth-Token': token(['admin']) })).toBe(200);
});
