/**
 * Notifications of the whole service to a real receiver: what arrives and when, and that one which fails, hangs or is away
 * changes nothing about the rollback. The check of docs/notifications.md is run as it is printed there.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { RollbackResult } from '../../src/domain/result.js';
import { ROOT } from '../support/built.js';
import { startTemporal } from '../support/temporal.js';
import { maintenanceScene, ourEffects, type Scene } from './scene.js';
import { type ServiceForTest, startServiceForTest } from './service.js';

const SECRET = 'a secret of the test, long enough\n';
const WAIT_SECONDS = 0.5;

interface Got {
  headers: IncomingMessage['headers'];
  body: string;
  path: string;
}
interface Told {
  event_type: string;
  priority: string;
  message_id: string;
  payload: { 'watcher_object.data': { state: string; reason: string | null; counts: object } };
}

let temporal: TestWorkflowEnvironment;
let folder: string;
let receiver: Server;
let got: Got[] = [];
let answer: (res: ServerResponse, count: number) => void;
let service: ServiceForTest;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rollback-webhook-'));
  writeFileSync(join(folder, 'secret'), SECRET);
  receiver = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      got.push({ headers: req.headers, body, path: req.url ?? '' });
      answer(res, got.length);
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  temporal = await startTemporal();
}, 120_000);
afterAll(async () => {
  receiver.closeAllConnections();
  receiver.close();
  rmSync(folder, { recursive: true });
  await temporal.teardown();
});
beforeEach(() => {
  got = [];
  answer = (res) => res.writeHead(204).end();
});
afterEach(() => service.close());

const hook = () => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
const told = () => got.map(({ body }) => JSON.parse(body) as Told);

async function startTold(url = hook(), waitSeconds = WAIT_SECONDS): Promise<void> {
  service = await startServiceForTest({
    temporal: temporal.address,
    settings: {
      ROLLBACK_WEBHOOK_URL: url,
      ROLLBACK_WEBHOOK_SECRET_FILE: join(folder, 'secret'),
      ROLLBACK_WEBHOOK_WAIT: String(waitSeconds),
    },
  });
}

/** SUCCEEDED, and the cloud as it was. */
async function rolledBack(): Promise<{ result: RollbackResult; scene: Scene; tookMs: number }> {
  const scene = await maintenanceScene(service.sim, { running: 1, shutOff: 0 });
  const startedAt = Date.now();
  const result = await service.rollBack(scene.plan);
  const tookMs = Date.now() - startedAt;
  expect(result.state).toBe('SUCCEEDED');
  expect(service.sim.snapshot()).toEqual(scene.before);
  return { result, scene, tookMs };
}

const lost = ({ history }: RollbackResult): string[] =>
  history.filter(({ event }) => event === 'not-notified').map(({ message }) => message);

/** The function of docs/notifications.md, as it is there, told of what arrived. */
function genuine(all: readonly { headers: object; body: string }[], secret = SECRET): unknown {
  const page = readFileSync(join(ROOT, 'docs/notifications.md'), 'utf8');
  const printed = /```js\n([\s\S]*?)```/.exec(page)?.[1];
  if (printed === undefined) throw new Error('docs/notifications.md has no check');
  const input = JSON.stringify({ all, secret });
  const rest = `const { all, secret } = ${input};
    console.log(JSON.stringify(all.map(({ headers, body }) => isGenuine(headers, body, secret))));`;
  const args = ['--input-type=module', '-e', `${printed}\n${rest}`];
  const ran = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(ran.stderr);
  return JSON.parse(ran.stdout);
}

