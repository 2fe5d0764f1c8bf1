/**
 * What the chaos scenarios share: a plan of Watcher's whose rollback takes long enough to be disturbed, what Nova says
 * of its migrations, and what must hold after each, whatever was done to it.
 */
import { hostOf, taskOf, until } from './cloud.mjs';
import { actuate, disableAction, migrateAction } from './plans.mjs';
import { seconds } from './results.mjs';
import { migrationsAfter, newestMigration } from './snapshot.mjs';

/** Why Watcher disables the host that the servers are moved off. */
const REASON = 'acceptance test';
const RUNNING = ['PENDING', 'ONGOING', 'PAUSED'];
/** Two and more a host, so that one of the servers waits for its turn at Nova, and others in the service. */
export const SETTINGS = { ROLLBACK_MIGRATIONS_PER_HOST: '2' };
/** Nova's own fake driver that takes 5 s for a migration and can be told to abort or to complete it. */
export const SLOW = 'OS_DEFAULT__COMPUTE_DRIVER=fake.FakeLiveMigrateDriver';

/** Lets Watcher disable the first host and move the servers off it; the rest of a scenario works on that. */
export async function away(around, servers, to) {
  const { site } = around;
  const [home] = site.hosts;
  const moves = servers.map((server) => migrateAction(server, home, to));
  const { plan, elapsedMs } = await actuate(site, [disableAction(home, REASON), ...moves]);
  around.checks.note(`Watcher applied ${plan} in ${seconds(elapsedMs)}`);
  return { ...around, plan, servers, known: await newestMigration(site) };
}

/** Nova's records of the migrations that the service has asked for since the plan; oldest first. */
export async function ours({ site, stage, known }) {
  const all = await site.cloud.migrations(`?user_id=${stage.userId}`);
  return all.filter((record) => record.id > known).toSorted((a, b) => a.id - b.id);
}

/** Begins the rollback and does not wait for its end. @returns {Promise<string>} its uuid. */
export const begin = ({ stage, plan, token }) => stage.begin(plan, token);

/**
 * Lets the second host stand still as soon as Nova runs one migration of ours from there and has another in its queue:
 * `hands` may take their time. It goes on afterwards.
 * @param {(held: {running: object, queued: object}) => Promise<void>} hands
 */
export async function whileHeld(around, hands) {
  const { site } = around;
  const held = await until(
    'Nova runs one migration of ours and keeps another waiting',
    async () => {
      const records = await ours(around);
      const running = records.find((one) => one.status === 'running');
      const queued = records.find((one) => one.status === 'queued');
      return running && queued && { running, queued };
    },
    { limitMs: 60_000, everyMs: 50 },
  );
  const source = `nova-${site.hosts[1]}`;
  await site.tools.signal('STOP', source);
  try {
    await hands(held);
  } finally {
    await site.tools.signal('CONT', source);
  }
}

/** The result. Nova is told to complete what runs, whoever asked for it: nobody waits for the slow driver. */
export async function endedSoon(around, limitMs = 180_000) {
  const { site, stage, plan, token, known } = around;
  return await until(
    `the rollback of ${plan} ends`,
    async () => {
      const { status, body } = await stage.get(plan, token);
      if (status === 200 && !RUNNING.includes(body.state)) return body;
      for (const { id, instance_uuid: server, status: now } of await migrationsAfter(site, known))
        if (now === 'running')
          await site.cloud.nova('POST', `/servers/${server}/migrations/${id}/action`, {
            json: { force_complete: null },
          });
      return null;
    },
    { limitMs, everyMs: 500 },
  );
}

/** Asks again for the rollback and sees it to its end. */
export async function again(around) {
  await begin(around);
  return await endedSoon(around);
}

/**
 * After each scenario. `migrations`: how Nova's records of ours are to have ended, by server id.
 * `state`, `outcomes`: what the result is to say; outcomes by server id, and of the host.
 */
export async function aftermath(around, result, { state, host, outcomes, migrations }) {
  const { site, checks, servers } = around;
  const took = Date.parse(result.updated_at) - Date.parse(result.created_at);
  checks.note(`rollback: ${result.state} after ${seconds(took)}`);
  checks.equal(`the result is ${state}`, result.state, state);
  checks.equal(
    '… the host and the servers as they ended',
    said(result, servers),
    named(servers, { host, ...outcomes }),
  );
  const all = await site.cloud.servers();
  checks.equal(
    'Nova: every server is whole',
    all.filter((one) => !['ACTIVE', 'SHUTOFF'].includes(one.status) || taskOf(one) !== null),
    [],
  );
  await sameAsNova(around, result, all);
  const ended = {};
  for (const { instance_uuid: id, status } of await ours(around)) (ended[id] ??= []).push(status);
  checks.equal(
    'Nova: each server was moved once',
    named(servers, ended),
    named(servers, migrations),
  );
}

/** Outcomes of the compensations, by server id, and of the host. */
function said(result, servers) {
  const found = {};
  for (const { action_type: type, resource_id: id, state } of result.compensations)
    found[type === 'migrate' ? id : 'host'] = state;
  return named(servers, found);
}

function named(servers, byId) {
  const names = new Map(servers.map(({ id, name }) => [id, name]));
  const rows = Object.entries(byId).map(([id, value]) => [names.get(id) ?? id, value]);
  return Object.fromEntries(rows.toSorted((a, b) => a[0].localeCompare(b[0])));
}

/** What each outcome means, held against Nova. */
async function sameAsNova({ site, checks }, result, all) {
  const services = await site.cloud.services();
  const wrong = [];
  for (const one of result.compensations) {
    const { state, before, after } = one;
    const server = all.find(({ id }) => id === one.resource_id);
    const service = services.find(({ host }) => host === one.resource_name);
    const now = one.action_type === 'migrate' ? server && hostOf(server) : service?.status;
    const was = one.action_type === 'migrate' ? before?.host : before?.status;
    const put = one.action_type === 'migrate' ? after?.host : after?.status;
    const holds = {
      SUCCEEDED: now === was,
      SKIPPED: now === was,
      FAILED: now === put,
      NOT_ATTEMPTED: now === put,
      NOT_REVERSIBLE: server === undefined,
      KEPT: now !== undefined && now !== was,
    };
    if (holds[state] !== true) wrong.push({ ...one, nova: now ?? null });
  }
  checks.equal('Nova: what the result says of each is so', wrong, []);
}
