/** Link, ETag, Cache-Control and Vary of every route: what may be kept, by whom, and where related things are. */
import { PATH, PLAN, openDoor } from './support.js';
import type { Door } from './support.js';

let door: Door;
beforeAll(async () => {
  door = await openDoor();
  door.rollbacks.page = { total: 4, offset: 0, compensations: [] };
});
afterAll(() => door.close());

const ROLLBACK = `/v1/action_plans/${PLAN}/rollback`;
const ACTION = '{"action_uuid": "0f1d4c2a-6b7e-4a55-9d3c-1a2b3c4d5e6f"}';
const post = { method: 'POST' };

/** Made for one caller, who must ask each time: they may keep it themselves. */
const ASKED_EACH_TIME: [path: string, relations: Record<string, string>][] = [
  [PATH, { self: ROLLBACK, related: `${ROLLBACK}/compensations` }],
  [`${PATH}/compensations`, { collection: ROLLBACK }],
  ['/v1/rollbacks', {}],
  ['/v1/rollbacks/stop', { self: '/v1/rollbacks/stop' }],
];

/** Nobody keeps it: it changes something, or is good for this moment alone. */
const NOT_KEPT: [path: string, options: object, relations: Record<string, string> | null][] = [
  [PATH, post, { self: ROLLBACK, related: `${ROLLBACK}/compensations` }],
  [
    PATH,
    { ...post, body: '{"dry_run": true}' },
    { self: `${ROLLBACK}/preview`, related: ROLLBACK },
  ],
  [`${PATH}/preview`, {}, { self: `${ROLLBACK}/preview`, related: ROLLBACK }],
  ...['pause', 'resume', 'cancel'].map((verb): (typeof NOT_KEPT)[number] => [
    `${PATH}/${verb}`,
    post,
    { self: ROLLBACK, related: `${ROLLBACK}/compensations` },
  ]),
  [
    `${PATH}/retry`,
    { ...post, body: ACTION },
    { self: ROLLBACK, related: `${ROLLBACK}/compensations` },
  ],
  [`${PATH}/events`, { method: 'HEAD' }, null],
  [
    '/v1/rollbacks/stop',
    { method: 'PUT', body: '{"stopped": false}' },
    { self: '/v1/rollbacks/stop' },
  ],
  ['/v1/', {}, null],
  ['/healthz', { token: null }, null],
  ['/readyz', { token: null }, null],
  ['/metrics', { token: null }, null],
];

/** RFC 8288, as far as this service writes it; the service's description is on every one of them. */
function linksOf(header: string | null): Record<string, string> {
  const links: Record<string, string> = {};
  for (const [, address = '', rel = ''] of (header ?? '').matchAll(/<([^>]+)>; rel="([^"]+)"/g)) {
    expect(address.startsWith(`${door.server.url}/`)).toBe(true);
    links[rel] = address.slice(door.server.url.length);
  }
  return links;
}
const described = (relations: Record<string, string>) => ({
  ...relations,
  'service-desc': '/v1/openapi.json',
});

test.each(ASKED_EACH_TIME)(
  'GET %s: an ETag, and 304 to whoever has it',
  async (path, relations) => {
    const answer = await door.call(path);
    expect(answer.status).toBe(200);
    expect(linksOf(answer.headers.get('link'))).toEqual(described(relations));
    const tag = answer.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]{20,}"$/);
    for (const header of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const again = await door.call(path, { headers: { 'If-None-Match': header } });
      expect([again.status, again.text]).toEqual([304, '']);
      // What a 200 would have had (RFC 9110, 15.4.5).
      for (const name of ['etag', 'cache-control', 'vary', 'link']) {
        expect([name, again.headers.get(name)]).toEqual([name, answer.headers.get(name)]);
      }
      expect(again.headers.get('content-type')).toBeNull();
    }
    expect(answer.headers.get('cache-control')).toBe('private, no-cache');
    expect(answer.headers.get('vary')).toBe('OpenStack-API-Version, X-Auth-Token');
    expect((await door.call(path, { headers: { 'If-None-Match': '"other"' } })).status).toBe(200);
    const head = await door.call(path, { method: 'HEAD' });
    expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', tag]);
  },
);

test.each(NOT_KEPT)('%s %j: kept by nobody', async (path, options, relations) => {
  const answer = await door.call(path, options);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('etag')).toBeNull();
  const links = linksOf(answer.headers.get('link'));
  expect(links).toEqual(relations === null ? {} : described(relations));
  // 304 is for reading alone.
  const tagged = await door.call(path, { ...options, headers: { 'If-None-Match': '*' } });
  expect(tagged.status).toBe(200);
});

test.each(['/v1/openapi.json', '/docs'])('%s is everybody’s, for a while', async (path) => {
  const answer = await door.call(path, { token: null });
  expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
  expect(answer.headers.get('vary')).toBeNull();
  const headers = { 'If-None-Match': answer.headers.get('etag') ?? '' };
  expect((await door.call(path, { token: null, headers })).status).toBe(304);
});

test.each([
  ['a refusal', `${PATH}?nope=1`, {}],
  ['401', PATH, { token: null }],
  ['403', PATH, { token: 'member' }],
  ['404', '/v1/nope', {}],
])('%s is kept by nobody, also where there is a tag', async (_what, path, options) => {
  const answer = await door.call(path, { ...options, headers: { 'If-None-Match': '*' } });
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('etag')).toBeNull();
});

test('the tag changes with what is said, and a preview links to itself', async () => {
  const before = (await door.call('/v1/rollbacks/stop')).headers.get('etag');
  await door.call('/v1/rollbacks/stop', { method: 'PUT', body: '{"stopped": true}' });
  const answer = await door.call('/v1/rollbacks/stop', {
    headers: { 'If-None-Match': before ?? '' },
  });
  expect([answer.status, answer.json.stopped]).toEqual([200, true]);
  const { json } = await door.call(`${PATH}/preview`);
  expect(json.links).toEqual([
    { rel: 'self', href: `${door.server.url}${ROLLBACK}/preview` },
    { rel: 'bookmark', href: `${door.server.url}${ROLLBACK.replace('/v1', '')}/preview` },
  ]);
});

test('a next page is in the Link header as well', async () => {
  door.rollbacks.rows = { rollbacks: [], next: 'm2' };
  const { headers, json } = await door.call('/v1/rollbacks?limit=1');
  expect(linksOf(headers.get('link'))).toEqual(
    described({ next: '/v1/rollbacks?limit=1&marker=m2' }),
  );
  expect(json.next).toBe(`${door.server.url}/v1/rollbacks?limit=1&marker=m2`);
});
