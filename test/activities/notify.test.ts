/** What is sent to the webhook: shape, signature, and what is made of its answers. */
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ApplicationFailure } from '@temporalio/common';
import { notificationOf, notify } from '../../activities/notify.js';
import type { NotifyInput } from '../../activities/types.js';
import { secretOf } from '../../activities/webhook.js';

const SECRET = 'a secret of the test, long enough';
const INPUT: NotifyInput = {
  phase: 'attention',
  message_id: 'e5c3f1a0-1111-4222-8333-444444444444',
  time: '2026-11-24T02:20:07.123Z',
  rollback: {
    action_plan_uuid: 'e3c4c6d6-714d-4954-93b2-e509bb425191',
    uuid: 'run',
    workflow_id: 'rollback-e3c4c6d6-714d-4954-93b2-e509bb425191',
    state: 'PARTIAL',
    created_at: '2026-11-24T02:20:00Z',
    updated_at: '2026-11-24T02:20:07Z',
    counts: { SUCCEEDED: 3, KEPT: 1 },
    requested_by: { user_id: 'u', user_name: 'ada', project_id: 'p', request_id: 'req-1' },
    reason: 'The rollback left 1 KEPT.',
    compensations: [],
    truncated: false,
  },
};

let server: Server;
let url: string;
let status = 200;
let location = '';
let got: { headers: IncomingMessage['headers']; body: string; path: string }[] = [];

beforeAll(async () => {
  server = createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => {
      got.push({ headers: req.headers, body, path: req.url ?? '' });
      if (location !== '') res.setHeader('Location', location);
      res.writeHead(status).end('an answer that nobody reads');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  got = [];
  status = 200;
  location = '';
});

const send = (to = url, secret: () => Buffer = () => secretOf(SECRET)) =>
  notify({ url: to, secret }, INPUT, new AbortController().signal);

async function failureOf(sending: Promise<void>): Promise<ApplicationFailure> {
  const error: unknown = await sending.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApplicationFailure)) throw new Error('it did not fail as it should');
  return error;
}

test('the shape of an OpenStack versioned notification', () => {
  expect(notificationOf(INPUT)).toEqual({
    event_type: 'action_plan.rollback.attention',
    priority: 'WARNING',
    publisher_id: expect.stringMatching(/^infra-optim:./) as string,
    message_id: INPUT.message_id,
    timestamp: '2026-11-24 02:20:07.123000',
    payload: {
      'watcher_object.name': 'ActionPlanRollbackPayload',
      'watcher_object.namespace': 'watcher',
      'watcher_object.version': '1.0',
      'watcher_object.data': INPUT.rollback,
    },
  });
});

test.each([
  ['start', 'ONGOING', 'INFO'],
  ['end', 'SUCCEEDED', 'INFO'],
  ['end', 'PARTIAL', 'WARNING'],
  ['end', 'CANCELLED', 'WARNING'],
  ['end', 'FAILED', 'ERROR'],
  ['attention', 'PAUSED', 'WARNING'],
] as const)('%s of a rollback that is %s: %s', (phase, state, priority) => {
  const input = { ...INPUT, phase, rollback: { ...INPUT.rollback, state } };
  expect(notificationOf(input)).toMatchObject({ priority });
});

test('signed as a receiver checks it: id, time and body', async () => {
  await send();
  const headers = got[0]?.headers ?? {};
  const body = got[0]?.body ?? '';
  expect(JSON.parse(body)).toEqual(notificationOf(INPUT));
  expect(headers['webhook-id']).toBe(INPUT.message_id);
  const time = String(headers['webhook-timestamp']);
  expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(5);
  const mac = createHmac('sha256', SECRET).update(`${INPUT.message_id}.${time}.${body}`);
  expect(headers['webhook-signature']).toBe(`v1,${mac.digest('base64')}`);
});

test('a secret in the form of the specification is decoded; a short one is none', () => {
  const key = Buffer.from('0123456789abcdef');
  expect(secretOf(`whsec_${key.toString('base64')}\n`)).toEqual(key);
  expect(secretOf(`${SECRET}\n`).toString()).toBe(SECRET);
  expect(() => secretOf('short\n')).toThrow(/fewer than 16 bytes/);
});

test.each([500, 503, 429, 408, 425])('%i: to be tried again', async (answer) => {
  status = answer;
  const failure = await failureOf(send());
  expect([failure.type, failure.nonRetryable]).toEqual(['NotificationFailed', false]);
  expect(failure.message).toBe(`the webhook answered ${answer}`);
});

test.each([400, 401, 404, 410])('%i: refused for good', async (answer) => {
  status = answer;
  const failure = await failureOf(send());
  expect([failure.type, failure.nonRetryable]).toEqual(['NotificationRefused', true]);
});

test.each([301, 302, 307, 308])('%i: a redirect leads nowhere', async (answer) => {
  status = answer;
  location = url.replace('/hook', '/elsewhere');
  const failure = await failureOf(send());
  expect(failure.type).toBe('NotificationRefused');
  expect(got.map(({ path }) => path)).toEqual(['/hook']);
});

test('nobody there, no secret, no webhook: to be tried again, and it says which', async () => {
  const away = await failureOf(send('http://127.0.0.1:1/hook'));
  expect(away.type).toBe('NotificationFailed');
  expect(away.message).toMatch(/cannot be reached: .+/);
  const blind = await failureOf(
    send(url, () => {
      throw new Error('ENOENT');
    }),
  );
  expect(blind.message).toBe("the webhook's secret cannot be read: ENOENT");
  const none = await failureOf(notify(null, INPUT, new AbortController().signal));
  expect(none.type).toBe('NotificationFailed');
  expect(got).toEqual([]);
});
