/** The environment of the service that the demo starts. Pure. */
import type { Environment } from '../config.js';

/** For a person who watches; each may be set otherwise in the environment. */
const DEFAULTS: Environment = {
  // Whatever else runs on this machine, a service of one's own included, is left in peace.
  ROLLBACK_PORT: '0',
  ROLLBACK_LOG_LEVEL: 'warn',
  ROLLBACK_LOG_FORMAT: 'pretty',
  // A Ctrl-C is meant: nobody needs the simulated cloud's migrations to end.
  ROLLBACK_SHUTDOWN_GRACE: '1',
};

/**
 * `env` without its OpenStack, with that of the simulated cloud. A Temporal that `env` names stays named: then the
 * demo uses it, on a task queue of its own, so that no other worker gets the demo's work and none of theirs comes here.
 */
export function demoEnvironment(
  env: Environment,
  cloud: Readonly<Record<string, string>>,
  own: { databaseFile: string; runName: string },
): Environment {
  const foreign = Object.entries(env).filter(([name]) => !name.startsWith('OS_'));
  return {
    ...DEFAULTS,
    ...Object.fromEntries(foreign),
    ...cloud,
    ROLLBACK_AUTH: 'keystone',
    ROLLBACK_TASK_QUEUE: `watcher-rollback-demo-${own.runName}`,
    ROLLBACK_TEMPORAL_DB: own.databaseFile,
  };
}
