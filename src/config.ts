/**
 * The only reader of the environment. Reads and checks the service's own settings once at start, all at the same
 * time, so that one look at the message is enough to correct them. The settings themselves are data: see
 * config/settings-table.ts.
 */
import type { ActivitySettings } from '../activities/settings.js';
import { nearest } from './config/nearest.js';
import { SETTINGS, SETTING_LIST } from './config/settings-table.js';
import type { Setting, SettingWithDefault } from './config/settings-table.js';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** What a process is told by its environment; handed on to the readers of OS_* and TEMPORAL_*. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** By operation: names of the roles that may do it, in lower case. */
export interface OperationRoles {
  read: readonly string[];
  preview: readonly string[];
  start: readonly string[];
  control: readonly string[];
  /** The stop switch. */
  admin: readonly string[];
}

/** Times in seconds. */
export interface Config {
  api: {
    host: string;
    port: number;
    auth: 'keystone' | 'none';
    maxAge: number;
    maxAgeCeiling: number;
    acceptTimeout: number;
    roles: OperationRoles;
    serviceRoles: readonly string[];
    eventStreams: number;
    /** Requests per minute and caller; 0: no limit. */
    rateLimit: number;
  };
  /** The API's certificate and key; both or none. */
  tls: { certFile: string | null; keyFile: string | null };
  temporal: {
    taskQueue: string;
    startsAtOnce: number;
    webUrl: string | null;
    databaseFile: string | null;
    /** null: payloads are not encrypted. */
    payloadKeysFile: string | null;
    /** null: no codec endpoint. */
    codecPort: number | null;
  };
  activities: ActivitySettings;
  /** One request to OpenStack. */
  openStack: { readTimeout: number; changeTimeout: number };
  /** `url` null: the catalog's. */
  watcher: { url: string | null; proxy: boolean; proxyTimeout: number };
  /** null: no notifications. Set both or none. */
  webhook: { url: string | null; secretFile: string | null; allow: readonly string[] };
  worker: { metricsHost: string; metricsPort: number };
  log: { level: LogLevel; format: 'json' | 'pretty' };
  shutdownGrace: number;
}

export interface ConfigProblem {
  /** The environment variable. */
  name: string;
  /** A sentence: what is wrong and what is allowed. */
  message: string;
}

/** The start must stop; the message has a line per problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map((problem) => `  ${problem.name}: ${problem.message}`);
    super(`The settings are wrong:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

/** For the clients of OpenStack. */
export function requestTimeouts({ openStack }: Config): { readMs: number; changeMs: number } {
  return { readMs: openStack.readTimeout * 1000, changeMs: openStack.changeTimeout * 1000 };
}

/** The environment of this process. */
export function environment(): Environment {
  return process.env;
}

