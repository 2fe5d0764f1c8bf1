/** The Temporal server of `npm start` and the demo, where the profile names no address. */
import type { Environment } from '../config.js';
import { defaultDatabaseFile } from '../temporal-server/cache-folder.js';
import { type DevServer, startDevServer } from '../temporal-server/dev-server.js';
import { findTemporalCli } from '../temporal-server/find-cli.js';
import { ACTION_PLAN_ATTRIBUTE, STATE_ATTRIBUTE } from '../../workflows/search-attributes.js';

export interface EmbeddedOptions {
  env: Environment;
  namespace: string;
  /** null: the file in the user's cache folder. */
  databaseFile: string | null;
  say: (sentence: string) => void;
}

export function startEmbeddedTemporal(options: EmbeddedOptions): Promise<DevServer> {
  const { env, namespace, databaseFile, say } = options;
  return startDevServer({
    cliPath: async () => (await findTemporalCli({ env, say })).path,
    dbFile: databaseFile ?? defaultDatabaseFile(env),
    namespace,
    searchAttributes: { [ACTION_PLAN_ATTRIBUTE]: 'Keyword', [STATE_ATTRIBUTE]: 'Keyword' },
    logLevel: 'error',
    env,
    say,
  });
}
