/** A notification reaches no address that it is not meant for: not by a literal, not by a name, not by a redirect. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { guardedLookup, isAllowed } from '../../activities/webhook-address.js';
import { deliver, secretOf } from '../../activities/webhook.js';

let server: Server;
let port: number;
let got = 0;
beforeAll(async () => {
  server = createServer((_req, res) => {
    got += 1;
    res.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => server.close());
beforeEach(() => (got = 0));

const secret = (): Buffer => secretOf('0123456789abcdef');
const send = (url: string, allow?: string[]): Promise<void> =>
  deliver({ url, secret, ...(allow && { allow }) }, 'id', '{}', new AbortController().signal);

test.each([
  '169.254.169.254',
  '169.254.0.1',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  'fe80::1',
  'fd00:ec2::254',
  '100.100.100.200',
  '0.0.0.0',
  '::',
  '224.0.0.1',
  'ff02::1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
  '::169.254.169.254',
  '::ffff:0:a9fe:a9fe',
])('%s: never, unless it is allowed by name', (address) => {
  expect(isAllowed('hooks.example.org', address, { allow: [] })).toBe(false);
  expect(isAllowed('hooks.example.org', address, { allow: ['hooks.example.org'] })).toBe(true);
  expect(isAllowed('hooks.example.org', address, { allow: ['other.example.org'] })).toBe(false);
});

test.each([
  '64:ff9b::cb00:7109',
  '127.0.0.1',
  '10.1.2.3',
  '192.168.0.1',
  '203.0.113.9',
  '::1',
  'fd12::1',
])('%s: without a list, yes; with one, only where it is on it', (address) => {
  expect(isAllowed('h', address, { allow: [] })).toBe(true);
  expect(isAllowed('h', address, { allow: ['172.16.0.0/12', 'fd99::/16'] })).toBe(false);
  expect(isAllowed('h', address, { allow: [address] })).toBe(true);
  const all = ['0.0.0.0/0', '::/0'];
  expect(isAllowed('h', address, { allow: all })).toBe(true);
});

test.each(['http://169.254.169.254/latest/meta-data/', 'http://[fe80::1]/', 'http://0.0.0.0/'])(
  '%s: refused for good, and it says what to set',
  async (url) => {
    const refusal = send(url);
    await expect(refusal).rejects.toMatchObject({
      type: 'NotificationRefused',
      nonRetryable: true,
    });
    await expect(refusal).rejects.toThrow(/may not be notified.*ROLLBACK_WEBHOOK_ALLOW/);
  },
);

test.each(['http://2852039166/', 'http://0xa9fea9fe/', 'http://0251.0376.0251.0376/'])(
  '%s is the same address in other clothes',
  async (url) => {
    await expect(send(url)).rejects.toMatchObject({ type: 'NotificationRefused' });
  },
);

test('a name counts by what it leads to, when the connection is made', async () => {
  const url = `http://localhost:${port}/`;
  await send(url);
  expect(got).toBe(1);
  await expect(send(url, ['10.0.0.0/8'])).rejects.toMatchObject({ type: 'NotificationRefused' });
  await expect(send(url, ['10.0.0.0/8'])).rejects.toThrow(/localhost is (127\.0\.0\.1|::1) and/);
  expect(got).toBe(1);
  await send(url, ['localhost']);
  await send(`http://127.0.0.1:${port}/`, ['127.0.0.0/8']);
  expect(got).toBe(3);
});

test('the lookup answers in both of the forms that are asked for', async () => {
  const looked = (all: boolean, allow: string[]): Promise<unknown[]> =>
    new Promise((resolve) => {
      guardedLookup({ allow })('localhost', { all, family: 4 }, (...answer) => resolve(answer));
    });
  expect(await looked(true, [])).toEqual([null, [{ address: '127.0.0.1', family: 4 }]]);
  expect(await looked(false, [])).toEqual([null, '127.0.0.1', 4]);
  expect((await looked(true, ['10.0.0.0/8']))[0]).toMatchObject({ name: 'AddressRefused' });
  const unknown = await new Promise<unknown>((resolve) => {
    guardedLookup({ allow: [] })('no-such-host.invalid', {}, (error) => resolve(error));
  });
  expect(unknown).toMatchObject({ syscall: 'getaddrinfo' });
});
