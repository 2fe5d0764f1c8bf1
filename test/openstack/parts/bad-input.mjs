/** Part of the acceptance test: what is refused, at once and in a sentence, and that it touched nothing. */
import { pause } from '../cloud.mjs';
import { actuate, disableAction, freshServers, makePlan } from '../plans.mjs';
import { sentenceOf } from '../results.mjs';
import { migrationsAfter, newestMigration, snapshot } from '../snapshot.mjs';

const UNKNOWN_PLAN = '00000000-0000-4000-8000-000000000000';

/** What is refused is refused at once, in a sentence, and nothing is touched. */
export async function badInput({ site, service, checks }) {
  await freshServers(site, 1);
  const before = await snapshot(site);
  const known = await newestMigration(site);
  const token = await site.cloud.token();
  const recommended = await makePlan(site, 'unclassified', 'actuator', {
    actions: [disableAction(site.hosts[0], 'never applied')],
  });
  const ask = async (title, plan, options, status, pattern) => {
    const answer = await service.post(plan, options.token ?? token, options);
    checks.equal(`${title}: ${status}`, answer.status, status);
    checks.matches('… says why', sentenceOf(answer), pattern);
    return answer;
  };
  await ask('unknown plan', UNKNOWN_PLAN, {}, 404, new RegExp(UNKNOWN_PLAN));
  await ask('not a UUID', 'plan-1', {}, 400, /uuid/i);
  await ask('plan RECOMMENDED', recommended, {}, 400, /RECOMMENDED/);
  await ask('unknown option', recommended, { json: { colour: 1 } }, 400, /colour/);
  await ask('wrong type', recommended, { json: { max_age: 'old' } }, 400, /max_age/);
  await ask('broken JSON', recommended, { text: '{"max_age":' }, 400, /JSON/i);
  const microversion = { headers: { 'openstack-api-version': 'infra-optim 9.9' } };
  await ask('unsupported microversion', recommended, microversion, 406, /9\.9/);
  const denied = await ask('bad token', recommended, { token: 'no-such-token' }, 401, /auth/i);
  checks.matches('… WWW-Authenticate', denied.headers.get('www-authenticate'), /^Keystone uri=/);
  const none = await service.get(recommended, token);
  checks.equal('GET without a rollback: 404', none.status, 404);

  const { plan } = await actuate(site, [
    { action_type: 'nop', input_parameters: { message: 'acceptance test' } },
  ]);
  await pause(2500);
  await ask('older than max_age', plan, { json: { max_age: 1 } }, 400, /max_age|old/);
  const nothing = (await service.post(plan, token)).body;
  checks.equal(
    'a plan of nop: SUCCEEDED, all SKIPPED',
    [nothing.state, nothing.counts],
    ['SUCCEEDED', { SKIPPED: 1 }],
  );
  checks.equal('Nova and Ironic: nothing was touched', await snapshot(site), before);
  checks.equal('Nova: no migration', (await migrationsAfter(site, known)).length, 0);
}
