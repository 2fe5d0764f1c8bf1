/** What a test can do to the lab and to nobody else's cloud: its catalog, its users, the life of its services. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const LAB = fileURLToPath(new URL('./lab', import.meta.url));

/**
 * What can be done to nobody's cloud but the lab.
 * @typedef {object} LabTools
 * @property {string} watcherUrl watcher-api's own address
 * @property {(url?: string) => Promise<void>} pointCatalogAt the infra-optim endpoints; no URL: Watcher's own again
 * @property {(url: string) => Promise<{remove: () => Promise<void>}>} register the service as infra-optim-rollback
 * @property {() => Promise<{env: Record<string, string>, id: string, remove: () => Promise<void>}>} user an admin of
 *   its own for a service under test, so that Nova tells its migrations from those of the test's
 * @property {(signal: string, service: string) => Promise<void>} signal e.g. ("KILL", "nova-compute-1")
 * @property {(service: string, ...settings: string[]) => Promise<void>} start settings: OS_<SECTION>__<OPTION>=value
 * @property {() => Promise<void>} mend starts again with the lab's settings what was started with others
 * @property {(host: string) => Promise<void>} silent as if its nova-compute had not reported for ten minutes
 * @property {(service: string) => string} log all that a service of the lab has logged, e.g. "nova-api"
 * @property {string} script what `os …` runs the openstack client with
 */

/** @returns {LabTools} */
export function labTools(cloud) {
  const state = process.env.OPENSTACK_LAB_STATE ?? '/var/tmp/openstack-lab';
  return {
    watcherUrl: cloud.endpoint('infra-optim'),
    pointCatalogAt: (url) => runLab(['watcher-endpoint', ...(url === undefined ? [] : [url])]),
    register: (url) => register(cloud, url),
    user: () => makeUser(cloud),
    signal: (name, service) => runLab(['signal', name, service]),
    start: (service, ...settings) => runLab(['start', service, ...settings]),
    mend: () => runLab(['mend']),
    silent: (host) => runLab(['silent', host]),
    log: (service) => readFileSync(join(state, 'log', `${service}.log`), 'utf8'),
    script: LAB,
  };
}

/** As `openstack service create` and `openstack endpoint create` do it; what a killed run has left goes first. */
async function register(cloud, url) {
  const type = 'infra-optim-rollback';
  const left = await cloud.identity('GET', `/services?type=${type}`, { expect: [200] });
  for (const { id } of left.body.services) await cloud.identity('DELETE', `/services/${id}`);
  const made = await cloud.identity('POST', '/services', {
    json: { service: { name: 'rollback', type } },
    expect: [201],
  });
  const service_id = made.body.service.id;
  const endpoint = { interface: 'public', region_id: cloud.region, service_id, url };
  await cloud.identity('POST', '/endpoints', { json: { endpoint }, expect: [201] });
  return {
    remove: async () => void (await cloud.identity('DELETE', `/services/${service_id}`)),
  };
}

/** With the role admin in the project of the lab's admin; what a killed run has left goes first. */
async function makeUser(cloud) {
  const name = 'rollback-test';
  const read = async (path, key) =>
    (await cloud.identity('GET', path, { expect: [200] })).body[key];
  for (const { id } of await read(`/users?name=${name}`, 'users'))
    await cloud.identity('DELETE', `/users/${id}`, { expect: [204] });
  const made = await cloud.identity('POST', '/users', {
    json: { user: { name, domain_id: 'default', password: name } },
    expect: [201],
  });
  const { id } = made.body.user;
  const [project] = await read('/projects?name=admin', 'projects');
  const [role] = await read('/roles?name=admin', 'roles');
  const path = `/projects/${project.id}/users/${id}/roles/${role.id}`;
  await cloud.identity('PUT', path, { expect: [204] });
  return {
    id,
    env: { OS_USERNAME: name, OS_PASSWORD: name },
    remove: async () => void (await cloud.identity('DELETE', `/users/${id}`)),
  };
}

/** Runs the lab's script to its end; its services are their own process groups and outlive it. */
export function runLab(args, signal) {
  return new Promise((resolve, reject) => {
    const child = spawn(LAB, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      ...(signal === undefined ? {} : { signal }),
    });
    child.once('error', reject);
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`lab ${args.join(' ')} ended with ${code}`)),
    );
  });
}
