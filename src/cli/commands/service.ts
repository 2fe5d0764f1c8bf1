/** What every command that asks the service begins and ends with. */
import type { Environment } from '../../config.js';
import { enter, type WhereFlags } from '../entrance.js';
import type { Exit } from '../exit-codes.js';
import { Out, type OutFlags } from '../out.js';
import { Problem } from '../problem.js';
import { ServiceApi } from '../service-api.js';

export interface AskingFlags extends WhereFlags, OutFlags {}

/** Opens the way to the service, and closes it whatever happens. */
export async function withService(
  flags: AskingFlags,
  env: Environment,
  ask: (api: ServiceApi, out: Out) => Promise<Exit>,
): Promise<Exit> {
  const out = new Out(flags, env);
  const entrance = await enter(flags, env);
  try {
    const api = new ServiceApi(entrance);
    if (entrance.mayBeWatcher) await refuseWatcher(api);
    return await ask(api, out);
  } finally {
    await entrance.close();
  }
}

/** Any other refusal is the asked call's own to meet. */
async function refuseWatcher(api: ServiceApi): Promise<void> {
  try {
    await api.list({ limit: '1' });
  } catch (error) {
    if (error instanceof Problem && error.type === 'ServiceNotFound') throw error;
  }
}

/** How to come back: a line to paste. */
export function again(verb: string, plan: string, { url, osCloud }: WhereFlags): string {
  const where = [
    ...(url === undefined ? [] : ['--url', url]),
    ...(osCloud === undefined ? [] : ['--os-cloud', osCloud]),
  ];
  return ['watcher-rollback', verb, plan, ...where].join(' ');
}
