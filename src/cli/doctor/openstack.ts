/** OpenStack: are there credentials, are they good, which roles have they, and does each service answer as it must? */
import type { Environment } from '../../config.js';
import { CloudConfigError, type CloudConfig } from '../../openstack/cloud-config.js';
import { localConfigFiles } from '../../openstack/config-files.js';
import { loadCloudConfig } from '../../openstack/config.js';
import { type ConnectedCloud, createOpenStackCloud } from '../../openstack/create-cloud.js';
import { isForbidden, isUnauthorized, isUnsupported } from '../../openstack/errors.js';
import { createHttpClient } from '../../openstack/http.js';
import { Session } from '../../openstack/session.js';
import { type Check, check, type Finding, notChecked } from './check.js';

const AREA = { area: 'openstack' } as const;
const ADMIN = 'admin';
const TIMEOUTS = { connectMs: 5_000, bodyMs: 15_000, readMs: 30_000 };

export async function checkOpenStack(env: Environment): Promise<Check[]> {
  let config: CloudConfig;
  try {
    config = loadCloudConfig(env, localConfigFiles());
  } catch (error) {
    if (!(error instanceof CloudConfigError)) throw error;
    const fix = 'Set the OS_* variables, or OS_CLOUD to an entry of clouds.yaml.';
    return [{ ...AREA, name: 'settings', state: 'failed', message: error.message, fix }];
  }
  const login = await checkLogin(config);
  if (login.some(({ state }) => state === 'failed')) {
    return [...login, notChecked({ ...AREA, name: 'services' }, 'There is no token to ask with.')];
  }
  const cloud = createOpenStackCloud(config, { timeouts: TIMEOUTS });
  try {
    return [...login, ...(await checkServices(cloud))];
  } finally {
    await cloud.close();
  }
}

async function checkLogin(config: CloudConfig): Promise<Check[]> {
  const http = createHttpClient({ ca: config.ca, insecure: config.insecure, timeouts: TIMEOUTS });
  const session = new Session(config, http);
  let roles: string[] = [];
  try {
    const login = await check(
      { ...AREA, name: 'credentials' },
      async () => {
        const { user, project, roles: given } = (await session.issued()).details;
        roles = given.map((role) => role.name);
        const where =
          project === null || project === undefined ? 'no project' : `project ${project.id}`;
        return { state: 'ok', message: `${user.name} in ${where}, by ${config.authUrl}` };
      },
      fixOf,
    );
    if (login.state !== 'ok') return [login];
    return [login, { ...AREA, name: 'roles', fix: null, ...roleFinding(roles) }];
  } finally {
    await http.close();
  }
}

function roleFinding(roles: string[]): Finding {
  const names = roles.length === 0 ? 'no role at all' : roles.join(', ');
  if (roles.includes(ADMIN)) return { state: 'ok', message: names };
  return {
    state: 'warning',
    message: `${names}; by default Nova, Ironic and Watcher want ${ADMIN}, and so does the service`,
    fix: `openstack role add --user USER --project PROJECT ${ADMIN}, or set the services' policies and ROLLBACK_ROLES_*.`,
  };
}

async function checkServices(cloud: ConnectedCloud): Promise<Check[]> {
  const now = new Date().toISOString();
  return [
    await check({ ...AREA, name: 'nova' }, () => lookAtNova(cloud, now), fixOf),
    await check(
      { ...AREA, name: 'watcher' },
      async () => {
        await cloud.optimizer.listActionPlans({ changedSince: now });
        return { state: 'ok', message: 'action plans can be read' };
      },
      fixOf,
    ),
    await check(
      { ...AREA, name: 'microversions' },
      async () => {
        const sentences = await cloud.limitations();
        if (sentences.length === 0)
          return { state: 'ok', message: 'Nova and Ironic are there and new enough' };
        const fix = 'Only what the sentences name is left out of rollbacks; all else works.';
        return { state: 'warning', message: sentences.join(' '), fix };
      },
      fixOf,
    ),
  ];
}

/** All that a rollback reads of all projects. */
async function lookAtNova({ compute }: ConnectedCloud, now: string): Promise<Finding> {
  const services = (await compute.listServices({})).filter(
    ({ binary }) => binary === 'nova-compute',
  );
  await compute.listHypervisors();
  await compute.listMigrations({ changedSince: now });
  const down = services.filter(({ state }) => state === 'down').map(({ host }) => host);
  const message = `services, hypervisors and migrations can be read; ${services.length} compute hosts`;
  if (down.length === 0) return { state: 'ok', message };
  return {
    state: 'warning',
    message: `${message}, down: ${down.slice(0, 10).join(', ')}`,
    fix: 'Nothing can be moved to a host that is down: start nova-compute there.',
  };
}

function fixOf(error: unknown): string {
  if (isUnauthorized(error))
    return 'Check user, password, project and domains of OS_* or clouds.yaml.';
  if (isForbidden(error)) return `The user lacks the role for it (${ADMIN} by default).`;
  if (isUnsupported(error)) return 'Correct the catalog, OS_REGION_NAME or OS_INTERFACE.';
  return 'Check that the service runs and can be reached from here.';
}
