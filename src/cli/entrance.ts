/**
 * The way to the service: its address and a token, from OS_* or clouds.yaml as the openstack client reads them. It must
 * not know what the service answers.
 *
 * The address: --url or ROLLBACK_URL; else the catalog's "infra-optim-rollback"; else its "infra-optim", which is this
 * service where it stands in front of Watcher (ROLLBACK_PROXY), and Watcher itself where it does not.
 */
import { Agent } from 'undici';
import type { Environment } from '../config.js';
import { SETTINGS } from '../config/settings-table.js';
import { findEndpoint, findRollbackEndpoint } from '../openstack/catalog.js';
import { type CloudConfig, CloudConfigError } from '../openstack/cloud-config.js';
import { loadCa, loadCloudConfig } from '../openstack/config.js';
import { localConfigFiles } from '../openstack/config-files.js';
import { isOpenStackError, isUnauthorized, isUnsupported } from '../openstack/errors.js';
import { createHttpClient } from '../openstack/http.js';
import { type IssuedToken, Session } from '../openstack/session.js';
import { Problem, usage } from './problem.js';

export interface WhereFlags {
  /** Address of the service. */
  url?: string;
  /** Entry of clouds.yaml. */
  osCloud?: string;
}

export interface Entrance {
  /** Without a trailing slash. */
  readonly url: string;
  /** Whether the address is that of the catalog's "infra-optim", which may be Watcher itself. */
  readonly mayBeWatcher: boolean;
  readonly dispatcher: Agent;
  /** null: no credentials are set; the service may not want any (ROLLBACK_AUTH=none). */
  token(signal?: AbortSignal): Promise<string | null>;
  /** Another one in the place of one that was refused; null where there is none to be had. */
  renewed(refused: string, signal?: AbortSignal): Promise<string | null>;
  /** What to add to the sentence of a 401, which is Keystone's own: what to do. */
  readonly afterRefusal: string | null;
  close(): Promise<void>;
}

/** Between two pieces of an answer: above the 15 s of an event stream's heartbeats. */
const BODY_TIMEOUT_MS = 45_000;
/** Above what the service takes to accept a rollback (ROLLBACK_ACCEPT_TIMEOUT is at most 60 s). */
const HEADERS_TIMEOUT_MS = 90_000;
const CONNECT_TIMEOUT_MS = 5_000;
const TOKEN_REFUSED =
  'OS_TOKEN is wrong or has expired: get a new one with "openstack token issue".';
const OTHER_CLOUD =
  'The token is a new one: the service accepts those of its own cloud only. Check OS_AUTH_URL and ROLLBACK_URL.';
const NO_CREDENTIALS =
  'There are no credentials to get one with: set the OS_* variables, OS_CLOUD or OS_TOKEN.';

/** Throws Problem. */
export async function enter(flags: WhereFlags, env: Environment): Promise<Entrance> {
  const url = givenUrl(flags, env);
  const keys = keysOf(flags, env, url !== null);
  try {
    const found = url === null ? await foundUrl(keys) : { url, mayBeWatcher: false };
    return { ...found, ...keys, close: () => closeAll(keys) };
  } catch (error) {
    await closeAll(keys);
    throw problemOf(error);
  }
}

interface Keys extends Pick<Entrance, 'dispatcher' | 'token' | 'renewed' | 'afterRefusal'> {
  config: CloudConfig | null;
  session: Session | null;
  closeHttp: () => Promise<void>;
}

function closeAll(keys: Keys): Promise<void> {
  return Promise.all([keys.dispatcher.destroy(), keys.closeHttp()]).then(() => undefined);
}

function givenUrl({ url }: WhereFlags, env: Environment): string | null {
  const setting = SETTINGS.url;
  const given = url ?? env[setting.name]?.trim() ?? '';
  if (given === '') return null;
  const parsed = setting.kind.parse(given);
  if (parsed !== undefined) return withoutVersion(parsed);
  throw usage(
    `${url === undefined ? setting.name : '--url'} must be ${setting.kind.allowed}, such as http://127.0.0.1:9323.`,
  );
}

