/** Part of the acceptance test: nova-compute of the host to which servers are to return is away for a while. */
import { hostOf, until } from '../cloud.mjs';
import { compensationOf } from '../results.mjs';
import { aftermath, again, away, begin, endedSoon, ours, whileHeld } from '../trouble.mjs';

/**
 * Down by somebody's word: left alone. Down by its silence: waited for. Dead for a few seconds, in the middle of the
 * migrations: Nova waits for its answers, and so does the service.
 */
export async function destinationIsAway(given) {
  const { site, checks } = given;
  const [home, second] = site.hosts;
  const around = await away(given, given.servers.slice(0, 2), second);
  const { stage, plan, token, servers } = around;
  const each = (what) => Object.fromEntries(servers.map(({ id }) => [id, what]));
  await site.tools.signal('KILL', `nova-${home}`);
  await forceDown(site, home, true);
  const refused = await again(around);
  await aftermath(around, refused, {
    state: 'FAILED',
    host: 'KEPT',
    outcomes: each('NOT_ATTEMPTED'),
    migrations: {},
  });
  checks.matches(
    '… the reason says that the host is forced down',
    compensationOf(refused, 'change_nova_service_state')?.reason,
    new RegExp(`${home} is forced down`),
  );

  await forceDown(site, home, false);
  await site.tools.silent(home);
  await begin(around);
  const waiting = await until('the host is enabled', async () => {
    const { body } = await stage.get(plan, token);
    return compensationOf(body, 'change_nova_service_state')?.state === 'SUCCEEDED' && body;
  });
  checks.equal('a host that is down is waited for', waiting.state, 'ONGOING');
  checks.equal('… and Nova is not asked for anything', await ours(around), []);
  const where = (await Promise.all(servers.map(({ id }) => site.cloud.server(id)))).map(hostOf);
  checks.equal('… the servers are where they were', where, [second, second]);

  await site.tools.start(`nova-${home}`);
  await whileHeld(around, () => site.tools.signal('KILL', `nova-${home}`));
  await site.tools.start(`nova-${home}`);
  await aftermath(around, await endedSoon(around), {
    state: 'SUCCEEDED',
    host: 'SUCCEEDED',
    outcomes: each('SUCCEEDED'),
    migrations: each(['completed']),
  });
}

async function forceDown({ cloud }, host, forced_down) {
  const { id } = (await cloud.services()).find((service) => service.host === host);
  await cloud.nova('PUT', `/os-services/${id}`, { json: { forced_down }, expect: [200] });
}
