/** The stop switch, and rollbacks that hold under it. */
import type { Client } from '@temporalio/client';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import {
  STOP_SWITCH_ID,
  STOP_SWITCH_TYPE,
  waitForSwitchSignal,
} from '../../workflows/stop-messages.js';
import { eventually } from '../service/caller.js';
import type { ServiceForTest } from '../service/service.js';
import {
  expectState,
  ONE_AT_A_TIME,
  type Scenario,
  SHORT_HISTORY,
  SLOW,
  underWay,
} from './play.js';

const HELD = { settings: ONE_AT_A_TIME, simulated: SLOW };
const HELD_SHORT = { ...HELD, limits: SHORT_HISTORY };

export const STOP_SCENARIOS: Readonly<Record<string, Scenario>> = {
  held: { service: HELD, play: (service) => heldAndLetGo(service) },
  'held-continue-as-new-first': {
    service: HELD_SHORT,
    play: heldInNewRun,
    run: 'first',
  },
  'held-continue-as-new-last': { service: HELD_SHORT, play: heldInNewRun },
  'held-and-cancelled': {
    service: HELD,
    async play(service, client) {
      const plan = await held(service);
      await client.workflow.getHandle(workflowIdOf(plan)).cancel();
      expectState((await service.ended(plan)).state, 'CANCELLED');
      await setStop(service, false);
      return plan;
    },
  },
  switch: {
    workflow: 'RollbackStopSwitch',
    service: HELD,
    async play(service) {
      const plan = await held(service);
      await setStop(service, true, 'for another reason');
      await setStop(service, false);
      expectState((await service.ended(plan)).state, 'SUCCEEDED');
      return STOP_SWITCH_ID;
    },
  },
  'switch-cancelled': {
    workflow: 'RollbackStopSwitch',
    async play(service, client) {
      await setStop(service, true);
      await client.workflow.getHandle(STOP_SWITCH_ID).cancel();
      return await ended(client);
    },
  },
  'switch-continue-as-new-first': {
    workflow: 'RollbackStopSwitch',
    play: longSwitch,
    run: 'first',
  },
  'switch-continue-as-new-last': { workflow: 'RollbackStopSwitch', play: longSwitch },
};

/** So many signals that the switch goes on in a new run. */
async function longSwitch(service: ServiceForTest, client: Client): Promise<string> {
  const handle = client.workflow.getHandle(STOP_SWITCH_ID);
  const first = await client.workflow.start(STOP_SWITCH_TYPE, {
    workflowId: STOP_SWITCH_ID,
    taskQueue: service.config.temporal.taskQueue,
    args: [{ continue_as_new_after: 20 }],
  });
  await eventually('a new run', async () => {
    await handle.signal(waitForSwitchSignal, 'nobody');
    return (await handle.describe()).runId !== first.firstExecutionRunId;
  });
  await setStop(service, false);
  return await ended(client);
}

async function ended(client: Client): Promise<string> {
  const handle = client.workflow.getHandle(STOP_SWITCH_ID);
  await eventually('off', async () => (await handle.describe()).status.name !== 'RUNNING');
  return STOP_SWITCH_ID;
}

async function heldAndLetGo(service: ServiceForTest): Promise<string> {
  const plan = await held(service);
  await setStop(service, false);
  expectState((await service.ended(plan)).state, 'SUCCEEDED');
  return plan;
}

async function heldInNewRun(service: ServiceForTest): Promise<string> {
  const plan = await held(service);
  await eventually('a new run', async () => {
    const { uuid, workflow, state } = (await service.get(plan)).body;
    return state === 'PAUSED' && workflow.run_id !== uuid;
  });
  await setStop(service, false);
  expectState((await service.ended(plan)).state, 'SUCCEEDED');
  return plan;
}

/** A rollback that holds, with nothing in flight any more. */
async function held(service: ServiceForTest): Promise<string> {
  const plan = await underWay(service);
  await setStop(service, true, 'look first');
  await eventually('it holds', async () => {
    const { body } = await service.get(plan);
    return body.state === 'PAUSED' && (body.counts.ONGOING ?? 0) === 0;
  });
  return plan;
}

async function setStop(
  service: ServiceForTest,
  stopped: boolean,
  reason: string | null = null,
): Promise<void> {
  const { status } = await service.call('PUT', '/v1/rollbacks/stop', { body: { stopped, reason } });
  expectState(`${status}`, '200');
}
