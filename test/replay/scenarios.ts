/**
 * The workflows whose histories are kept: one for every way through each. They are played on the whole service, so what is
 * recorded is what users' Temporal holds.
 */
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import { pauseUpdate, resumeUpdate, skipUpdate } from '../../workflows/messages.js';
import type { PreviewResult } from '../../src/domain/preview.js';
import { PREVIEW_SCENARIOS } from './preview-scenarios.js';
import { READING_SCENARIOS } from './reading-scenarios.js';
import { LARGE_SCENARIOS } from './large-scenarios.js';
import { LIMIT_SCENARIOS } from './limit-scenarios.js';
import { STOP_SCENARIOS } from './stop-scenarios.js';
import { disableAction, maintenanceScene, migrateAction } from '../service/scene.js';
import type { ServiceForTest } from '../service/service.js';
import {
  expectState,
  ONE_AT_A_TIME,
  pathOf,
  type Scenario,
  SHORT_HISTORY,
  SLOW,
  underWay,
} from './play.js';

const ROLLBACKS: Readonly<Record<string, Scenario>> = {
  success: {
    async play(service) {
      const { plan } = await maintenanceScene(service.sim, { running: 3, shutOff: 1 });
      expectState((await service.rollBack(plan)).state, 'SUCCEEDED');
      return plan;
    },
  },
  partial: {
    async play(service) {
      const { plan, servers } = await maintenanceScene(service.sim, { running: 3, shutOff: 0 });
      service.sim.failMigrations(servers[0] ?? '', 'no luck');
      expectState((await service.rollBack(plan)).state, 'PARTIAL');
      return plan;
    },
  },
  'taken-up-again': {
    async play(service) {
      const { plan, servers } = await maintenanceScene(service.sim, { running: 2, shutOff: 0 });
      service.sim.failMigrations(servers[0] ?? '', 'no luck');
      expectState((await service.rollBack(plan)).state, 'PARTIAL');
      expectState((await service.rollBack(plan)).state, 'SUCCEEDED');
      return plan;
    },
  },
  'max-failures': {
    service: { settings: ONE_AT_A_TIME },
    async play(service) {
      const { plan, servers } = await maintenanceScene(service.sim, { running: 4, shutOff: 0 });
      for (const id of servers) service.sim.failMigrations(id, 'no luck');
      const { counts } = await service.rollBack(plan, { max_failures: 2 });
      expectState(`${counts.FAILED ?? 0}`, '2');
      return plan;
    },
  },
  refused: {
    async play(service) {
      const plan = await service.sim.applyPlan({ state: 'ONGOING', actions: [disableAction('x')] });
      expectState(`${(await service.post(plan)).status}`, '400');
      return plan;
    },
  },
  'nothing-to-do': {
    async play(service) {
      const plan = await service.sim.applyPlan({ actions: [{ type: 'nop', parameters: {} }] });
      expectState((await service.rollBack(plan)).state, 'SUCCEEDED');
      return plan;
    },
  },
  cancelled: {
    service: { settings: ONE_AT_A_TIME, simulated: SLOW },
    async play(service, client) {
      const plan = await underWay(service);
      await client.workflow.getHandle(workflowIdOf(plan)).cancel();
      expectState((await service.ended(plan)).state, 'CANCELLED');
      return plan;
    },
  },
  controlled: {
    service: { settings: ONE_AT_A_TIME, simulated: SLOW },
    async play(service, client) {
      const plan = await underWay(service);
      const handle = client.workflow.getHandle(workflowIdOf(plan));
      const by = 'anna';
      const paused = await handle.executeUpdate(pauseUpdate, { args: [{ by }] });
      const pending = paused.compensations.find(({ state }) => state === 'PENDING');
      const action_uuid = pending?.action_uuid ?? '';
      await handle.executeUpdate(skipUpdate, { args: [{ by, action_uuid }] });
      await handle.executeUpdate(resumeUpdate, { args: [{ by }] });
      expectState((await service.ended(plan)).state, 'PARTIAL');
      return plan;
    },
  },
  'no-room': {
    async play(service) {
      const { sim } = service;
      sim.addHost({ name: 'small', capacity: 1 });
      sim.addHost({ name: 'big' });
      const server = sim.addServer({ name: 'vm', host: 'small' });
      const plan = await sim.applyPlan({
        actions: [disableAction('small'), migrateAction(server, 'small', 'big')],
      });
      sim.addServer({ name: 'squatter', host: 'small' });
      expectState((await service.rollBack(plan)).state, 'PARTIAL');
      return plan;
    },
  },
  'continue-as-new-first': {
    service: { settings: ONE_AT_A_TIME, limits: SHORT_HISTORY },
    play: goesOnInNewRuns,
    run: 'first',
  },
  'continue-as-new-last': {
    service: { settings: ONE_AT_A_TIME, limits: SHORT_HISTORY },
    play: goesOnInNewRuns,
  },
  'chosen-actions': {
    async play(service) {
      const { plan } = await maintenanceScene(service.sim, { running: 3, shutOff: 0 });
      const preview = await service.call<PreviewResult>('GET', `${pathOf(plan)}/preview`);
      const actions = preview.body.preview.order.slice(0, 2);
      const result = await service.rollBack(plan, { actions });
      expectState(result.state, 'SUCCEEDED');
      return plan;
    },
  },
  notified: {
    webhookAnswers: 204,
    async play(service) {
      const { plan, servers } = await maintenanceScene(service.sim, { running: 2, shutOff: 0 });
      service.sim.failMigrations(servers[0] ?? '', 'no luck');
      const result = await service.rollBack(plan);
      expectState(result.state, 'PARTIAL');
      if (result.history.some(({ event }) => event === 'not-notified')) throw new Error('refused');
      return plan;
    },
  },
  'notifications-refused': {
    webhookAnswers: 400,
    async play(service) {
      const { plan } = await maintenanceScene(service.sim, { running: 1, shutOff: 0 });
      const { history } = await service.rollBack(plan);
      if (!history.some(({ event }) => event === 'not-notified')) throw new Error('taken');
      return plan;
    },
  },
};

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...ROLLBACKS,
  ...LIMIT_SCENARIOS,
  ...READING_SCENARIOS,
  ...STOP_SCENARIOS,
  ...PREVIEW_SCENARIOS,
  ...LARGE_SCENARIOS,
};

async function goesOnInNewRuns(service: ServiceForTest): Promise<string> {
  const { plan, before } = await maintenanceScene(service.sim, { running: 8, shutOff: 0 });
  const result = await service.rollBack(plan);
  expectState(result.state, 'SUCCEEDED');
  if (result.uuid === result.workflow.run_id) throw new Error('it ended in its first run');
  expect(service.sim.snapshot()).toEqual(before);
  return plan;
}
