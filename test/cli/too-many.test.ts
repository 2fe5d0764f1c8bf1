/** What the command does where the service limits its requests: it waits as long as it is told, and goes on. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { callForJson } from '../../src/cli/http.js';
import type { Entrance } from '../../src/cli/entrance.js';
import { Problem } from '../../src/cli/problem.js';

let server: Server;
let refusals: number;
let asked: string[];
let headers: Record<string, string>;
let dispatcher: Agent;

beforeEach(async () => {
  refusals = 1;
  asked = [];
  headers = { 'Retry-After': '1', 'X-Rollback-Failure': 'TooManyRequests' };
  server = createServer((req, res) => {
    asked.push(req.method ?? '');
    const refused = asked.length <= refusals;
    res.writeHead(refused ? 429 : 200, refused ? headers : {});
    res.end('{"error_message": "{\\"faultstring\\": \\"Too many.\\"}"}');
  });
  dispatcher = new Agent();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await dispatcher.destroy();
  server.close();
});

function entrance(): Entrance {
  const { port } = server.address() as AddressInfo;
  const none = () => Promise.resolve(null);
  return { url: `http://127.0.0.1:${port}`, dispatcher, token: none, renewed: none } as never;
}

const post = (signal?: AbortSignal): Promise<unknown> =>
  callForJson(entrance(), { method: 'POST', path: '/v1/x', ...(signal && { signal }) });

test('too many requests: it waits as Retry-After says, and asks again', async () => {
  const begun = performance.now();
  await expect(post()).resolves.toBeDefined();
  expect(asked).toEqual(['POST', 'POST']);
  expect(performance.now() - begun).toBeGreaterThan(990);
});

test.each([
  ['another kind of too many', { 'Retry-After': '1', 'X-Rollback-Failure': 'TooManyStreams' }],
  ['no time to wait', { 'X-Rollback-Failure': 'TooManyRequests' }],
  ['a time that is none', { 'Retry-After': 'soon' }],
  ['a time too long to sit out', { 'Retry-After': '600' }],
])('%s: said at once', async (_name, given: Record<string, string>) => {
  headers = given;
  await expect(post()).rejects.toMatchObject({ status: 429, message: 'Too many.' });
  expect(asked).toHaveLength(1);
});

test('the waiting ends with the signal', async () => {
  headers = { 'Retry-After': '60' };
  const reason = new Problem('over', { type: 'WaitTimeout', exit: 'timeout' });
  const controller = new AbortController();
  const waiting = post(controller.signal);
  setTimeout(() => controller.abort(reason), 200);
  await expect(waiting).rejects.toBe(reason);
});
