/** Part of the acceptance test: people who change servers and hosts while they are being put back. */
import { hostOf, until } from '../cloud.mjs';
import { compensationOf } from '../results.mjs';
import { aftermath, again, away, begin, endedSoon, ours, whileHeld } from '../trouble.mjs';

const FAN = 'broken fan';

/** After it was enabled again, with one server on its way, one in Nova's queue, one not asked for yet. */
export async function disabledAgain(given) {
  const { site, checks } = given;
  const [home, second] = site.hosts;
  const around = await away(given, given.servers.slice(0, 3), second);
  const { servers } = around;
  let begun = [];
  await begin(around);
  await whileHeld(around, async ({ running, queued }) => {
    begun = [running.instance_uuid, queued.instance_uuid];
    await site.cloud.setService(home, 'disabled', FAN);
  });
  const [{ id: left }] = servers.filter(({ id }) => !begun.includes(id));

  const outcomes = (of, ofLeft) => ({ [begun[0]]: of, [begun[1]]: of, [left]: ofLeft });
  const moved = { [begun[0]]: ['completed'], [begun[1]]: ['completed'] };
  const first = await endedSoon(around);
  await aftermath(around, first, {
    state: 'PARTIAL',
    host: 'KEPT',
    outcomes: outcomes('SUCCEEDED', 'NOT_ATTEMPTED'),
    migrations: moved,
  });
  checks.matches(
    '… the reason of the server that was left names theirs',
    compensationOf(first, 'migrate', left)?.reason,
    /disabled: broken fan/,
  );
  const later = await again(around);
  await aftermath(around, later, {
    state: 'FAILED',
    host: 'KEPT',
    outcomes: outcomes('SKIPPED', 'NOT_ATTEMPTED'),
    migrations: moved,
  });
  const service = (await site.cloud.services()).find(({ host }) => host === home);
  const said = [service.status, service.disabled_reason];
  checks.equal('Nova: their reason stands', said, ['disabled', FAN]);

  await site.cloud.setService(home, 'enabled');
  await aftermath(around, await again(around), {
    state: 'SUCCEEDED',
    host: 'SKIPPED',
    outcomes: outcomes('SKIPPED', 'SUCCEEDED'),
    migrations: { ...moved, [left]: ['completed'] },
  });
}

/** One migration is aborted while it runs, one while it is queued; the other two servers have not had their turn. */
export async function abortedDeletedMoved(given) {
  const { site, checks } = given;
  const { cloud, hosts } = site;
  const around = await away(given, given.servers, hosts[1]);
  let aborted = [];
  let [deleted, moved] = [];
  await begin(around);
  await whileHeld(around, async ({ running, queued }) => {
    const begun = [running, queued];
    aborted = begun.map((record) => record.instance_uuid);
    [deleted, moved] = around.servers.filter(({ id }) => !aborted.includes(id));
    const answers = await Promise.all([
      ...begun.map(({ id, instance_uuid: server }) =>
        cloud.nova('DELETE', `/servers/${server}/migrations/${id}`),
      ),
      cloud.nova('DELETE', `/servers/${deleted.id}`),
      cloud.liveMigrate(moved.id, hosts[2]),
    ]);
    const statuses = answers.map(({ status }) => status);
    checks.equal('Nova takes all four on', statuses, [202, 202, 204, 202]);
  });

  await aborts(around, aborted);

  const outcomes = (ofAborted) => ({
    [aborted[0]]: ofAborted,
    [aborted[1]]: ofAborted,
    [deleted.id]: 'NOT_REVERSIBLE',
    [moved.id]: 'KEPT',
  });
  const migrations = (of) => ({ [aborted[0]]: of, [aborted[1]]: of });
  const first = await endedSoon(around);
  await aftermath(around, first, {
    state: 'PARTIAL',
    host: 'SUCCEEDED',
    outcomes: outcomes('FAILED'),
    migrations: migrations(['cancelled']),
  });
  for (const [id, words] of [
    [aborted[0], /cancelled by somebody/],
    [aborted[1], /cancelled by somebody/],
    [deleted.id, /deleted since/],
    [moved.id, new RegExp(`is on ${hosts[2]} now, moved by somebody`)],
  ])
    checks.matches(
      '… the reason says what was done',
      compensationOf(first, 'migrate', id)?.reason,
      words,
    );
  const where = hostOf(await cloud.server(moved.id));
  checks.equal('Nova: the moved server is where it was put', where, hosts[2]);

  await aftermath(around, await again(around), {
    state: 'PARTIAL',
    host: 'SKIPPED',
    outcomes: outcomes('SUCCEEDED'),
    migrations: migrations(['cancelled', 'completed']),
  });
}

/** The driver forgets an abort that comes as it begins: somebody who means it asks until it is done. */
async function aborts(around, servers) {
  await until(
    'both migrations are cancelled',
    async () => {
      const records = (await ours(around)).filter((one) => servers.includes(one.instance_uuid));
      for (const { id, instance_uuid: server, status } of records)
        if (status === 'running')
          await around.site.cloud.nova('DELETE', `/servers/${server}/migrations/${id}`);
      return records.every(({ status }) => status === 'cancelled');
    },
    { limitMs: 30_000 },
  );
}
