/**
 * The cloud that the acceptance test runs against: the lab of this folder, brought up where it is not, or the one
 * that OS_* or OS_CLOUD names, provided that nobody else lives there. Knows nothing of the service under test.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect, UnexpectedAnswer, until } from './cloud.mjs';
import { LAB, labTools, runLab } from './lab-tools.mjs';

/** Every server of the test is named so; on a cloud that is not the lab no other server may exist. */
export const SERVER_PREFIX = 'rollback-test-vm-';
const MODEL_LIMIT_MS = 15 * 60_000;

/** The run cannot be done here; the message says why in one sentence. */
export class Refusal extends Error {}

/**
 * @typedef {object} Site
 * @property {boolean} lab
 * @property {import('./cloud.mjs').Cloud} cloud
 * @property {Record<string, string>} env the variables that reach this cloud
 * @property {string[]} hosts compute service hosts; the first is the one that is emptied
 * @property {string} image
 * @property {string} flavor
 * @property {string | null} otherFlavor a larger one, for the resize
 * @property {boolean} power whether nodes may be powered off
 * @property {() => Promise<void>} refreshModel returns once Watcher knows of today's servers
 * @property {import('./lab-tools.mjs').LabTools | null} tools null: not the lab
 * @property {() => Promise<void>} leave ends what was started
 */

/** Finds or makes the site. Throws Refusal. `note` is told what goes on. @returns {Promise<Site>} */
export async function openSite({ note, keepLab, signal }) {
  const given = process.env.OS_AUTH_URL || process.env.OS_CLOUD;
  const lab = labEnv();
  if (given && process.env.OS_AUTH_URL !== lab.OS_AUTH_URL) return await otherCloud(note);
  const wasUp = labIsUp();
  if (!wasUp) await bringLabUp(note, signal);
  const leave = async () => {
    if (wasUp || keepLab) return;
    note('stopping the lab');
    await runLab(['down']);
  };
  try {
    // A run that was killed may have left it elsewhere, and services with its own settings.
    await runLab(['watcher-endpoint']);
    await runLab(['mend']);
    const cloud = await connect(lab);
    const refreshModel = () => runLab(['refresh-model']);
    await untilHostsAreUp(cloud);
    const common = await readSite(cloud, { disabledToo: true });
    const power = common.nodes.length > 0;
    const tools = labTools(cloud);
    return { ...common, lab: true, tools, cloud, env: lab, power, refreshModel, leave };
  } catch (error) {
    await leave();
    throw error;
  }
}

/** Nova takes a host for down until its nova-compute has reported again after a start, every ten seconds. */
async function untilHostsAreUp(cloud) {
  await until('every nova-compute of the lab is up', async () => {
    const services = await cloud.services();
    return services.length > 0 && services.every((service) => service.state === 'up');
  });
}

/** The variables of the lab's admin, as `lab env` prints them. */
export function labEnv() {
  const printed = execFileSync(LAB, ['env'], { encoding: 'utf8' });
  return Object.fromEntries(
    [...printed.matchAll(/^export (\w+)=(.*)$/gm)].map((match) => [match[1], match[2]]),
  );
}

