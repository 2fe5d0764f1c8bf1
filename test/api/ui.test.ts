/** /ui/ as a server serves it: its headers, its cache, and that only its own files are to be had. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readUiFiles } from '../../src/api/ui-files.js';
import { type Door, openDoor, sendRaw } from './support.js';

let folder: string;
let door: Door;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rollback-ui-'));
  mkdirSync(join(folder, 'ui'));
  const files = {
    'secret.html': 'not for anybody',
    'ui/index.html': '<!doctype html>',
    'ui/main.js': 'export {};',
    'ui/style.css': 'a{}',
    'ui/main.js.map': '{"sources":["/home/somebody"]}',
    'ui/notes.txt': 'notes',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  door = await openDoor({}, { ui: readUiFiles(join(folder, 'ui')) });
});
afterAll(async () => {
  await door.close();
  rmSync(folder, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = {}) =>
  door.call(path, { token: null, headers });

test.each([
  ['/ui/', 'text/html; charset=utf-8'],
  ['/ui/index.html', 'text/html; charset=utf-8'],
  ['/ui/main.js', 'text/javascript; charset=utf-8'],
  ['/ui/style.css?v=1', 'text/css; charset=utf-8'],
])('%s is open to all, as %s', async (path, type) => {
  const answer = await get(path);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe(type);
});

test('a strict policy: nothing inline, nothing foreign, no frame, no guessing of types', async () => {
  const { headers } = await get('/ui/');
  const policy = headers.get('content-security-policy') ?? '';
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]) {
    expect(policy.split('; ')).toContain(part);
  }
  expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('set-cookie')).toBeNull();
});

test('asked again it is 304, by any of the tags that the browser has', async () => {
  const first = await get('/ui/main.js');
  expect(first.headers.get('cache-control')).toBe('no-cache');
  const etag = first.headers.get('etag') ?? '';
  expect(etag).toMatch(/^"[\w-]{20,}"$/);
  const again = await get('/ui/main.js', { 'If-None-Match': `"other", W/${etag}` });
  expect([again.status, again.text]).toEqual([304, '']);
  expect((await get('/ui/style.css', { 'If-None-Match': etag })).status).toBe(200);
});

test('/ui leads to /ui/, wherever the Host header points', async () => {
  const answer = await sendRaw(
    door.server.port,
    'GET /ui HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
  );
  expect(answer).toMatch(/^HTTP\/1\.1 308 /);
  expect(answer).toMatch(/\r\nLocation: ui\/\r\n/i);
});

test.each([
  '/ui/../secret.html',
  '/ui/..%2fsecret.html',
  '/ui/%2e%2e/secret.html',
  '/ui/..\\secret.html',
  '/ui//secret.html',
  '/ui/./index.html',
  '/ui/index%2ehtml',
  '/ui/index.html%00.js',
  '/ui/main.js.map',
  '/ui/notes.txt',
  '/ui/__proto__',
  '/ui/none.js',
])('%s is not to be had', async (path) => {
  const request = `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
  const answer = await sendRaw(door.server.port, request);
  expect(answer).toMatch(/^HTTP\/1\.1 (404|400|401) /);
  expect(answer).not.toMatch(/not for anybody|somebody|doctype|notes\b.*$/);
});

test('other methods are refused, HEAD is not', async () => {
  expect((await door.call('/ui/', { method: 'POST', token: null })).status).toBe(405);
  expect((await door.call('/ui/', { method: 'HEAD', token: null })).status).toBe(200);
});

test('a folder that was not built is said at the start', () => {
  expect(() => readUiFiles(join(folder, 'none'))).toThrow('npm run build');
});
