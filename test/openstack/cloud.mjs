/**
 * The OpenStack services as a caller with nothing but HTTP sees them: what the acceptance test asserts with.
 * On purpose it shares nothing with src/: a mistake in the service's clients must not hide itself here.
 * Node's own modules only (`yaml` is loaded where a clouds.yaml has to be read).
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const COMPUTE_VERSION = '2.90';
const BAREMETAL_VERSION = '1.80';
const CALL_TIMEOUT_MS = 60_000;
/** One page's worth is asked for at a time; no list here is allowed to be longer than this many pages. */
const PAGES_MAX = 100;

/** An answer that was not among those expected; `status`, `body` tell what came. */
export class UnexpectedAnswer extends Error {
  constructor(method, url, status, body) {
    super(`${method} ${url} answered ${status}: ${String(body).slice(0, 400)}`);
    this.status = status;
    this.body = body;
  }
}

/**
 * One HTTP call. JSON in, `{status, headers, body}` out; `body` is parsed where it is JSON.
 * Throws UnexpectedAnswer where `expect` is given and does not hold the status.
 */
export async function call(method, url, { headers = {}, json, text, expect, timeoutMs } = {}) {
  const body = text ?? (json === undefined ? undefined : JSON.stringify(json));
  const response = await fetch(url, {
    method,
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs ?? CALL_TIMEOUT_MS),
  });
  const raw = await response.text();
  let parsed = raw;
  try {
    parsed = raw === '' ? null : JSON.parse(raw);
  } catch {
    // Not JSON: the text is the answer.
  }
  if (expect !== undefined && !expect.includes(response.status))
    throw new UnexpectedAnswer(method, url, response.status, raw);
  return { status: response.status, headers: response.headers, body: parsed };
}

/** `auth` of clouds.yaml's OS_CLOUD laid under the OS_* variables, as the openstack client does. */
async function authSettings(env) {
  const settings = {};
  if (env.OS_CLOUD) {
    const file = [
      env.OS_CLIENT_CONFIG_FILE,
      'clouds.yaml',
      join(homedir(), '.config/openstack/clouds.yaml'),
      '/etc/openstack/clouds.yaml',
    ].find((path) => path !== undefined && existsSync(path));
    if (file === undefined) throw new Error(`OS_CLOUD is set, but there is no clouds.yaml`);
    const { parse } = await import('yaml');
    const cloud = parse(readFileSync(file, 'utf8'))?.clouds?.[env.OS_CLOUD];
    if (cloud === undefined) throw new Error(`${file} has no cloud named ${env.OS_CLOUD}`);
    for (const [key, value] of Object.entries(cloud.auth ?? {})) settings[key] = String(value);
    settings.region_name = cloud.region_name ?? cloud.regions?.[0];
    settings.interface = cloud.interface;
  }
  for (const [key, value] of Object.entries(env))
    if (key.startsWith('OS_') && value) settings[key.slice(3).toLowerCase()] ??= value;
  return settings;
}

function authRequest(s) {
  if (s.application_credential_id || s.application_credential_name) {
    const user = s.user_id
      ? { id: s.user_id }
      : { name: s.username, domain: { name: s.user_domain_name ?? 'Default' } };
    const credential = s.application_credential_id
      ? { id: s.application_credential_id, secret: s.application_credential_secret }
      : { name: s.application_credential_name, secret: s.application_credential_secret, user };
    return {
      auth: {
        identity: { methods: ['application_credential'], application_credential: credential },
      },
    };
  }
  const domain = s.user_domain_id
    ? { id: s.user_domain_id }
    : { name: s.user_domain_name ?? 'Default' };
  const projectDomain = s.project_domain_id
    ? { id: s.project_domain_id }
    : { name: s.project_domain_name ?? 'Default' };
  return {
    auth: {
      identity: {
        methods: ['password'],
        password: {
          user: s.user_id
            ? { id: s.user_id, password: s.password }
            : { name: s.username, domain, password: s.password },
        },
      },
      scope: {
        project: s.project_id
          ? { id: s.project_id }
          : { name: s.project_name, domain: projectDomain },
      },
    },
  };
}

/** Authenticates and reads the catalog. Tokens are renewed before they are half an hour old. */
export async function connect(env) {
  const settings = await authSettings(env);
  if (!settings.auth_url) throw new Error('neither OS_AUTH_URL nor OS_CLOUD names a cloud');
  const authUrl = settings.auth_url.replace(/\/+$/, '');
  const base = authUrl.endsWith('/v3') ? authUrl : `${authUrl}/v3`;
  const login = () =>
    call('POST', `${base}/auth/tokens`, { json: authRequest(settings), expect: [201] });
  const first = await login();
  const catalog = first.body.token.catalog;
  return new Cloud({ base, settings, catalog, login, first });
}

export class Cloud {
  #login;
  #token;
  #tokenAt;
  #catalog;
  #settings;