function keysOf(flags: WhereFlags, env: Environment, urlIsGiven: boolean): Keys {
  const merged = flags.osCloud === undefined ? env : { ...env, OS_CLOUD: flags.osCloud };
  const { config, why, ca } = configOf(merged, urlIsGiven);
  const agent = new Agent({
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: BODY_TIMEOUT_MS,
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      ...(config !== null && { rejectUnauthorized: !config.insecure }),
      ...(ca !== null && { ca }),
    },
  });
  const ready = merged['OS_TOKEN'] || null;
  if (config === null || (urlIsGiven && config.credentials.kind === 'token')) {
    // It is good as it is; Keystone need not be asked for another one.
    const token = config?.credentials.kind === 'token' ? config.credentials.token : ready;
    return {
      config: null,
      session: null,
      dispatcher: agent,
      afterRefusal: token === null ? why : TOKEN_REFUSED,
      token: () => Promise.resolve(token),
      renewed: () => Promise.resolve(null),
      closeHttp: () => Promise.resolve(),
    };
  }
  const http = createHttpClient({ ca: config.ca, insecure: config.insecure });
  const session = new Session(config, http);
  return {
    config,
    session,
    dispatcher: agent,
    afterRefusal: OTHER_CLOUD,
    token: (signal) => valueOf(session.issued(within(signal))),
    renewed: (refused, signal) => valueOf(session.reissued(refused, within(signal))),
    closeHttp: () => http.close(),
  };
}

async function valueOf(issued: Promise<IssuedToken>): Promise<string> {
  try {
    return (await issued).value;
  } catch (error) {
    throw problemOf(error);
  }
}

function within(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

interface CloudSettings {
  config: CloudConfig | null;
  /** Why there is no config. */
  why: string | null;
  ca: string | null;
}

/** No credentials at all are fine where the address is given: the service decides whether it wants any. */
function configOf(env: Environment, urlIsGiven: boolean): CloudSettings {
  try {
    const files = localConfigFiles();
    if (urlIsGiven && !env['OS_CLOUD'] && !env['OS_AUTH_URL']) {
      return { config: null, why: NO_CREDENTIALS, ca: loadCa(env, files) };
    }
    const config = loadCloudConfig(env, files);
    return { config, why: null, ca: config.ca };
  } catch (error) {
    throw error instanceof CloudConfigError ? usage(error.message) : error;
  }
}

async function foundUrl({
  config,
  session,
}: Keys): Promise<{ url: string; mayBeWatcher: boolean }> {
  if (config === null || session === null) {
    throw usage(
      'ROLLBACK_URL (or --url) is needed where there are no credentials to read the catalog with.',
    );
  }
  const { catalog } = (await session.issued()).details;
  const own = findRollbackEndpoint(catalog, config);
  if (own !== null) return { url: withoutVersion(own), mayBeWatcher: false };
  const optimizer = findEndpoint(catalog, 'infra-optim', config);
  return { url: withoutVersion(optimizer), mayBeWatcher: true };
}

/** Addresses of Watcher are registered with and without the version. */
function withoutVersion(url: string): string {
  return url.replace(/(?<!\/)\/+$/u, '').replace(/\/v1$/u, '');
}

/** Keystone's refusals and silences, and what the catalog lacks. */
export function problemOf(error: unknown): unknown {
  if (!isOpenStackError(error)) return error;
  if (isUnauthorized(error)) {
    return new Problem(
      `Keystone refuses the credentials of OS_* or clouds.yaml: ${error.serviceMessage ?? error.message} Check user, password (or token), project and domains.`,
      { type: 'CredentialsRefused', exit: 'refused', status: 401 },
      error,
    );
  }
  if (isUnsupported(error)) {
    return new Problem(error.message, { type: 'ServiceNotFound', exit: 'usage' }, error);
  }
  const about = { type: 'OpenStackUnreachable', exit: 'unreachable' } as const;
  return new Problem(`${error.message}.`, about, error);
}
