/** Temporal: is the server there, has the namespace what a rollback needs, and does a worker poll? */
import type { Config, Environment } from '../../config.js';
import { lazyClient, type TemporalProfile, temporalProfile } from '../../temporal/connection.js';
import { inspectNamespace, type NamespaceReport } from '../../temporal/inspect.js';
import { workerPolls } from '../../temporal/readiness.js';
import { type Check, check, type Finding, notChecked } from './check.js';

const AREA = { area: 'temporal' } as const;
const NO_ADDRESS =
  'TEMPORAL_ADDRESS is not set. The commands do not need it; "serve" then brings a Temporal of its own.';

/** `config`: null where the service's settings are wrong. */
export async function checkTemporal(env: Environment, config: Config | null): Promise<Check[]> {
  let profile: TemporalProfile;
  try {
    profile = temporalProfile(env);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const fix = 'Correct TEMPORAL_* or temporal.toml.';
    return [{ ...AREA, name: 'settings', state: 'failed', message, fix }];
  }
  const { address } = profile;
  if (address === null) return [notChecked({ ...AREA, name: 'server' }, NO_ADDRESS)];
  const client = lazyClient(profile);
  try {
    let report: NamespaceReport | null = null;
    const server = await check(
      { ...AREA, name: 'server' },
      async () => {
        report = await inspectNamespace(profile);
        return { state: 'ok', message: `${address} has the namespace ${profile.namespace}` };
      },
      (error) => fixOf(error, profile),
    );
    if (report === null || config === null) return [server];
    return [
      server,
      { ...AREA, name: 'search attributes', fix: null, ...attributes(report, profile) },
      { ...AREA, name: 'retention', fix: null, ...retention(report, profile, config) },
      await check(
        { ...AREA, name: 'worker' },
        () => worker(() => workerPolls(client, config.temporal.taskQueue), config),
        (error) => fixOf(error, profile),
      ),
    ];
  } finally {
    await client.connection.close();
  }
}

function attributes({ missing, otherType }: NamespaceReport, profile: TemporalProfile): Finding {
  const create = (name: string): string =>
    `temporal operator search-attribute create --namespace ${profile.namespace} --name ${name} --type Keyword`;
  if (otherType.length > 0) {
    return {
      state: 'failed',
      message: `not of type Keyword: ${otherType.join(', ')}`,
      fix: `Remove or rename them, then: ${otherType.map(create).join('; ')}`,
    };
  }
  if (missing.length === 0) return { state: 'ok', message: 'both are registered' };
  return {
    state: 'failed',
    message: `not registered: ${missing.join(', ')}`,
    fix: `A worker registers them at its start where it may; else: ${missing.map(create).join('; ')}`,
  };
}

function retention(
  { retentionSeconds: kept }: NamespaceReport,
  profile: TemporalProfile,
  config: Config,
): Finding {
  const ceiling = config.api.maxAgeCeiling;
  if (kept === 0) return { state: 'warning', message: 'the server does not tell it' };
  if (kept >= ceiling) return { state: 'ok', message: `${kept} s` };
  return {
    state: 'warning',
    message: `${kept} s is shorter than ROLLBACK_MAX_AGE_CEILING (${ceiling} s): results are forgotten sooner than plans may be rolled back`,
    fix: `temporal operator namespace update --namespace ${profile.namespace} --retention ${ceiling}s`,
  };
}

async function worker(polls: () => Promise<boolean>, config: Config): Promise<Finding> {
  const queue = config.temporal.taskQueue;
  if (await polls()) return { state: 'ok', message: `one polls the task queue ${queue}` };
  return {
    state: 'failed',
    message: `none polls the task queue ${queue}`,
    fix: 'Start one: watcher-rollback worker. With ROLLBACK_TASK_QUEUE set, it must be the same for API and workers.',
  };
}

/** gRPC's NOT_FOUND and PERMISSION_DENIED, UNAUTHENTICATED. */
const NOT_FOUND = 5;
const DENIED = [7, 16];

function fixOf(error: unknown, { address, namespace }: TemporalProfile): string {
  const code = codeOf(error);
  if (code === NOT_FOUND) {
    return `temporal operator namespace create --namespace ${namespace}, or correct TEMPORAL_NAMESPACE.`;
  }
  if (code !== null && DENIED.includes(code)) return 'Check TEMPORAL_API_KEY or the certificate.';
  return `Check TEMPORAL_ADDRESS (${address ?? 'none'}), TEMPORAL_TLS* and that the server runs.`;
}

function codeOf(error: unknown): number | null {
  for (let it: unknown = error, depth = 0; depth < 4; depth += 1) {
    if (!(it instanceof Error)) return null;
    if ('code' in it && typeof it.code === 'number') return it.code;
    it = it.cause;
  }
  return null;
}
