/** The demo as a caller: what it sends, and which answers it takes for a failure. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { fetchToken, RollbackCaller } from '../../src/demo/caller.js';

const asked: { line: string; token: unknown; prefer: unknown }[] = [];
let answer: { status: number; headers?: Record<string, string>; body: string };
let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer((req: IncomingMessage, res) => {
    const { 'x-auth-token': token, prefer } = req.headers;
    asked.push({ line: `${req.method} ${req.url}`, token, prefer });
    res.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
beforeEach(() => asked.splice(0));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const caller = () => new RollbackCaller(url, 'p-1', 'the-token', new AbortController().signal);

test('asks once without waiting, and reads the answer', async () => {
  answer = { status: 200, body: '{"state":"ONGOING"}' };
  expect(await caller().post()).toEqual({ state: 'ONGOING' });
  const line = 'POST /v1/action_plans/p-1/rollback';
  expect(asked).toEqual([{ line, token: 'the-token', prefer: 'respond-async' }]);
});

test('503 of a look is no answer; anything else is a failure, and so is 503 of the POST', async () => {
  answer = { status: 503, body: 'later' };
  expect(await caller().get()).toBeNull();
  await expect(caller().post()).rejects.toThrow('answered 503: later');
  answer = { status: 404, body: 'no such plan' };
  await expect(caller().get()).rejects.toThrow('answered 404: no such plan');
});

test("a token comes in Keystone's header", async () => {
  const signal = new AbortController().signal;
  answer = { status: 201, headers: { 'X-Subject-Token': 't' }, body: '{}' };
  expect(await fetchToken({ OS_AUTH_URL: `${url}/v3` }, signal)).toBe('t');
  expect(asked[0]?.line).toBe('POST /v3/auth/tokens');
  answer = { status: 201, body: '{}' };
  await expect(fetchToken({ OS_AUTH_URL: url }, signal)).rejects.toThrow('without a token');
});