/** Throws ConfigError with every problem at once. An empty variable counts as not set. */
export function readConfig(env: Environment = environment()): Config {
  const problems = unknownNames(env);
  const config = readValues(env, problems);
  // What settings must be to each other can be judged only where each is good by itself.
  if (problems.length === 0) problems.push(...contradictions(config));
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function readValues(env: Environment, problems: ConfigProblem[]): Config {
  const get = <T>(setting: SettingWithDefault<T>): T =>
    parsed(env, setting, problems) ?? valueOfDefault(setting);
  const getOptional = <T>(setting: Setting<T>): T | null => parsed(env, setting, problems);
  return {
    api: {
      host: get(SETTINGS.host),
      port: get(SETTINGS.port),
      auth: get(SETTINGS.auth),
      maxAge: get(SETTINGS.maxAge),
      maxAgeCeiling: get(SETTINGS.maxAgeCeiling),
      acceptTimeout: get(SETTINGS.acceptTimeout),
      roles: {
        read: get(SETTINGS.rolesRead),
        preview: get(SETTINGS.rolesPreview),
        start: get(SETTINGS.rolesStart),
        control: get(SETTINGS.rolesControl),
        admin: get(SETTINGS.rolesAdmin),
      },
      serviceRoles: get(SETTINGS.serviceRoles),
      eventStreams: get(SETTINGS.eventStreams),
      rateLimit: get(SETTINGS.rateLimit),
    },
    tls: { certFile: getOptional(SETTINGS.tlsCertFile), keyFile: getOptional(SETTINGS.tlsKeyFile) },
    temporal: {
      taskQueue: get(SETTINGS.taskQueue),
      startsAtOnce: get(SETTINGS.starts),
      webUrl: getOptional(SETTINGS.temporalWebUrl),
      databaseFile: getOptional(SETTINGS.temporalDb),
      payloadKeysFile: getOptional(SETTINGS.payloadKeysFile),
      codecPort: getOptional(SETTINGS.codecPort),
    },
    activities: activitySettings(get, getOptional(SETTINGS.webhookUrl) !== null),
    openStack: {
      readTimeout: get(SETTINGS.readTimeout),
      changeTimeout: get(SETTINGS.changeTimeout),
    },
    watcher: {
      url: getOptional(SETTINGS.watcherUrl),
      proxy: get(SETTINGS.proxy),
      proxyTimeout: get(SETTINGS.proxyTimeout),
    },
    webhook: {
      url: getOptional(SETTINGS.webhookUrl),
      secretFile: getOptional(SETTINGS.webhookSecretFile),
      allow: getOptional(SETTINGS.webhookAllow) ?? [],
    },
    worker: {
      metricsHost: get(SETTINGS.workerMetricsHost),
      metricsPort: get(SETTINGS.workerMetricsPort),
    },
    log: { level: get(SETTINGS.logLevel), format: get(SETTINGS.logFormat) },
    shutdownGrace: get(SETTINGS.shutdownGrace),
  };
}

function activitySettings(
  get: <T>(setting: SettingWithDefault<T>) => T,
  notifies: boolean,
): ActivitySettings {
  return {
    limits: {
      default_max_age: get(SETTINGS.maxAge),
      max_age_ceiling: get(SETTINGS.maxAgeCeiling),
      max_actions: get(SETTINGS.maxActions),
      concurrency: get(SETTINGS.concurrency),
      migrations_per_host: get(SETTINGS.migrationsPerHost),
      compensation_timeout: get(SETTINGS.compensationTimeout),
      heartbeat_timeout: get(SETTINGS.heartbeatTimeout),
      retry_initial: get(SETTINGS.retryInitial),
      retry_max: get(SETTINGS.retryMax),
      retry_attempts: get(SETTINGS.retryAttempts),
      room_delay: get(SETTINGS.roomDelay),
      room_passes: get(SETTINGS.roomPasses),
      continue_as_new_after: get(SETTINGS.continueAsNewAfter),
      rollback_timeout: get(SETTINGS.rollbackTimeout),
      ...(notifies && { notification_wait: get(SETTINGS.webhookWait) }),
    },
    poll_first: get(SETTINGS.pollFirst),
    poll_max: get(SETTINGS.pollMax),
    busy_timeout: get(SETTINGS.busyTimeout),
    host_up_timeout: get(SETTINGS.hostUpTimeout),
    migration_timeout: get(SETTINGS.migrationTimeout),
    progress_timeout: get(SETTINGS.progressTimeout),
    power_timeout: get(SETTINGS.powerTimeout),
    hard_power_off: get(SETTINGS.hardPowerOff),
    worker_migrations_per_host: get(SETTINGS.workerMigrationsPerHost),
  };
}

/** null: not set, or wrong (then a problem is added, once per variable). */
function parsed<T>(env: Environment, setting: Setting<T>, problems: ConfigProblem[]): T | null {
  const text = env[setting.name]?.trim() ?? '';
  if (text === '') return null;
  const value = setting.kind.parse(text);
  if (value !== undefined) return value;
  if (!problems.some((problem) => problem.name === setting.name)) {
    const message = `is ${quoted(text)}. It must be ${setting.kind.allowed}.`;
    problems.push({ name: setting.name, message });
  }
  return null;
}

function valueOfDefault<T>(setting: SettingWithDefault<T>): T {
  const value = setting.kind.parse(setting.default);
  if (value === undefined) throw new Error(`The default of ${setting.name} is not allowed.`);
  return value;
}

/** A misspelt name would otherwise leave the default in force unnoticed. */
function unknownNames(env: Environment): ConfigProblem[] {
  const known = SETTING_LIST.map((setting) => setting.name);
  return Object.keys(env)
    .filter((name) => name.startsWith('ROLLBACK_') && !known.includes(name))
    .toSorted()
    .map((name) => {
      const near = nearest(name, known);
      const hint = near === null ? 'The README lists the settings.' : `Is ${near} meant?`;
      return { name, message: `is not a setting of this service. ${hint}` };
    });
}

function contradictions(config: Config): ConfigProblem[] {
  const { api, activities } = config;
  const { limits } = activities;
  const problems: ConfigProblem[] = [];
  const refuse = (setting: Setting<unknown>, message: string): void => {
    problems.push({ name: setting.name, message });
  };
  const atMost = (low: Setting<unknown>, a: number, high: Setting<unknown>, b: number): void => {
    if (a > b) refuse(low, `is ${a}. It must not be greater than ${high.name} (${b}).`);
  };
  if (api.auth === 'none' && !isLoopback(api.host)) {
    refuse(
      SETTINGS.auth,
      `is "none", which is allowed only where ${SETTINGS.host.name} is a loopback address ` +
        `(127.0.0.1, ::1, localhost), not ${quoted(api.host)}. Use "keystone".`,
    );
  }
  problems.push(...incomplete(config));
  atMost(SETTINGS.maxAge, api.maxAge, SETTINGS.maxAgeCeiling, api.maxAgeCeiling);
  atMost(SETTINGS.retryInitial, limits.retry_initial, SETTINGS.retryMax, limits.retry_max);
  atMost(SETTINGS.pollFirst, activities.poll_first, SETTINGS.pollMax, activities.poll_max);
  const whole = limits.compensation_timeout;
  atMost(
    SETTINGS.migrationTimeout,
    activities.migration_timeout,
    SETTINGS.compensationTimeout,
    whole,
  );
  return problems;
}

/** Settings that are of no use one without the other. */
function incomplete({ watcher, webhook, tls }: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (watcher.proxy && watcher.url === null) {
    const message = `is "true", which needs ${SETTINGS.watcherUrl.name}: watcher-api's own address.`;
    problems.push({ name: SETTINGS.proxy.name, message });
  }
  if (watcher.url !== null && /\/v\d+(\.\d+)?$/.test(watcher.url)) {
    const message = `is ${quoted(watcher.url)}. It must be the address without "/v1".`;
    problems.push({ name: SETTINGS.watcherUrl.name, message });
  }
  if ((tls.certFile === null) !== (tls.keyFile === null)) {
    const names = [SETTINGS.tlsCertFile.name, SETTINGS.tlsKeyFile.name];
    const [missing, other] = tls.certFile === null ? names : names.toReversed();
    const message = `is not set, but ${other} is: the API speaks https only where both are.`;
    problems.push({ name: missing ?? '', message });
  }
  if ((webhook.url === null) !== (webhook.secretFile === null)) {
    const names = [SETTINGS.webhookUrl.name, SETTINGS.webhookSecretFile.name];
    const [missing, other] = webhook.url === null ? names : names.toReversed();
    const message = `is not set, but ${other} is: notifications are sent only where both are.`;
    problems.push({ name: missing ?? '', message });
  }
  return problems;
}

/** Only addresses that no other machine can reach. A name other than "localhost" may resolve to anything. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Short, and without what might be a password in an address. */
function quoted(text: string): string {
  const safe = text.replace(/\/\/[^/@\s]*@/, '//***@');
  return JSON.stringify(safe.length > 100 ? `${safe.slice(0, 100)}…` : safe);
}
