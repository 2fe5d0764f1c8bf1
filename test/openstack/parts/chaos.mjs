/**
 * Part of the acceptance test: the rollback disturbed while it goes on. The service runs in processes of its own, and
 * servers leave the second host as slowly as Nova's fake driver can, so that there is time to disturb them. Lab only.
 */
import { until } from '../cloud.mjs';
import { freshServers } from '../plans.mjs';
import { openStage } from '../stage.mjs';
import { SETTINGS, SLOW } from '../trouble.mjs';
import { apiDies, temporalDies, workerDies } from './chaos-deaths.mjs';
import { abortedDeletedMoved, disabledAgain } from './chaos-hands.mjs';
import { destinationIsAway } from './chaos-hosts.mjs';

const SCENARIOS = {
  'the worker is killed in the middle of a migration': workerDies,
  "Nova's API and Keystone are killed and started again": apiDies,
  'Temporal is killed and started again on its database': temporalDies,
  'nova-compute of the destination is down, comes, dies and comes again': destinationIsAway,
  'somebody disables the host again': disabledAgain,
  'somebody aborts two migrations, deletes a server and moves another': abortedDeletedMoved,
};

export async function chaos({ site, checks, undo, signal }) {
  if (site.tools === null || site.hosts.length < 3) {
    checks.skip('chaos', 'it kills services of the cloud, which is for the lab alone');
    return;
  }
  const mend = undo.later(() => mendLab(site));
  let stage = null;
  try {
    const slow = `nova-${site.hosts[1]}`;
    await site.tools.signal('KILL', slow);
    await site.tools.start(slow, SLOW);
    let servers = await freshServers(site);
    stage = await openStage({ site, undo, settings: SETTINGS });
    for (const [title, scenario] of Object.entries(SCENARIOS)) {
      servers ??= await freshServers(site);
      const failed = checks.failed;
      const around = { site, stage, checks, servers, token: await site.cloud.token() };
      await checks.part(title, () => scenario(around), signal);
      if (checks.failed === failed) continue;
      checks.note(`log of its processes:\n${stage.log().split('\n').slice(-20).join('\n')}`);
      await revive(site, ['nova-api', 'keystone']);
      servers = null;
    }
  } finally {
    await stage?.end();
    await mend();
  }
}

/** Everything that a scenario may have stopped goes on; what answers for all others is started anew after a failure. */
async function revive({ tools, cloud, hosts }, anew = []) {
  await Promise.all(anew.map((name) => tools.signal('KILL', name)));
  for (const name of ['keystone', 'nova-api', ...hosts.map((host) => `nova-${host}`)]) {
    await tools.signal('CONT', name);
    await tools.start(name);
  }
  for (const { id, forced_down } of await cloud.services())
    if (forced_down)
      await cloud.nova('PUT', `/os-services/${id}`, { json: { forced_down: false } });
  await until('every nova-compute of the lab is up', async () =>
    (await cloud.services()).every((service) => service.state === 'up'),
  );
}

async function mendLab(site) {
  await site.tools.mend();
  await revive(site);
}
