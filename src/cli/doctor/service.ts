/** The service: are its settings right, does its API answer, is it ready, and may the caller read? */
import { z } from 'zod';
import { type Config, ConfigError, type Environment, readConfig } from '../../config.js';
import { certificateOf } from '../../service/api-certificate.js';
import { StartError } from '../../service/start-error.js';
import { certificateRemedy } from '../certificates.js';
import { enter, type Entrance, type WhereFlags } from '../entrance.js';
import { callForJson } from '../http.js';
import { Problem } from '../problem.js';
import { ServiceApi } from '../service-api.js';
import { type Check, check, type Finding, notChecked } from './check.js';

const AREA = { area: 'service' } as const;

/** What the service itself would read at its start. */
export function checkSettings(env: Environment): { check: Check; config: Config | null } {
  const about = { ...AREA, name: 'settings' };
  try {
    const config = readConfig(env);
    certificateOf(config.tls);
    return { check: { ...about, state: 'ok', message: 'ROLLBACK_* are right', fix: null }, config };
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StartError)) throw error;
    const message =
      error instanceof StartError
        ? error.message
        : error.problems.map((it) => `${it.name} ${it.message}`).join(' ');
    const fix = 'The service would not start: correct them. README lists all of them.';
    return { check: { ...about, state: 'failed', message, fix }, config: null };
  }
}

export async function checkService(flags: WhereFlags, env: Environment): Promise<Check[]> {
  const about = { ...AREA, name: 'address' };
  let entrance: Entrance;
  try {
    entrance = await enter(flags, env);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return [notChecked(about, error.message, 'Set ROLLBACK_URL to check the API, too.')];
  }
  try {
    const api = new ServiceApi(entrance);
    const watcher = entrance.mayBeWatcher ? await watcherItself(api) : null;
    if (watcher !== null) return [notChecked(about, watcher.message)];
    const ready = await check({ ...AREA, name: 'ready' }, () => lookAtReadiness(entrance), fixOf);
    const mine = await check({ ...AREA, name: 'my rights' }, () => lookAtList(api), fixOf);
    return [{ ...about, state: 'ok', message: entrance.url, fix: null }, ready, mine];
  } finally {
    await entrance.close();
  }
}

/** The catalog's infra-optim is no rollback service: nothing is wrong with Watcher. */
async function watcherItself(api: ServiceApi): Promise<Problem | null> {
  try {
    await api.list({ limit: '1' });
    return null;
  } catch (error) {
    return error instanceof Problem && error.type === 'ServiceNotFound' ? error : null;
  }
}

const partSchema = z.object({ ok: z.boolean(), message: z.string().nullish() });
const readySchema = z.object({
  ready: z.boolean(),
  temporal: partSchema,
  worker: partSchema,
  openstack: partSchema,
});

async function lookAtReadiness(entrance: Entrance): Promise<Finding> {
  const it = { method: 'GET', path: '/readyz', alsoAccept: [503] } as const;
  const report = readySchema.parse(await callForJson(entrance, it));
  if (report.ready) return { state: 'ok', message: 'Temporal, a worker and OpenStack are there' };
  const parts = [report.temporal, report.worker, report.openstack].filter(({ ok }) => !ok);
  return {
    state: 'failed',
    message: parts.map(({ message }) => message ?? '').join(' '),
    fix: 'Run "watcher-rollback doctor" with the settings of the service to see why.',
  };
}

async function lookAtList(api: ServiceApi): Promise<Finding> {
  await api.list({ limit: '1' });
  return { state: 'ok', message: 'rollbacks can be read' };
}

function fixOf(error: unknown): string {
  if (!(error instanceof Problem))
    return 'Check that ROLLBACK_URL is the address of the rollback service.';
  const remedy = certificateRemedy(error.cause);
  if (remedy !== null) return remedy;
  if (error.status === 401)
    return 'Check OS_* or clouds.yaml: the service accepts tokens of its own cloud only.';
  if (error.status === 403)
    return 'The user lacks the role (admin by default; ROLLBACK_ROLES_READ).';
  return 'Check ROLLBACK_URL, and that the service runs: watcher-rollback serve.';
}