function labIsUp() {
  try {
    execFileSync(LAB, ['status'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function bringLabUp(note, signal) {
  if (process.getuid?.() !== 0 || !isDebian12())
    throw new Refusal(
      'There is no OpenStack to test on: the lab needs root on Debian 12; elsewhere name a cloud of your own with OS_CLOUD or OS_AUTH_URL.',
    );
  note('bringing the lab up (first time: packages 2-3 minutes, then 2 minutes; again: under 1)');
  try {
    await runLab(['up'], signal);
  } catch (error) {
    await runLab(['down']);
    throw error;
  }
}

function isDebian12() {
  const file = '/etc/os-release';
  return existsSync(file) && /^VERSION_ID="12"$/m.test(readFileSync(file, 'utf8'));
}

/** A cloud of the user's: only where the test cannot harm anybody. */
async function otherCloud(note) {
  const name = process.env.OS_CLOUD ?? process.env.OS_AUTH_URL;
  note(`reading the preconditions of ${name}`);
  let cloud;
  try {
    cloud = await connect(process.env);
  } catch (error) {
    const why =
      error instanceof UnexpectedAnswer
        ? `Keystone answers ${error.status}`
        : (error.cause?.message ?? error.message);
    throw new Refusal(`${name} lets the test not in: ${why}.`);
  }
  if (!cloud.roles.includes('admin'))
    throw new Refusal(`The user of ${name} lacks the role admin, which Nova and Watcher ask for.`);
  for (const type of ['compute', 'image', 'infra-optim'])
    if (cloud.endpoint(type) === null)
      throw new Refusal(`The catalog of ${name} has no ${type} service, which the test needs.`);
  const { strategies } = (await cloud.watcher('GET', '/strategies', { expect: [200] })).body;
  for (const wanted of ['host_maintenance', 'actuator'])
    if (!strategies.some((strategy) => strategy.name === wanted))
      throw new Refusal(`Watcher of ${name} has no strategy ${wanted}, which the test needs.`);
  const strangers = (await cloud.servers()).filter((one) => !one.name.startsWith(SERVER_PREFIX));
  if (strangers.length > 0)
    throw new Refusal(
      `${name} has ${strangers.length} server(s) that are not this test's (e.g. ${strangers[0].name}); it moves servers and disables hosts, so it runs on a cloud without any other.`,
    );
  const common = await readSite(cloud, { disabledToo: false });
  if (common.hosts.length < 2)
    throw new Refusal(`${name} has fewer than two nova-compute services enabled and up.`);
  const power = process.env.OPENSTACK_TEST_POWER === '1' && common.nodes.length > 0;
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([key]) => key.startsWith('OS_')),
  );
  const refreshModel = () => waitForModel(cloud);
  const leave = async () => undefined;
  return { ...common, lab: false, tools: null, cloud, env, power, refreshModel, leave };
}

/** Hosts, image and flavors to use; OPENSTACK_TEST_IMAGE, _FLAVOR and _OTHER_FLAVOR name them where the guess is bad. */
async function readSite(cloud, { disabledToo }) {
  const hosts = (await cloud.services())
    .filter((service) => service.state === 'up' && !service.forced_down)
    .filter((service) => disabledToo || service.status === 'enabled')
    .map((service) => service.host)
    .toSorted();
  const { images } = (await cloud.glance('GET', '/images?status=active', { expect: [200] })).body;
  const { flavors } = (await cloud.nova('GET', '/flavors/detail', { expect: [200] })).body;
  const bySize = flavors.toSorted((a, b) => a.ram - b.ram || a.disk - b.disk);
  const image = choose('image', images, process.env.OPENSTACK_TEST_IMAGE);
  const flavor = choose('flavor', bySize, process.env.OPENSTACK_TEST_FLAVOR);
  const larger = bySize.filter((one) => one.ram > flavor.ram && one.disk >= flavor.disk);
  const otherFlavor = process.env.OPENSTACK_TEST_OTHER_FLAVOR
    ? choose('flavor', bySize, process.env.OPENSTACK_TEST_OTHER_FLAVOR)
    : larger[0];
  return {
    hosts,
    image: image.id,
    flavor: flavor.id,
    otherFlavor: otherFlavor?.id ?? null,
    nodes: await cloud.nodes(),
  };
}

function choose(what, all, wanted) {
  const found = wanted ? all.find((one) => [one.id, one.name].includes(wanted)) : all[0];
  if (found === undefined) throw new Refusal(`There is no ${what} ${wanted ?? 'at all'}.`);
  return found;
}

/** Watcher learns of new servers by notifications, or at its next reading of the cluster. */
async function waitForModel(cloud) {
  const ours = (await cloud.servers()).map((server) => server.id);
  await until(
    "Watcher's model of the cluster has the test's servers (notifications from Nova off?)",
    async () => {
      const answer = await cloud.watcher('GET', '/data_model?data_model_type=compute', {
        headers: { 'openstack-api-version': 'infra-optim 1.3' },
      });
      const known = new Set(answer.body?.context?.map((row) => row.server_uuid));
      return ours.every((id) => known.has(id));
    },
    { limitMs: MODEL_LIMIT_MS, everyMs: 2000 },
  );
}
