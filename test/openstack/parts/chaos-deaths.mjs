/** Part of the acceptance test: programs that die while servers are moved home, ours and OpenStack's. */
import { until } from '../cloud.mjs';
import { seconds } from '../results.mjs';
import { aftermath, away, begin, endedSoon, ours, whileHeld } from '../trouble.mjs';

/** The promise: a dead worker is noticed within this. */
const NOTICED_MS = 15_000;

const allHome = (servers) => ({
  state: 'SUCCEEDED',
  host: 'SUCCEEDED',
  outcomes: Object.fromEntries(servers.map(({ id }) => [id, 'SUCCEEDED'])),
  migrations: Object.fromEntries(servers.map(({ id }) => [id, ['completed']])),
});

/** Two of the servers, moved to the host that lets go of them slowly. */
const twoAway = (around) => away(around, around.servers.slice(0, 2), around.site.hosts[1]);

export async function workerDies(given) {
  const around = await twoAway(given);
  const { checks, stage, plan } = around;
  let killedAt = null;
  await begin(around);
  await whileHeld(around, async () => {
    await stage.another.start();
    killedAt = await stage.worker.kill();
  });
  const result = await endedSoon(around);
  await aftermath(around, result, allHome(around.servers));

  const events = await stage.history(plan);
  const moves = events.filter(
    ({ type, attributes }) =>
      type === 'ACTIVITY_TASK_SCHEDULED' && attributes.activityType.name === 'liveMigrateServer',
  );
  const starts = (from) =>
    events.filter(
      ({ type, at, attributes }) =>
        type === 'ACTIVITY_TASK_STARTED' &&
        at >= from &&
        moves.some((move) => move.id === attributes.scheduledEventId),
    );
  checks.equal('history: both moves were begun twice', starts(0).length, 4);
  const late = starts(killedAt).map(({ at }) => at - killedAt);
  checks.equal('… the second time by the other worker', late.length, 2);
  checks.ok(
    `… within ${seconds(NOTICED_MS)} of the death of the first`,
    late.every((ms) => ms < NOTICED_MS),
    late.map(seconds).join(', '),
  );
  checks.note(`next attempts ${late.map(seconds).join(', ')} after the kill`);
}

export async function apiDies(given) {
  const around = await twoAway(given);
  const { checks, site, stage, plan, token } = around;
  const killed = ['nova-api', 'keystone'];
  await begin(around);
  await whileHeld(around, () => Promise.all(killed.map((name) => site.tools.signal('KILL', name))));
  const meanwhile = await stage.get(plan, token);
  checks.ok(
    'meanwhile GET answers as it can: 200, or 503 with Retry-After',
    meanwhile.status === 200 || (meanwhile.status === 503 && meanwhile.headers.get('retry-after')),
    `${meanwhile.status} ${JSON.stringify(meanwhile.body)}`,
  );
  await Promise.all(killed.map((name) => site.tools.start(name)));
  await aftermath(around, await endedSoon(around), allHome(around.servers));
}

export async function temporalDies(given) {
  const around = await twoAway(given);
  const { checks, stage, plan, token } = around;
  const rollback = await begin(around);
  let held = null;
  await whileHeld(around, async (found) => {
    held = found;
    await stage.temporal.kill();
    const asked = { GET: await stage.get(plan, token), POST: await stage.post(plan, token) };
    for (const [method, answer] of Object.entries(asked)) {
      checks.equal(`meanwhile ${method} answers 503`, answer.status, 503);
      checks.ok('… with Retry-After', Number(answer.headers.get('retry-after')) > 0);
    }
  });
  await until('the migration ends, and nobody can write that down', async () =>
    (await ours(around)).some(({ id, status }) => id === held.running.id && status === 'completed'),
  );
  await stage.temporal.start();
  const result = await endedSoon(around);
  checks.equal('the same rollback goes on', result.uuid, rollback);
  await aftermath(around, result, allHome(around.servers));
}
