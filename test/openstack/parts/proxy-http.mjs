/**
 * For the part `proxy`: the same request to Watcher and to the service, and that nobody could tell the answers apart.
 * Both are sent the Host that a caller would send who knows the service by another name.
 */
import { parsed, rawRequest } from '../programs.mjs';

const HOST = 'cloud.example:9322';
/** Of one answer alone, or of one connection. */
const OF_ONE_ANSWER = [
  'date',
  'connection',
  'keep-alive',
  'via',
  'x-openstack-request-id',
  'openstack-request-id',
];

export async function sameAsWatcher({ site, service, checks, plan, watcherUrl }) {
  const token = await site.cloud.token();
  const ask = (at, method, path, options = {}) =>
    rawRequest(method, `${at}${path}`, {
      ...options,
      headers: {
        host: HOST,
        accept: 'application/json',
        'x-auth-token': token,
        ...(options.body !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
    });
  const same = async (title, method, path, options) => {
    const [here, there] = [
      await ask(service.url, method, path, options),
      await ask(watcherUrl, method, path, options),
    ];
    checks.equal(`${title}: as Watcher's own answer, to the byte`, view(here), view(there));
    return here;
  };
  const root = await same('GET / (version document)', 'GET', '/');
  checks.matches(
    '… its links lead to the Host that the caller named',
    root.body,
    /cloud\.example:9322\/v1/,
  );
  await same('GET /v1/ (version document)', 'GET', '/v1/');
  await same('GET of the plan', 'GET', `/v1/action_plans/${plan.uuid}`);
  await same('HEAD', 'HEAD', `/v1/action_plans/${plan.uuid}`);
  await same('without a token', 'GET', '/v1/audits', { headers: { 'x-auth-token': 'nobody' } });
  await same('no such path', 'GET', '/v1/no-such-thing');
  const micro = { 'openstack-api-version': 'infra-optim 9.9' };
  await same('a microversion too new', 'GET', '/v1/audits', { headers: micro });

  await paging({ checks, ask: (method, path) => ask(service.url, method, path), token, service });
  await writing({ site, checks, ask, service, watcherUrl });
}

function view({ status, headers, body }) {
  const kept = Object.entries(headers).filter(([name]) => !OF_ONE_ANSWER.includes(name));
  return { status, headers: Object.fromEntries(kept), body };
}

/** The link of a page leads to where the caller came from, and there to the next page. */
async function paging({ checks, ask, token, service }) {
  const first = parsed((await ask('GET', '/v1/action_plans?limit=1')).body);
  const next = new URL(first.next);
  checks.equal('the next link of a page stays on the host that was asked', next.host, HOST);
  const headers = { 'x-auth-token': token };
  const one = parsed(
    (await rawRequest('GET', `${service.url}/v1/action_plans?limit=1`, { headers })).body,
  );
  checks.ok(
    '… and without another Host on this service',
    one.next.startsWith(`${service.url}/v1/`),
    one.next,
  );
  const two = parsed((await rawRequest('GET', one.next, { headers })).body);
  checks.ok(
    '… followed, it gives the next page',
    two.action_plans?.length === 1 && two.action_plans[0].uuid !== one.action_plans[0].uuid,
    JSON.stringify(two),
  );
}

/** POST, PATCH and DELETE through the service; Watcher is asked what came of them. */
async function writing({ site, checks, ask, service, watcherUrl }) {
  const name = 'rollback test: Grüße, ✓';
  const description = `"${'Zeile\\n '.repeat(15)}" ✓`;
  const goal = (await site.cloud.watcher('GET', '/goals', { expect: [200] })).body.goals.find(
    (one) => one.name === 'dummy',
  );
  const body = JSON.stringify({ name, description, goal: goal.uuid });
  const made = await ask(service.url, 'POST', '/v1/audit_templates', { body });
  const uuid = parsed(made.body)?.uuid;
  const path = `/v1/audit_templates/${uuid}`;
  const there = async () => {
    const answer = await ask(watcherUrl, 'GET', path);
    return answer.status === 200 ? parsed(answer.body) : { status: answer.status };
  };
  const kept = await there();
  checks.equal(
    'POST: 201, and Watcher has every character',
    [made.status, kept.name, kept.description],
    [201, name, description],
  );
  checks.matches(
    "… Location names the caller's Host",
    made.headers.location ?? HOST,
    /cloud\.example:9322/,
  );
  const patch = JSON.stringify([{ op: 'replace', path: '/description', value: 'zwei ✓' }]);
  const changed = await ask(service.url, 'PATCH', path, { body: patch });
  checks.equal('PATCH: 200, done', [changed.status, (await there()).description], [200, 'zwei ✓']);
  const gone = await ask(service.url, 'DELETE', path);
  checks.equal(
    'DELETE: 204, done',
    [gone.status, gone.body, await there()],
    [204, '', { status: 404 }],
  );
}
