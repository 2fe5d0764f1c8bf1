/** The settings: defaults, each one's effect, and what stops a start. */
import { isLoopback, readConfig, ConfigError } from '../../src/config.js';
import type { ConfigProblem } from '../../src/config.js';
import { settingsHelp, settingsMarkdown } from '../../src/config/describe.js';
import { SETTING_LIST } from '../../src/config/settings-table.js';

function problemsOf(env: Record<string, string>): readonly ConfigProblem[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** A value that is allowed and is not the default, for every setting. */
const OTHER: Record<string, string> = {
  ROLLBACK_HOST: '::1',
  ROLLBACK_PORT: '0',
  ROLLBACK_TLS_CERT_FILE: '/etc/rollback/tls.pem',
  ROLLBACK_TLS_KEY_FILE: '/etc/rollback/tls.key',
  ROLLBACK_AUTH: 'none',
  ROLLBACK_ACCEPT_TIMEOUT: '12.5',
  ROLLBACK_MAX_AGE: '60',
  ROLLBACK_MAX_AGE_CEILING: '86400',
  ROLLBACK_MAX_ACTIONS: '7',
  ROLLBACK_TASK_QUEUE: 'other_queue-1.0',
  ROLLBACK_STARTS: '7',
  ROLLBACK_CONCURRENCY: '1',
  ROLLBACK_MIGRATIONS_PER_HOST: '2',
  ROLLBACK_WORKER_MIGRATIONS_PER_HOST: '3',
  ROLLBACK_COMPENSATION_TIMEOUT: '5000',
  ROLLBACK_TIMEOUT: '3600',
  ROLLBACK_MIGRATION_TIMEOUT: '100',
  ROLLBACK_PROGRESS_TIMEOUT: '60.5',
  ROLLBACK_READ_TIMEOUT: '20',
  ROLLBACK_CHANGE_TIMEOUT: '0.5',
  ROLLBACK_BUSY_TIMEOUT: '0',
  ROLLBACK_HOST_UP_TIMEOUT: '1.5',
  ROLLBACK_POWER_TIMEOUT: '10',
  ROLLBACK_HARD_POWER_OFF: 'true',
  ROLLBACK_HEARTBEAT_TIMEOUT: '2',
  ROLLBACK_RETRY_INITIAL: '0.1',
  ROLLBACK_RETRY_MAX: '3',
  ROLLBACK_RETRY_ATTEMPTS: '4',
  ROLLBACK_ROOM_DELAY: '0.25',
  ROLLBACK_ROOM_PASSES: '6',
  ROLLBACK_POLL_FIRST: '0.05',
  ROLLBACK_POLL_MAX: '1',
  ROLLBACK_CONTINUE_AS_NEW_AFTER: '500',
  ROLLBACK_TEMPORAL_WEB_URL: 'https://temporal.example:8233/ui/',
  ROLLBACK_TEMPORAL_DB: '/var/lib/rollback/temporal.db',
  ROLLBACK_WORKER_METRICS_HOST: '0.0.0.0',
  ROLLBACK_WORKER_METRICS_PORT: '9999',
  ROLLBACK_SHUTDOWN_GRACE: '0',
  ROLLBACK_LOG_LEVEL: 'debug',
  ROLLBACK_LOG_FORMAT: 'pretty',
  ROLLBACK_ROLES_READ: 'reader',
  ROLLBACK_ROLES_PREVIEW: 'planner',
  ROLLBACK_ROLES_START: 'operator',
  ROLLBACK_ROLES_CONTROL: 'controller',
  ROLLBACK_ROLES_ADMIN: 'cloud admin',
  ROLLBACK_SERVICE_ROLES: 'trusted',
  ROLLBACK_EVENT_STREAMS: '5',
  ROLLBACK_RATE_LIMIT: '0',
  ROLLBACK_WATCHER_URL: 'http://127.0.0.1:9322',
  ROLLBACK_PROXY: 'true',
  ROLLBACK_PROXY_TIMEOUT: '7',
  ROLLBACK_WEBHOOK_URL: 'https://hooks.example/x',
  ROLLBACK_PAYLOAD_KEYS_FILE: '/etc/rollback/payload-keys',
  ROLLBACK_CODEC_PORT: '8899',
  ROLLBACK_WEBHOOK_SECRET_FILE: '/etc/rollback/webhook-secret',
  ROLLBACK_WEBHOOK_ALLOW: 'hooks.example.org,10.0.0.0/8',
  ROLLBACK_WEBHOOK_WAIT: '3',
};

/** Settings that are of no use, and refused, without these. */
const WITH: Record<string, Record<string, string>> = {
  ROLLBACK_PROXY: { ROLLBACK_WATCHER_URL: 'http://127.0.0.1:9321' },
  ROLLBACK_TLS_CERT_FILE: { ROLLBACK_TLS_KEY_FILE: '/a' },
  ROLLBACK_TLS_KEY_FILE: { ROLLBACK_TLS_CERT_FILE: '/a' },
  ROLLBACK_WEBHOOK_URL: { ROLLBACK_WEBHOOK_SECRET_FILE: '/a' },
  ROLLBACK_WEBHOOK_SECRET_FILE: { ROLLBACK_WEBHOOK_URL: 'https://hooks.example/a' },
  ROLLBACK_WEBHOOK_WAIT: {
    ROLLBACK_WEBHOOK_URL: 'https://hooks.example/b',
    ROLLBACK_WEBHOOK_SECRET_FILE: '/b',
  },
};
const ADMINS = ['admin', 'administrator'];

test('an empty environment is all defaults', () => {
  const config = readConfig({});
  expect(config).toEqual({
    api: {
      host: '127.0.0.1',
      port: 9323,
      auth: 'keystone',
      maxAge: 3600,
      maxAgeCeiling: 604_800,
      acceptTimeout: 30,
      roles: { read: ADMINS, preview: ADMINS, start: ADMINS, control: ADMINS, admin: ADMINS },
      serviceRoles: ['service'],
      eventStreams: 200,
      rateLimit: 3000,
    },
    openStack: { readTimeout: 60, changeTimeout: 120 },
    watcher: { url: null, proxy: false, proxyTimeout: 60 },
    tls: { certFile: null, keyFile: null },
    webhook: { url: null, secretFile: null, allow: [] },
    temporal: {
      taskQueue: 'watcher-rollback',
      startsAtOnce: 32,
      webUrl: null,
      databaseFile: null,
      payloadKeysFile: null,
      codecPort: null,
    },
    activities: {
      limits: {
        default_max_age: 3600,
        max_age_ceiling: 604_800,
        max_actions: 10_000,
        concurrency: 32,
        migrations_per_host: 4,
        compensation_timeout: 7200,
        heartbeat_timeout: 10,
        retry_initial: 1,
        retry_max: 30,
        retry_attempts: 20,
        room_delay: 10,
        room_passes: 5,
        continue_as_new_after: 8000,
        rollback_timeout: 86_400,
      },
      poll_first: 0.2,
      poll_max: 5,
      busy_timeout: 300,
      host_up_timeout: 600,
      migration_timeout: 3600,
      progress_timeout: 300,
      power_timeout: 300,
      hard_power_off: false,
      worker_migrations_per_host: 4,
    },
    worker: { metricsHost: '127.0.0.1', metricsPort: 9324 },
    log: { level: 'info', format: 'json' },
    shutdownGrace: 20,
  });
});

test('every setting of the table can be set and has an effect of its own', () => {
  // Read by the command alone, which is a client of the service.
  const settings = SETTING_LIST.map(({ name }) => name).filter((name) => name !== 'ROLLBACK_URL');
  expect(Object.keys(OTHER).toSorted()).toEqual(settings.toSorted());
  const defaults = JSON.stringify(readConfig({}));
  const seen = new Set([defaults]);
  for (const [name, text] of Object.entries(OTHER)) {
    const config = JSON.stringify(readConfig({ ...WITH[name], [name]: text }));
    expect([name, seen.has(config)]).toEqual([name, false]);
    seen.add(config);
  }
  const all = readConfig(OTHER);
  expect(all.temporal.webUrl).toBe('https://temporal.example:8233/ui');
  expect(all.api).toMatchObject({ host: '::1', auth: 'none', maxAge: 60 });
});

test('every default is written as one would write it', () => {
  for (const setting of SETTING_LIST) {
    if (setting.default === null) continue;
    expect([setting.name, setting.kind.parse(setting.default)]).not.toEqual([
      setting.name,
      undefined,
    ]);
  }
});

test('empty and blank variables count as not set', () => {
  expect(readConfig({ ROLLBACK_PORT: '', ROLLBACK_TEMPORAL_WEB_URL: ' ' })).toEqual(readConfig({}));
});

test.each([
  ['ROLLBACK_PORT', '65536'],
  ['ROLLBACK_PORT', '-1'],
  ['ROLLBACK_PORT', '9323x'],
  ['ROLLBACK_HOST', 'a host'],
  ['ROLLBACK_HOST', '127.0.0.1:9323'],
  ['ROLLBACK_AUTH', 'Keystone'],
  ['ROLLBACK_MAX_AGE', '1.5'],
  ['ROLLBACK_MAX_AGE', '0'],
  ['ROLLBACK_MAX_AGE', '1e3'],
  ['ROLLBACK_CONCURRENCY', '0'],
  ['ROLLBACK_POLL_FIRST', '0'],
  ['ROLLBACK_POLL_FIRST', 'NaN'],
  ['ROLLBACK_ACCEPT_TIMEOUT', '61'],
  ['ROLLBACK_HARD_POWER_OFF', '1'],
  ['ROLLBACK_TASK_QUEUE', 'a b'],
  ['ROLLBACK_TEMPORAL_DB', '/var/lib/'],
  ['ROLLBACK_TEMPORAL_WEB_URL', 'temporal:8233'],
  ['ROLLBACK_TEMPORAL_WEB_URL', 'ftp://temporal'],
  ['ROLLBACK_LOG_LEVEL', 'verbose'],
  ['ROLLBACK_LOG_FORMAT', 'xml'],
])('%s=%s stops the start, naming it, what is wrong and what is allowed', (name, text) => {
  const problems = problemsOf({ [name]: text });
  expect(problems.map((problem) => problem.name)).toEqual([name]);
  expect(problems[0]?.message).toContain(text);
  expect(problems[0]?.message).toContain('It must be');
});

test('all problems are told at once', () => {
  const env = { ROLLBACK_PORT: 'x', ROLLBACK_MAX_AGE: 'y', ROLLBACK_LOG_LEVL: 'debug' };
  expect(() => readConfig(env)).toThrow(/ROLLBACK_LOG_LEVL[^]*ROLLBACK_PORT[^]*ROLLBACK_MAX_AGE/);
  expect(problemsOf(env)).toHaveLength(3);
});

test('an unknown ROLLBACK_ variable is refused, with the name that may be meant', () => {
  expect(problemsOf({ ROLLBACK_MAXAGE: '60' })).toEqual([
    {
      name: 'ROLLBACK_MAXAGE',
      message: 'is not a setting of this service. Is ROLLBACK_MAX_AGE meant?',
    },
  ]);
  expect(problemsOf({ ROLLBACK_SOMETHING_ELSE_ALTOGETHER: '60' })[0]?.message).toContain('README');
  expect(problemsOf({ OS_ROLLBACK: '1', TEMPORAL_ADDRESS: 'x', PATH: '/bin' })).toEqual([]);
});

test.each([
  ['none', '127.0.0.1', true],
  ['none', '127.8.0.1', true],
  ['none', '::1', true],
  ['none', 'localhost', true],
  ['none', '0.0.0.0', false],
  ['none', '::', false],
  ['none', '10.0.0.1', false],
  ['none', 'localhost.example', false],
  ['keystone', '0.0.0.0', true],
])('ROLLBACK_AUTH=%s on %s: %s', (auth, host, allowed) => {
  const problems = problemsOf({ ROLLBACK_AUTH: auth, ROLLBACK_HOST: host });
  expect(problems.map(({ name }) => name)).toEqual(allowed ? [] : ['ROLLBACK_AUTH']);
  if (auth === 'none') expect(isLoopback(host)).toBe(allowed);
});

test.each([
  ['ROLLBACK_MAX_AGE', { ROLLBACK_MAX_AGE: '700000' }],
  ['ROLLBACK_MAX_AGE', { ROLLBACK_MAX_AGE_CEILING: '60' }],
  ['ROLLBACK_RETRY_INITIAL', { ROLLBACK_RETRY_INITIAL: '31' }],
  ['ROLLBACK_POLL_FIRST', { ROLLBACK_POLL_MAX: '0.1' }],
  ['ROLLBACK_MIGRATION_TIMEOUT', { ROLLBACK_COMPENSATION_TIMEOUT: '60' }],
])('settings that contradict each other: %s', (name, env) => {
  expect(problemsOf(env).map((problem) => problem.name)).toEqual([name]);
});

test('a password in an address is neither taken nor shown', () => {
  const [problem] = problemsOf({ ROLLBACK_TEMPORAL_WEB_URL: 'http://user:geheim@temporal' });
  expect(problem?.message).toContain('without user, password');
  expect(problem?.message).not.toContain('geheim');
});

test('help and table name every setting with its default', () => {
  for (const setting of SETTING_LIST) {
    expect(settingsMarkdown()).toContain(`| \`${setting.name}\` |`);
    expect(settingsHelp()).toContain(`${setting.name}${setting.default === null ? '' : '='}`);
  }
  expect(settingsMarkdown().split('\n')).toHaveLength(SETTING_LIST.length + 2);
});