test('start and end arrive, and the check of the document knows them from forged ones', async () => {
  await startTold();
  const { result, scene } = await rolledBack();
  expect(lost(result)).toEqual([]);
  expect(told()).toMatchObject([
    { event_type: 'action_plan.rollback.start', priority: 'INFO' },
    { event_type: 'action_plan.rollback.end', priority: 'INFO' },
  ]);
  expect(told()[1]?.payload).toMatchObject({
    'watcher_object.name': 'ActionPlanRollbackPayload',
    'watcher_object.data': {
      action_plan_uuid: scene.plan,
      uuid: result.uuid,
      state: 'SUCCEEDED',
      counts: result.counts,
      requested_by: { user_name: 'anna' },
    },
  });
  expect(genuine(got)).toEqual([true, true]);
  expect(genuine(got, 'another secret, long enough too')).toEqual([false, false]);
  const [first] = got;
  if (first === undefined) throw new Error('nothing arrived');
  const old = { ...first.headers, 'webhook-timestamp': '1700000000' };
  const unsigned = { ...first.headers, 'webhook-signature': undefined };
  expect(
    genuine([
      { ...first, body: first.body.replace('INFO', 'WARN') },
      { ...first, headers: { ...first.headers, 'webhook-id': 'another' } },
      { ...first, headers: old },
      { ...first, headers: unsigned },
    ]),
  ).toEqual([false, false, false, false]);
}, 60_000);

test('a person is needed: it says why, and for what', async () => {
  await startTold();
  const { sim } = service;
  sim.addHost({ name: 'compute-4' });
  const scene = await maintenanceScene(sim, { running: 2, shutOff: 0 });
  const [mine = ''] = scene.servers;
  sim.hand.migrate(mine, 'compute-4');
  const result = await service.rollBack(scene.plan);
  expect(result.state).toBe('PARTIAL');
  // The last two are sent at the same moment.
  const [attention, end, start] = told().toSorted((a, b) =>
    a.event_type.localeCompare(b.event_type),
  );
  expect([start, attention, end].map((one) => one?.event_type)).toEqual([
    'action_plan.rollback.start',
    'action_plan.rollback.attention',
    'action_plan.rollback.end',
  ]);
  expect([attention?.priority, end?.priority]).toEqual(['WARNING', 'WARNING']);
  expect(attention?.payload['watcher_object.data']).toMatchObject({
    reason: 'The rollback left 1 KEPT.',
    compensations: [{ resource_id: mine, state: 'KEPT' }],
  });
}, 60_000);

test('500 once: the same message again, signed anew', async () => {
  answer = (res, count) => res.writeHead(count === 1 ? 500 : 200).end();
  // Tried again after a second, as the rollback's end may be nearer.
  await startTold(hook(), 10);
  const { result } = await rolledBack();
  expect(lost(result)).toEqual([]);
  const [first, ...others] = told().filter(({ event_type: type }) => type.endsWith('.start'));
  expect(others.map(({ message_id: id }) => id)).toEqual([first?.message_id]);
  expect(told().filter(({ event_type: type }) => type.endsWith('.end'))).toHaveLength(1);
  expect(genuine(got)).toEqual(got.map(() => true));
}, 60_000);

test.each(['hangs', 'is not there', 'redirects'])(
  'a receiver that %s: the rollback is as without it, and its history says what was lost',
  async (how) => {
    let url = hook();
    if (how === 'hangs') answer = () => undefined;
    if (how === 'is not there') url = 'http://127.0.0.1:1/hook';
    if (how === 'redirects') {
      answer = (res) => res.writeHead(307, { Location: '/elsewhere' }).end();
    }
    await startTold(url);
    const { result, tookMs } = await rolledBack();
    expect(lost(result)).toHaveLength(2);
    expect(lost(result).join()).toMatch(
      how === 'redirects'
        ? /answered 307; redirects are not followed/
        : /not delivered within 0.5 s/,
    );
    expect(got.every(({ path }) => path === '/hook')).toBe(true);
    // One host, one node, one server: well under a second without a receiver.
    expect(tookMs).toBeLessThan(8_000);
    expect(ourEffects(service.sim)).toHaveLength(3);
  },
  60_000,
);
