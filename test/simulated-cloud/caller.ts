/** Raw HTTP calls to a simulated cloud, with the admin's token. Knows nothing of the typed clients. */
import type { SimulatedCloud } from '../../src/simulated-cloud/types.js';

/** Whatever an answer holds: tests look at it member by member. */
export type Json = ReturnType<typeof JSON.parse>;

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** Parsed where it is JSON, else undefined. */
  json: Json;
}

export interface Call {
  headers?: Record<string, string>;
  body?: unknown;
  token?: string | null;
}

export class Caller {
  readonly cloud: SimulatedCloud;
  #token: string | undefined;

  constructor(cloud: SimulatedCloud) {
    this.cloud = cloud;
  }

  get base(): string {
    return this.cloud.authUrl.replace('/identity/v3', '');
  }

  async token(): Promise<string> {
    if (this.#token === undefined) {
      const reply = await this.raw('POST', '/identity/v3/auth/tokens', {
        token: null,
        body: passwordBody(this.cloud),
      });
      const token = reply.headers.get('x-subject-token');
      if (token === null) throw new Error(`no token: ${String(reply.status)} ${reply.text}`);
      this.#token = token;
    }
    return this.#token;
  }

  async raw(method: string, path: string, call: Call = {}): Promise<Reply> {
    const headers: Record<string, string> = { ...call.headers };
    if (call.token !== null) headers['x-auth-token'] = call.token ?? (await this.token());
    if (call.body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(this.base + path, {
      method,
      headers,
      redirect: 'manual',
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
    const text = await response.text();
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { status: response.status, headers: response.headers, text, json };
  }

  nova(method: string, path: string, body?: unknown): Promise<Reply> {
    return this.raw(method, `/compute/v2.1${path}`, {
      headers: { 'openstack-api-version': 'compute 2.90' },
      body,
    });
  }
  ironic(method: string, path: string, body?: unknown): Promise<Reply> {
    return this.raw(method, `/baremetal/v1${path}`, {
      headers: { 'x-openstack-ironic-api-version': '1.80' },
      body,
    });
  }
  watcher(path: string): Promise<Reply> {
    return this.raw('GET', `/infra-optim/v1${path}`);
  }
  action(serverId: string, body: unknown): Promise<Reply> {
    return this.nova('POST', `/servers/${serverId}/action`, body);
  }
  live(serverId: string, host: string | null): Promise<Reply> {
    return this.action(serverId, { 'os-migrateLive': { host, block_migration: 'auto' } });
  }
  cold(serverId: string, host: string | null): Promise<Reply> {
    return this.action(serverId, { migrate: { host } });
  }
  async server(id: string): Promise<Json> {
    return (await this.nova('GET', `/servers/${id}`)).json.server;
  }
  /** Newest first. */
  async migrations(id: string): Promise<Json[]> {
    return (await this.nova('GET', `/os-migrations?instance_uuid=${id}`)).json.migrations;
  }
}

export function passwordBody(cloud: SimulatedCloud, password?: string): unknown {
  const domain = { id: 'default' };
  const name = cloud.env['OS_USERNAME'];
  const user = { name, domain, password: password ?? cloud.env['OS_PASSWORD'] };
  return {
    auth: {
      identity: { methods: ['password'], password: { user } },
      scope: { project: { name: 'admin', domain } },
    },
  };
}

/** Wait until `read` gives something that `fits`, at most 5 s. */
export async function until<T>(read: () => Promise<T>, fits: (value: T) => boolean): Promise<T> {
  const end = Date.now() + 5_000;
  for (;;) {
    const value = await read();
    if (fits(value)) return value;
    if (Date.now() > end) throw new Error(`still ${JSON.stringify(value)}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
