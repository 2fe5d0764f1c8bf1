/** The OpenAPI document: in step with the routes, its examples run, and real answers are as it says. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { OpenApiDocument } from '../../src/api/openapi/document.js';
import { EXAMPLE_LOGIN, EXAMPLE_PLAN } from '../../src/api/openapi/examples.js';
import { ADMIN_TOKEN, ApiError, openDoor, rollbackResult, tokenInfo } from './support.js';
import type { Door } from './support.js';

interface Media {
  schema: object;
  example?: unknown;
}
interface Operation {
  operationId: string;
  parameters: { name: string; in: string; example?: unknown; schema: object }[];
  requestBody?: { required: boolean; content: Record<string, Media> };
  responses: Record<string, { description: string; content?: Record<string, Media> }>;
}

let door: Door;
let document: OpenApiDocument;
let ajv: Ajv2020;
beforeAll(async () => {
  door = await openDoor();
  const answer = await door.call('/v1/openapi.json', { token: null });
  expect(answer.status).toBe(200);
  document = answer.json as unknown as OpenApiDocument;
  ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  ajv.addSchema({ $id: 'api', ...document });
});
afterAll(() => door.close());

function operationsOf(): { path: string; method: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'parameters')
      .map(([method, operation]) => ({ path, method, operation: operation as Operation })),
  );
}

/** References in the document are into itself. */
function problems(schema: object, value: unknown): unknown {
  const text = JSON.stringify(schema).replaceAll('"#/components', '"api#/components');
  const validate = ajv.compile(JSON.parse(text) as object);
  return validate(value) ? null : validate.errors;
}

test('is OpenAPI 3.1 whose references and schemas are whole', () => {
  expect(document.openapi).toBe('3.1.1');
  const text = JSON.stringify(document);
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    expect(Object.keys(document.components.schemas)).toContain(name);
  }
  expect(text).not.toContain('"$schema"');
  const ids = operationsOf().map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

test('every example of an answer is as its schema says', () => {
  for (const { operation } of operationsOf()) {
    for (const answer of Object.values(operation.responses)) {
      for (const media of Object.values(answer.content ?? {})) {
        if (media.example !== undefined) expect(problems(media.schema, media.example)).toBeNull();
      }
    }
  }
});

test('every example request is answered as the document says', async () => {
  const { user, password } = EXAMPLE_LOGIN;
  door.cloud.identity.logIn = (given) => {
    const same = given.userName === user && given.password === password;
    return Promise.resolve(same ? { ...tokenInfo(), value: ADMIN_TOKEN } : null);
  };
  for (const { path, method, operation } of operationsOf()) {
    const media = operation.requestBody?.content['application/json'];
    const headers = operation.parameters
      .filter((parameter) => parameter.in === 'header')
      .map(({ name, example }): [string, string] => [name, String(example)]);
    if (media?.example !== undefined) {
      expect([operation.operationId, problems(media.schema, media.example)]).toEqual([
        operation.operationId,
        null,
      ]);
    }
    const answer = await door.call(path.replace('{uuid}', EXAMPLE_PLAN), {
      method: method.toUpperCase(),
      headers: Object.fromEntries(headers),
      ...(media?.example !== undefined && { body: JSON.stringify(media.example) }),
    });
    const said = operation.responses[answer.status];
    expect([operation.operationId, answer.status, said === undefined]).toEqual([
      operation.operationId,
      operation.operationId === 'logIn' ? 201 : 200,
      false,
    ]);
    const schema = said?.content?.['application/json']?.schema;
    if (schema !== undefined) expect(problems(schema, answer.json)).toBeNull();
    // Whatever has a body shows one: an operation without an example could not be tried like this.
    if (operation.requestBody?.required === true) expect(media?.example).toBeDefined();
  }
});

test('every refusal is one that the document names, in the shape that it says', async () => {
  const cases: [string, string, number, Parameters<Door['call']>[1]][] = [
    ['/rollback', 'get', 401, { token: null }],
    ['/rollback', 'post', 403, { token: 'member', method: 'POST' }],
    ['/rollback', 'post', 400, { method: 'POST', body: '{"nope": 1}' }],
    [
      '/rollback',
      'post',
      415,
      { method: 'POST', body: 'x', headers: { 'Content-Type': 'text/x' } },
    ],
    ['/rollback', 'get', 406, { headers: { 'OpenStack-API-Version': 'infra-optim 9.9' } }],
    ['/rollback/retry', 'post', 400, { method: 'POST', body: '{}' }],
    ['/rollback/preview', 'get', 405, { method: 'DELETE' }],
  ];
  for (const [end, method, status, options] of cases) {
    const path = `/v1/action_plans/{uuid}${end}`;
    const answer = await door.call(path.replace('{uuid}', EXAMPLE_PLAN), options);
    expect([path, answer.status]).toEqual([path, status]);
    const operation = document.paths[path]?.[method] as Operation;
    const schema = operation.responses[status]?.content?.['application/json']?.schema;
    expect(problems(schema ?? { not: {} }, answer.json)).toBeNull();
  }
});

test('what a rollback can be refused with is all there: 409 and 503 too', async () => {
  door.rollbacks.accepted = new ApiError('RollbacksStopped', 'All rollbacks are stopped.');
  const stopped = await door.call(`/v1/action_plans/${EXAMPLE_PLAN}/rollback`, { method: 'POST' });
  expect([stopped.status, stopped.fault]).toEqual([409, 'All rollbacks are stopped.']);
  door.rollbacks.accepted = rollbackResult();
  const post = document.paths['/v1/action_plans/{uuid}/rollback']?.['post'] as Operation;
  expect(Object.keys(post.responses).toSorted()).toEqual(
    [
      '200',
      '400',
      '401',
      '403',
      '404',
      '405',
      '406',
      '409',
      '414',
      '415',
      '429',
      '500',
      '503',
    ].toSorted(),
  );
});

test('every route of the service is in the document, but for pages', async () => {
  const known = new Set(Object.keys(document.paths));
  const metrics = await door.call('/metrics', { token: null });
  const routes = [...metrics.text.matchAll(/route="([^"]+)"/g)].map(([, route]) => route ?? '');
  const pages = ['unmatched', '/', '/v1/', '/docs', '/v1/openapi.json', '/ui/'];
  expect(
    [...new Set(routes)].filter((route) => !known.has(route) && !pages.includes(route)),
  ).toEqual([]);
  // Those that the tests above have called; so the check is not an empty one.
  expect(routes).toContain('/v1/action_plans/{uuid}/rollback/preview');
});

test('the page at /docs: every operation, nothing from elsewhere, a strict policy', async () => {
  const page = await door.call('/docs', { token: null });
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  for (const { path, operation } of operationsOf()) {
    expect(page.text).toContain(`id="${operation.operationId}"`);
    expect(page.text).toContain(`<code>${path}</code>`);
  }
  expect(page.text).not.toMatch(/<script|<link|<img|src=|url\(/);
  expect(page.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-/,
  );
  const tag = page.headers.get('etag') ?? '';
  const again = await door.call('/docs', { token: null, headers: { 'If-None-Match': tag } });
  expect([again.status, again.text]).toEqual([304, '']);
});

test('without tokens the document asks for none', async () => {
  const open = await openDoor({ auth: 'none' });
  const answer = await open.call('/v1/openapi.json', { token: null });
  expect(answer.text).not.toContain('"security"');
  expect(answer.text).not.toContain('keystone');
  await open.close();
});
