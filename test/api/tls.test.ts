/** With a certificate the API speaks https alone, within the same bounds, and takes a renewed pair up while it runs. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect as connectPlain } from 'node:net';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { createLogger } from '../../src/log.js';
import { certificateOf, followCertificate } from '../../src/service/api-certificate.js';
import { certificates } from '../security/certificates.js';
import {
  ADMIN_TOKEN,
  type Door,
  openDoor,
  PATH,
  rollbackResult,
  sendRaw,
  until,
} from './support.js';

const made = certificates();
const first = made.make('first');
const second = made.make('second');
afterAll(() => made.remove());

let door: Door;
afterEach(() => door.close());
const open = async (limits: Parameters<typeof openDoor>[2] = {}): Promise<void> => {
  const eventTiming = { pollMs: 10, retryMs: 10, lingerMs: 200 };
  door = await openDoor({}, { eventTiming }, limits, first);
};

interface Got {
  status: number;
  text: string;
  headers: Record<string, unknown>;
}

function get(
  path: string,
  ca = first.cert,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const options = {
      ca,
      method,
      servername: 'localhost',
      agent: false,
      headers: { 'X-Auth-Token': ADMIN_TOKEN, ...headers },
    };
    const asked = request(`https://localhost:${door.server.port}${path}`, options, (answer) => {
      let text = '';
      answer.on('data', (piece: Buffer) => (text += piece.toString()));
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, text, headers: answer.headers }),
      );
    });
    asked.once('error', reject);
    asked.end();
  });
}

function handshake(options: { maxVersion?: SecureVersion; ca?: string } = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const { port } = door.server;
    const given = { port, host: '127.0.0.1', ca: first.cert, ...options };
    const socket = connect({ ...given, minVersion: 'TLSv1' }, () => resolve(socket));
    socket.once('error', reject);
  });
}

test('https: the address and every link say so', async () => {
  await open();
  expect(door.server.url).toBe(`https://127.0.0.1:${door.server.port}`);
  const { status, text, headers } = await get(PATH);
  expect(status).toBe(200);
  const base = `https://localhost:${door.server.port}`;
  expect(JSON.parse(text)).toMatchObject({ links: [{ href: `${base}${PATH}` }, {}] });
  expect(headers['link']).toContain(`<${base}/v1/openapi.json>`);
  // Of a Host that is none, the address of the connection is made.
  const nameless = await get(PATH, first.cert, { Host: 'a b' });
  expect(nameless.text).toContain(`https://127.0.0.1:${door.server.port}/`);
});

test('an event stream goes on until the rollback ends', async () => {
  await open();
  door.rollbacks.current = rollbackResult('ONGOING');
  const stream = get(`${PATH}/events`, first.cert, { Accept: 'text/event-stream' });
  setTimeout(() => (door.rollbacks.current = rollbackResult('SUCCEEDED')), 100);
  const { status, headers, text } = await stream;
  expect([status, headers['content-type']]).toEqual([200, 'text/event-stream']);
  expect(text).toContain('"state":"ONGOING"');
  expect(text).toContain('"state":"SUCCEEDED"');
});

test('plain http gets no answer, and whoever asks next is served', async () => {
  await open();
  const plain = sendRaw(door.server.port, `GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`);
  expect(await plain.catch((error: Error) => error.message)).not.toMatch(/HTTP|ok/);
  expect((await get('/healthz')).status).toBe(200);
});

test('TLS 1.1 is refused, 1.2 is not', async () => {
  await open();
  await expect(handshake({ maxVersion: 'TLSv1.1' })).rejects.toThrow(/protocol|version/i);
  const socket = await handshake({ maxVersion: 'TLSv1.2' });
  expect(socket.getProtocol()).toBe('TLSv1.2');
  socket.destroy();
});

test('a certificate that nobody vouches for is refused by who asks', async () => {
  await open();
  await expect(get('/healthz', second.cert)).rejects.toThrow(/self-signed/);
});

test('what is no HTTP within, and headers that are too large, are answered as without TLS', async () => {
  await open();
  const sent = async (text: string): Promise<string> => {
    const socket = await handshake();
    let got = '';
    socket.on('data', (piece: Buffer) => (got += piece.toString()));
    socket.write(text);
    await until(() => socket.closed);
    return got;
  };
  expect(await sent('\x00\x01\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 .*not HTTP/s);
  const large = `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`;
  expect(await sent(large)).toMatch(/^HTTP\/1\.1 431 .*16 KiB/s);
});

test('who does not shake hands, or says nothing after it, is cut off', async () => {
  const limits = { headersTimeout: 200, requestTimeout: 300, connectionsCheckingInterval: 50 };
  await open({ handshakeTimeout: 200, ...limits });
  const silent = connectPlain(door.server.port, '127.0.0.1');
  silent.on('error', () => undefined).resume();
  const idle = await handshake();
  idle.on('error', () => undefined).resume();
  await until(() => silent.closed && idle.closed);
});

test('closing waits neither for connections without a handshake nor for such without a request', async () => {
  await open();
  const silent = connectPlain(door.server.port, '127.0.0.1');
  silent.on('error', () => undefined).resume();
  const idle = await handshake();
  idle.on('error', () => undefined).resume();
  expect((await get('/healthz')).status).toBe(200);
  const begun = performance.now();
  await door.server.close(5000);
  expect(performance.now() - begun).toBeLessThan(1000);
});

test('closing lets a request under way end', async () => {
  await open();
  door.rollbacks.accepted = rollbackResult('ONGOING');
  door.rollbacks.ended = (_timeoutMs, signal) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => setTimeout(resolve, 100, rollbackResult('ONGOING')));
    });
  const waiting = get(PATH, first.cert, { Prefer: 'wait=30' }, 'POST');
  await until(() => door.rollbacks.waits.length > 0);
  await door.server.close(5000);
  expect((await waiting).status).toBe(200);
});

describe('renewal', () => {
  const files = { certFile: made.file('used.pem'), keyFile: made.file('used.key') };
  const use = (cert: string, key: string): void => {
    copyFileSync(made.file(`${cert}.pem`), files.certFile);
    copyFileSync(made.file(`${key}.key`), files.keyFile);
  };
  let logs: Record<string, unknown>[];
  let unfollow: () => void;
  beforeEach(async () => {
    use('first', 'first');
    await open();
    logs = [];
    const write = (line: string): unknown => logs.push(JSON.parse(line) as Record<string, unknown>);
    const log = createLogger({ level: 'info', format: 'json', destination: { write } });
    const take = (next: typeof first): void => door.server.renew(next);
    unfollow = followCertificate(files, first, { log, take, everyMs: 10 });
  });
  afterEach(() => unfollow());

  test('a new pair is used from then on; what is open stays', async () => {
    const kept = await handshake();
    use('second', 'second');
    await until(() => logs.length > 0);
    expect(logs[0]).toMatchObject({ level: 'info', subject: 'CN=second' });
    expect((await get('/healthz', second.cert)).status).toBe(200);
    await expect(get('/healthz', first.cert)).rejects.toThrow(/self-signed/);
    const minimum = handshake({ maxVersion: 'TLSv1.1', ca: second.cert });
    await expect(minimum).rejects.toThrow(/protocol|version/i);
    let got = '';
    kept.on('data', (piece: Buffer) => (got += piece.toString()));
    kept.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    await until(() => got.startsWith('HTTP/1.1 200'));
    unfollow();
    use('first', 'first');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(logs).toHaveLength(1);
  });

  test.each<[string, () => void, RegExp]>([
    ['half of a pair', () => use('second', 'first'), /is not the key of/],
    ['no certificate', () => writeFileSync(files.certFile, 'x'), /no PEM certificate/],
    ['a file cut short', () => writeFileSync(files.keyFile, ''), /no PEM private key/],
  ])(
    '%s is logged once, and the old pair stays until there is a good one',
    async (_, spoil, why) => {
      spoil();
      await until(() => logs.length > 0);
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(logs).toHaveLength(1);
      expect(logs[0]).toMatchObject({
        level: 'error',
        problem: expect.stringMatching(why) as unknown,
      });
      expect((await get('/healthz')).status).toBe(200);
      use('second', 'second');
      await until(() => logs.length > 1);
      expect((await get('/healthz', second.cert)).status).toBe(200);
    },
  );
});

describe('the files at the start', () => {
  const path = (name: string): string => made.file(name);
  const load = (cert: string, key: string) => () =>
    certificateOf({ certFile: path(cert), keyFile: path(key) });
  beforeAll(async () => {
    await open();
    writeFileSync(path('empty'), '');
    writeFileSync(path('large'), Buffer.alloc(1024 * 1024 + 1));
    writeFileSync(path('both.pem'), first.cert + first.key);
    const broken = second.cert.replaceAll(/^\w{20}/gm, 'A'.repeat(20));
    writeFileSync(path('broken-chain.pem'), first.cert + broken);
    made.openssl(
      'ec',
      '-in',
      path('first.key'),
      '-aes128',
      '-passout',
      'pass:x',
      '-out',
      path('locked'),
    );
  });

  test('good ones, apart or in one file', () => {
    expect(load('first.pem', 'first.key')()).toEqual(first);
    expect(load('both.pem', 'both.pem')()).not.toBeNull();
    expect(certificateOf({ certFile: null, keyFile: null })).toBeNull();
  });

  test.each([
    ['none.pem', 'first.key', /^ROLLBACK_TLS_CERT_FILE \(.*none\.pem\) .*there is no such file\.$/],
    ['first.pem', 'none.key', /^ROLLBACK_TLS_KEY_FILE \(.*none\.key\) .*there is no such file\.$/],
    ['empty', 'first.key', /^ROLLBACK_TLS_CERT_FILE .*no PEM certificate\.$/],
    ['large', 'first.key', /^ROLLBACK_TLS_CERT_FILE .*larger than 1 MiB\.$/],
    ['first.key', 'first.key', /^ROLLBACK_TLS_CERT_FILE .*no PEM certificate\.$/],
    ['first.pem', 'first.pem', /^ROLLBACK_TLS_KEY_FILE .*no PEM private key\.$/],
    ['first.pem', 'locked', /^ROLLBACK_TLS_KEY_FILE .*passphrase/],
    ['first.pem', 'second.key', /^ROLLBACK_TLS_KEY_FILE .*is not the key of the first certificate/],
    ['broken-chain.pem', 'first.key', /^ROLLBACK_TLS_CERT_FILE .*TLS does not take it\.$/],
  ])('%s with %s: a sentence, without a word of the key', (cert, key, sentence) => {
    expect(load(cert, key)).toThrow(sentence);
    expect(load(cert, key)).not.toThrow(/BEGIN/);
  });
});
