/** Watcher's endpoint, whole: what is handed on, how, and what is not. A small server stands for watcher-api. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { refuseOwnAddress, withRealWatcher } from '../../src/service/watcher-address.js';
import { silentLogger } from '../../src/log.js';
import { type Door, openDoor, PATH, sendRaw, until } from './support.js';

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}
type Handler = (req: IncomingMessage, res: ServerResponse) => void;

let watcher: Server;
let address: string;
let seen: Seen[] = [];
let handler: Handler;
let door: Door;

const echo: Handler = (_req, res) => {
  res.setHeader('X-OpenStack-Request-Id', 'req-of-watcher');
  res.setHeader('OpenStack-API-Version', 'infra-optim 1.4');
  res.setHeader('Content-Type', 'application/json');
  res.end('{"audits": []}');
};

beforeAll(async () => {
  watcher = createServer((req, res) => {
    let body = '';
    const one = { method: req.method ?? '', url: req.url ?? '', headers: req.headers };
    req.on('data', (chunk: Buffer) => (body += chunk.toString()));
    req.on('end', () => seen.push({ ...one, body }));
    handler(req, res);
  });
  await new Promise<void>((resolve) => watcher.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(watcher.address() as AddressInfo).port}`;
  door = await openDoor({}, { proxy: targetOf(address) });
});
afterAll(async () => {
  await door.close();
  watcher.closeAllConnections();
  await new Promise((resolve) => watcher.close(resolve));
});
beforeEach(() => {
  seen = [];
  handler = echo;
  door.validated.length = 0;
});

const targetOf = (url: string) => ({ url, timeout: 0.5, ca: null, insecure: false });
const head = (line: string, ...headers: string[]) =>
  [line, 'Host: cloud.example:9322', ...headers, '', ''].join('\r\n');

describe('what goes on to Watcher', () => {
  test.each(['/', '/v1/', '/v1/audits?limit=2&sort_key=a%2Fb', '/v1/action_plans/x/start'])(
    '%s, as it was sent',
    async (path) => {
      const answer = await door.call(path, { token: 'the-callers-own' });
      expect(answer.status).toBe(200);
      expect(answer.text).toBe('{"audits": []}');
      expect(seen).toHaveLength(1);
      expect(seen[0]?.url).toBe(path);
      expect(seen[0]?.headers['x-auth-token']).toBe('the-callers-own');
      // Whether the caller may is Watcher's to say: Keystone was not asked.
      expect(door.validated).toEqual([]);
    },
  );

  test.each(['POST', 'PATCH', 'DELETE', 'OPTIONS'])(
    'the method %s and its body',
    async (method) => {
      const body = '[{"op": "replace", "path": "/state", "value": "CANCELLING"}]';
      await door.call('/v1/action_plans/x', { method, body });
      await until(() => seen.length === 1);
      expect(seen[0]).toMatchObject({ method, body });
    },
  );

  test('a body larger than what this service reads for itself', async () => {
    const body = JSON.stringify({ text: 'x'.repeat(3_000_000) });
    handler = (req, res) => void req.on('end', () => echo(req, res)).resume();
    expect((await door.call('/v1/audits', { method: 'POST', body })).status).toBe(200);
    expect(seen[0]?.body.length).toBe(body.length);
  });

  test('an answer in pieces, as they come', async () => {
    let end = (): void => undefined;
    handler = (_req, res) => {
      res.write('first ');
      end = () => res.end('last');
    };
    const response = await fetch(`${door.server.url}/v1/audits`);
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(Buffer.from(first?.value ?? []).toString()).toBe('first ');
    end();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('last');
  });

  test('status, headers and body of an error, unchanged', async () => {
    handler = (_req, res) => {
      res.writeHead(404, { 'Content-Type': 'application/json', 'X-OpenStack-Request-Id': 'req-1' });
      res.end('{"faultstring": "no such audit"}');
    };
    const answer = await door.call('/v1/audits/x');
    expect(answer.status).toBe(404);
    expect(answer.json).toEqual({ faultstring: 'no such audit' });
    expect(answer.headers.get('x-openstack-request-id')).toBe('req-1');
    expect(answer.headers.get('cache-control')).toBeNull();
  });

  test('a redirect, which is the caller’s to follow', async () => {
    handler = (_req, res) => res.writeHead(302, { Location: 'http://elsewhere.example/' }).end();
    const response = await fetch(`${door.server.url}/v1`, { redirect: 'manual' });
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe('http://elsewhere.example/');
  });
});

describe('what stays here', () => {
  test.each([
    PATH,
    PATH.slice('/v1'.length),
    `${PATH}/compensations`,
    '/v1/rollbacks',
    '/rollbacks',
  ])('%s asks Keystone and never Watcher', async (path) => {
    expect((await door.call(path, { token: null })).status).toBe(401);
    expect((await door.call(path)).status).toBe(200);
    expect(seen).toEqual([]);
  });

  test.each(['/healthz', '/readyz', '/metrics'])('%s', async (path) => {
    expect((await door.call(path, { token: null })).status).toBeLessThan(600);
    expect(seen).toEqual([]);
  });
});

describe('headers', () => {
  test('Host stays; how the request came is told; the request id is handed on', async () => {
    const id = 'req-11111111-2222-4333-8444-555555555555';
    await sendRaw(
      door.server.port,
      head('GET /v1/audits HTTP/1.1', `X-OpenStack-Request-ID: ${id}`, 'Connection: close'),
    );
    expect(seen[0]?.headers).toMatchObject({
      host: 'cloud.example:9322',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'cloud.example:9322',
      via: '1.1 watcher-rollback',
      'x-openstack-request-id': id,
    });
  });

  test('those of one connection go no further, in both directions', async () => {
    handler = (_req, res) => {
      res.setHeader('Connection', 'close, X-Hop');
      res.setHeader('X-Hop', 'for this connection');
      res.setHeader('Keep-Alive', 'timeout=99');
      res.end('{}');
    };
    const text = await sendRaw(
      door.server.port,
      head(
        'GET /v1/audits HTTP/1.1',
        'Connection: keep-alive, X-Mine',
        'X-Mine: 1',
        'Keep-Alive: timeout=5',
        'TE: trailers',
        'Upgrade: h2c',
        'Proxy-Authorization: Basic secret',
      ),
      300,
    );
    expect(text).toMatch(/^HTTP\/1.1 200 /);
    expect(text.toLowerCase()).not.toMatch(/x-hop|timeout=99|connection: close/);
    const names = Object.keys(seen[0]?.headers ?? {});
    const dropped = ['x-mine', 'keep-alive', 'te', 'upgrade', 'proxy-authorization'];
    expect(names.filter((name) => dropped.includes(name))).toEqual([]);
  });

  test('Connection cannot take away where a body ends', async () => {
    const second = 'GET /v1/smuggled HTTP/1.1\r\nHost: x\r\n\r\n';
    for (const framing of ['Content-Length: ' + second.length, 'Transfer-Encoding: chunked']) {
      const chunked = framing.startsWith('T');
      const body = chunked ? `${second.length.toString(16)}\r\n${second}\r\n0\r\n\r\n` : second;
      const name = framing.split(':')[0] ?? '';
      await sendRaw(
        door.server.port,
        head('GET /v1/audits HTTP/1.1', framing, `Connection: close, ${name}`) + body,
      );
    }
    await until(() => seen.length >= 2);
    await sleep(50);
    expect(seen.map(({ url, body }) => [url, body])).toEqual([
      ['/v1/audits', second],
      ['/v1/audits', second],
    ]);
  });

  test('a coding that Watcher may read otherwise is refused', async () => {
    const text = await sendRaw(
      door.server.port,
      head('POST /v1/audits HTTP/1.1', 'Transfer-Encoding: gzip, chunked') + '0\r\n\r\n',
      500,
    );
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(seen).toEqual([]);
  });

  test('a client that wants to close is closed', async () => {
    const startedAt = Date.now();
    await sendRaw(door.server.port, head('GET /v1/audits HTTP/1.1', 'Connection: close'));
    expect(Date.now() - startedAt).toBeLessThan(1500);
  });
});

describe('paths with two meanings', () => {
  test.each([
    '//v1/audits',
    '/v1//audits',
    '/v1/../admin',
    '/v1/%2e%2E/admin',
    '/v1/.%2e;x=1/admin',
    '/v1/a%2fb',
    '/v1/a%5cb',
    '/v1/a\\b',
    '/v1/%00',
    '/v1/%zz',
    '/v1/audits#x',
    '*',
  ])('%s is refused', async (path) => {
    const text = await sendRaw(
      door.server.port,
      head(`${path === '*' ? 'OPTIONS' : 'GET'} ${path} HTTP/1.1`, 'Connection: close'),
    );
    expect(text).toMatch(/^HTTP\/1.1 400 /);
    expect(text).toContain('Content-Type: application/json');
    expect(seen).toEqual([]);
  });

  test('the host of an absolute target counts for nothing', async () => {
    const line = 'GET http://169.254.169.254/v1/audits?a=1 HTTP/1.1';
    expect(await sendRaw(door.server.port, head(line, 'Connection: close'))).toMatch(/ 200 /);
    expect(seen[0]?.url).toBe('/v1/audits?a=1');
    const own = `GET http://169.254.169.254${PATH} HTTP/1.1`;
    expect(await sendRaw(door.server.port, head(own, 'Connection: close'))).toMatch(/ 401 /);
  });

  test('CONNECT opens nothing', async () => {
    const text = await sendRaw(
      door.server.port,
      head('CONNECT 169.254.169.254:80 HTTP/1.1'),
      500,
    ).catch(() => '');
    expect(text).not.toMatch(/^HTTP\/1.1 2/);
    expect(seen).toEqual([]);
  });

  test('a prefix of the address is kept, and there is no way out of it', async () => {
    const below = await openDoor({}, { proxy: targetOf(`${address}/optimize`) });
    expect((await below.call('/v1/audits')).status).toBe(200);
    expect((await below.call('/')).status).toBe(200);
    expect(seen.map(({ url }) => url)).toEqual(['/optimize/v1/audits', '/optimize/']);
    await below.close();
  });
});

describe('Watcher away', () => {
  test('nobody listens: 503, to be asked again', async () => {
    const away = await openDoor({}, { proxy: targetOf('http://127.0.0.1:1') });
    const answer = await away.call('/v1/audits', { method: 'POST', body: '{}' });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect(answer.fault).toMatch(/Watcher cannot be reached/);
    // What is this service's own does not need it.
    expect((await away.call(PATH)).status).toBe(200);
    await away.close();
  });

  test('silent for too long: 502, for it may have been done', async () => {
    handler = () => undefined;
    const answer = await door.call('/v1/audits', { method: 'POST', body: '{}' });
    expect(answer.status).toBe(502);
    expect(answer.fault).toMatch(/nothing came for 0.5 s.*look before you ask again/);
    expect(seen).toHaveLength(1);
  });

  test('gone in the middle of its answer: the caller sees that it is cut off', async () => {
    handler = (_req, res) => {
      res.setHeader('Content-Length', 1000);
      res.write('half');
      setTimeout(() => res.destroy(), 20);
    };
    await expect(door.call('/v1/audits')).rejects.toThrow();
  });

  test('a caller that goes away ends the request to Watcher', async () => {
    let ended = false;
    handler = (req) => void req.socket.once('close', () => (ended = true));
    const caller = new AbortController();
    const call = door.call('/v1/audits', { signal: caller.signal });
    await until(() => seen.length === 1);
    caller.abort();
    await expect(call).rejects.toThrow();
    await until(() => ended);
  });
});

describe('loops', () => {
  test('a request that has been here is refused', async () => {
    const answer = await door.call('/v1/audits', {
      headers: { via: '1.0 a, 1.1 watcher-rollback' },
    });
    expect(answer.status).toBe(508);
    expect(answer.fault).toMatch(/ROLLBACK_WATCHER_URL/);
    expect(seen).toEqual([]);
  });

  test('the start refuses an address that leads back here, also by way of another', async () => {
    const log = silentLogger();
    const other = await openDoor({}, { proxy: targetOf(door.server.url) });
    await expect(refuseOwnAddress(targetOf(door.server.url), log)).rejects.toThrow(
      /leads back to this service/,
    );
    await expect(refuseOwnAddress(targetOf(other.server.url), log)).rejects.toThrow(/leads back/);
    await other.close();
    await refuseOwnAddress(targetOf(address), log);
    await refuseOwnAddress(targetOf('http://127.0.0.1:1'), log);
  });

  test("the service's own client leaves the catalog's entry alone", () => {
    const cloud = { endpointOverrides: { compute: 'http://nova' } } as Parameters<
      typeof withRealWatcher
    >[0];
    expect(withRealWatcher(cloud, 'http://watcher:9322').endpointOverrides).toEqual({
      compute: 'http://nova',
      'infra-optim': 'http://watcher:9322',
    });
    expect(withRealWatcher(cloud, null)).toBe(cloud);
  });
});
