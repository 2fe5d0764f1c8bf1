/**
 * After a run full of failures: no token, no password and no whole body of OpenStack's in what Temporal keeps, in the log, in
 * an answer, in the metrics, in an event stream, in a notification, or in what the command prints.
 */
import { temporal as protos } from '@temporalio/proto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Payload } from '@temporalio/common';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../src/log.js';
import { compressionCodec } from '../../src/temporal/payload-codec.js';
import { command as runCommand } from '../cli/command.js';
import { ensureBuilt } from '../support/built.js';
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

const SIGNED_WITH = 'what notifications are signed with';
const lines: string[] = [];
const answers: string[] = [];
const streamed: string[] = [];
const notified: string[] = [];
const printed: string[] = [];
let receiver: Server;
let folder: string;
let temporal: TestWorkflowEnvironment;
let service: ServiceForTest;
let scene: Scene;

beforeAll(async () => {
  ensureBuilt();
  folder = mkdtempSync(join(tmpdir(), 'rollback-secrets-'));
  writeFileSync(join(folder, 'secret'), SIGNED_WITH);
  receiver = createServer((req, res) => {
    notified.push(JSON.stringify(req.headers));
    req.on('data', (piece: Buffer) => notified.push(piece.toString()));
    req.on('end', () => res.end());
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  temporal = await startTemporal();
  const log = createLogger({
    level: 'trace',
    format: 'json',
    destination: { write: (line) => lines.push(line) },
  });
  service = await startServiceForTest({
    temporal: temporal.address,
    log,
    settings: {
      ROLLBACK_RETRY_ATTEMPTS: '3',
      ROLLBACK_WEBHOOK_URL: `http://127.0.0.1:${port}`,
      ROLLBACK_WEBHOOK_SECRET_FILE: join(folder, 'secret'),
    },
  });
  scene = await maintenanceScene(service.sim);
  await failures();
  await command();
}, 180_000);
afterAll(async () => {
  await service.close();
  await temporal.teardown();
  receiver.close();
  rmSync(folder, { recursive: true });
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

/** As operators use it, with a password in its environment. */
async function command(): Promise<void> {
  const env = { ...service.sim.env, ROLLBACK_URL: service.url };
  for (const args of [['status', scene.plan], ['list'], ['run', scene.plan, '--wait']]) {
    const { stdout, stderr } = await runCommand(args, env);
    printed.push(stdout, stderr);
  }
  const events = await service.call('GET', `/v1/action_plans/${scene.plan}/rollback/events`);
  streamed.push(String(events.body));
}

/** Every event, and every payload in it as it was before it was compressed. */
async function kept(): Promise<string[]> {
  const found: string[] = [];
  for await (const { workflowId, runId, memo } of temporal.client.workflow.list()) {
    found.push(JSON.stringify(memo ?? null));
    const { events } = await temporal.client.workflow.getHandle(workflowId, runId).fetchHistory();
    for (const event of events ?? []) {
      found.push(
        Buffer.from(protos.api.history.v1.HistoryEvent.encode(event).finish()).toString('latin1'),
      );
      for (const { data } of await compressionCodec.decode(payloadsIn(event))) {
        found.push(Buffer.from(data ?? []).toString('latin1'));
      }
    }
  }
  return found;
}

function payloadsIn(value: unknown): Payload[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  if ('metadata' in value && 'data' in value && value.data instanceof Uint8Array) {
    return [value as Payload];
  }
  return Object.values(value).flatMap(payloadsIn);
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
  const places = { history: await kept(), log: lines, answers, streamed, notified, printed };
  for (const [place, texts] of Object.entries(places)) {
    expect({ place, texts: texts.join('').length > 500 }).toEqual({ place, texts: true });
    for (const [what, text] of Object.entries({
      TOKEN,
      password,
      secret,
      END_OF_BODY,
      SIGNED_WITH,
    })) {
      expect({ place, what, in: texts.filter((one) => one.includes(text)).slice(0, 1) }).toEqual({
        place,
        what,
        in: [],
      });
    }
  }
});
