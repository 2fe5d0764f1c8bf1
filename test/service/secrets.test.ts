/**
 * After a run full of failures: no token, no password and no whole body of OpenStack's in what Temporal keeps, in the log, in
 * an answer or in the metrics.
 */
import { temporal as protos } from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { createLogger } from '../../src/log.js';
import { startTemporal } from '../support/temporal.js';
import { maintenanceScene, type Scene } from './scene.js';
import { type ServiceForTest, startServiceForTest } from './service.js';

/** Every token of the simulated cloud begins so, as Fernet tokens do. */
const TOKEN = 'gAAAAA';
const END_OF_BODY = 'the-last-words-of-a-long-body';
/** As services answer where they break: much, and partly what they were sent. */
const longBody = (sent: string): string =>
  JSON.stringify({
    computeFault: { code: 500, message: `${sent} ${'x'.repeat(20_000)} ${END_OF_BODY}` },
  });

const lines: string[] = [];
const answers: string[] = [];
let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;
let scene: Scene;

beforeAll(async () => {
  temporal = await startTemporal();
  const log = createLogger({
    level: 'trace',
    format: 'json',
    destination: { write: (line) => lines.push(line) },
  });
  service = await startServiceForTest({
    temporal: temporal.address,
    log,
    settings: { ROLLBACK_RETRY_ATTEMPTS: '3' },
  });
  scene = await maintenanceScene(service.sim);
  await failures();
});
afterAll(async () => {
  await service.close();
  await temporal.teardown();
});

async function failures(): Promise<void> {
  const { sim } = service;
  const token = sim.issueToken({ userName: 'eve', roles: ['admin'] });
  const status = (code: number, times: number, body = longBody(token)) =>
    ({
      kind: 'status',
      status: code,
      headers: { 'content-type': 'application/json' },
      body,
      times,
    }) as const;
  for (const [service_, code, times] of [
    ['optimizer', 500, 2],
    ['compute', 500, 6],
    ['compute', 401, 4],
    ['baremetal', 403, 1],
    ['baremetal', 500, 9],
    ['compute', 400, 2],
    ['identity', 500, 1],
  ] as const) {
    const { times: hits, ...effect } = status(code, times);
    sim.inject({
      service: service_,
      effect,
      times: hits,
      ...(code === 400 ? { method: 'POST' } : {}),
    });
  }
  sim.expireTokens();
  for (let round = 0; round < 4; round += 1) {
    const answer = await service.post(scene.plan);
    answers.push(JSON.stringify(answer.body), [...answer.headers].join());
  }
  answers.push(JSON.stringify((await service.call('GET', '/v1/rollbacks')).body));
  answers.push(JSON.stringify((await service.call('GET', '/readyz')).body));
  answers.push(String((await service.call('GET', '/metrics')).body));
}

async function kept(): Promise<string[]> {
  const found: string[] = [];
  for await (const { workflowId, runId } of temporal.client.workflow.list()) {
    const { events } = await temporal.client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const event of events ?? []) {
      found.push(
        Buffer.from(protos.api.history.v1.HistoryEvent.encode(event).finish()).toString('latin1'),
      );
    }
  }
  return found;
}

test('it did fail, and OpenStack was quoted', async () => {
  expect(
    [...lines, ...answers, ...(await kept())].some((text) => text.includes('answered 500')),
  ).toBe(true);
});

test('nothing of it is anywhere', async () => {
  const password = service.sim.env['OS_PASSWORD'] ?? '';
  const { secret } = service.sim.applicationCredential;
  expect(password.length).toBeGreaterThan(8);
  const places = { history: await kept(), log: lines, answers };
  for (const [place, texts] of Object.entries(places)) {
    expect(texts.length).toBeGreaterThan(5);
    for (const [what, text] of Object.entries({ TOKEN, password, secret, END_OF_BODY })) {
      expect({ place, what, in: texts.filter((one) => one.includes(text)).slice(0, 1) }).toEqual({
        place,
        what,
        in: [],
      });
    }
  }
});