  constructor({ base, settings, catalog, login, first }) {
    this.authUrl = base;
    this.roles = first.body.token.roles.map((role) => role.name);
    this.userId = first.body.token.user.id;
    this.region = settings.region_name;
    this.#settings = settings;
    this.#catalog = catalog;
    this.#login = login;
    this.#token = first.headers.get('x-subject-token');
    this.#tokenAt = Date.now();
  }

  async token() {
    if (Date.now() - this.#tokenAt > 1_800_000) {
      this.#token = (await this.#login()).headers.get('x-subject-token');
      this.#tokenAt = Date.now();
    }
    return this.#token;
  }

  /** null where the catalog has no such service. */
  endpoint(...types) {
    const service = this.#catalog.find((entry) => types.includes(entry.type));
    const wanted = (this.#settings.interface ?? 'public').replace(/URL$/, '');
    const found = service?.endpoints.find(
      (endpoint) =>
        endpoint.interface === wanted &&
        (!this.#settings.region_name || endpoint.region_id === this.#settings.region_name),
    );
    return found?.url.replace(/\/+$/, '') ?? null;
  }

  async #ask(types, path, method, options, headers) {
    const endpoint = this.endpoint(...types);
    if (endpoint === null) throw new Error(`the catalog has no ${types[0]} endpoint`);
    return await call(method, endpoint + path, {
      ...options,
      headers: { 'x-auth-token': await this.token(), ...headers, ...options.headers },
    });
  }

  nova(method, path, options = {}) {
    return this.#ask(['compute'], path, method, options, {
      'openstack-api-version': `compute ${COMPUTE_VERSION}`,
    });
  }
  ironic(method, path, options = {}) {
    return this.#ask(['baremetal'], this.#v1('baremetal', path), method, options, {
      'x-openstack-ironic-api-version': BAREMETAL_VERSION,
    });
  }
  watcher(method, path, options = {}) {
    return this.#ask(['infra-optim'], this.#v1('infra-optim', path), method, options, {});
  }
  async identity(method, path, options = {}) {
    const headers = { 'x-auth-token': await this.token() };
    return await call(method, this.authUrl + path, { ...options, headers });
  }
  placement(method, path, options = {}) {
    return this.#ask(['placement'], path, method, options, {});
  }
  glance(method, path, options = {}) {
    return this.#ask(['image'], `${this.#suffix('image', '/v2')}${path}`, method, options, {});
  }
  #suffix(type, version) {
    return this.endpoint(type)?.endsWith(version) ? '' : version;
  }
  #v1(type, path) {
    return this.#suffix(type, '/v1') + path;
  }

  /** Every page of one of Nova's lists. `key` is the list's name in the answer, e.g. "servers". */
  async novaList(path, key) {
    const all = [];
    let marker = null;
    for (let page = 0; page < PAGES_MAX; page++) {
      const joint = path.includes('?') ? '&' : '?';
      const answer = await this.nova(
        'GET',
        marker === null ? path : `${path}${joint}marker=${marker}`,
        { expect: [200] },
      );
      const items = answer.body[key];
      for (const item of items) all.push(item);
      if (items.length === 0 || answer.body[`${key}_links`] === undefined) return all;
      marker = items.at(-1).uuid ?? items.at(-1).id;
    }
    throw new Error(`${path} has more than ${PAGES_MAX} pages`);
  }
  servers() {
    return this.novaList('/servers/detail?all_tenants=1', 'servers');
  }
  async server(id) {
    return (await this.nova('GET', `/servers/${id}`, { expect: [200] })).body.server;
  }
  async services() {
    const answer = await this.nova('GET', '/os-services?binary=nova-compute', { expect: [200] });
    return answer.body.services;
  }
  async hypervisors() {
    return (await this.nova('GET', '/os-hypervisors/detail', { expect: [200] })).body.hypervisors;
  }
  /** Newest first; `query` begins with "?" or is empty. */
  migrations(query = '') {
    return this.novaList(`/os-migrations${query}`, 'migrations');
  }
  async nodes() {
    if (this.endpoint('baremetal') === null) return [];
    return (await this.ironic('GET', '/nodes/detail', { expect: [200] })).body.nodes;
  }
  liveMigrate(id, host) {
    return this.nova('POST', `/servers/${id}/action`, {
      json: { 'os-migrateLive': { host, block_migration: 'auto' } },
    });
  }
  async setService(host, status, reason) {
    const service = (await this.services()).find((one) => one.host === host);
    const json =
      status === 'disabled' ? { status, disabled_reason: reason ?? 'acceptance test' } : { status };
    return await this.nova('PUT', `/os-services/${service.id}`, { json, expect: [200] });
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks `read` until it gives something truthy; an Error naming `what` after `limitMs`. */
export async function until(what, read, { limitMs = 120_000, everyMs = 250 } = {}) {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await read();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    await pause(everyMs);
  }
}

export const hostOf = (server) => server['OS-EXT-SRV-ATTR:host'];
export const taskOf = (server) => server['OS-EXT-STS:task_state'];
