/**
 * A web server in the place of a cloud: Keystone's authentication and the version documents are there, everything
 * else is what the test says. It keeps every request.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { CloudConfig } from '../../src/openstack/cloud-config.js';
import type { CloudOptions, ConnectedCloud } from '../../src/openstack/create-cloud.js';
import { createOpenStackCloud } from '../../src/openstack/create-cloud.js';

export interface Received {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
}
export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}
/** undefined: the handler answers by itself, or never. */
export type Handler = (
  request: Received,
  response: ServerResponse,
) => Reply | undefined | Promise<Reply | undefined>;

export interface StubCloud {
  origin: string;
  config: CloudConfig;
  received: Received[];
  /** Tokens given out so far are refused from now on. */
  expireTokens(): void;
  authentications(): number;
  handle: Handler;
  connect(options?: CloudOptions, config?: Partial<CloudConfig>): ConnectedCloud;
  close(): Promise<void>;
}

export const PASSWORD = 'correct horse battery';
export const USER_ID = 'e0e0';

interface State {
  valid: Set<string>;
  count: number;
  lifeSeconds: number;
}

export async function startStubCloud(
  options: {
    novaMaximum?: string;
    ironicMaximum?: string;
    lifeSeconds?: number;
    authDelayMs?: number;
  } = {},
): Promise<StubCloud> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const clouds: ConnectedCloud[] = [];
  const state: State = { valid: new Set(), count: 0, lifeSeconds: options.lifeSeconds ?? 3600 };
  const server = createServer((request, response) => {
    void (async () => {
      const entry = await receive(request);
      received.push(entry);
      const reply = await answer(entry, response);
      if (reply !== undefined) write(response, reply);
    })();
  });
  const answer: Handler = async (entry, response) => {
    if (entry.method === 'POST' && entry.path === '/identity/v3/auth/tokens') {
      await new Promise((resolve) => setTimeout(resolve, options.authDelayMs ?? 0));
      return authenticate(entry, state, stub.origin);
    }
    if (!state.valid.has(String(entry.headers['x-auth-token'])))
      return { status: 401, body: { error: { code: 401, message: 'Who are you?' } } };
    if (entry.path === '/compute/v2.1/')
      return { status: 200, body: { version: { version: options.novaMaximum ?? '2.93' } } };
    if (entry.path === '/baremetal/v1/')
      return { status: 200, body: { version: { version: options.ironicMaximum ?? '1.82' } } };
    return stub.handle(entry, response);
  };
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stub: StubCloud = {
    origin,
    config: configOf(origin),
    received,
    expireTokens: () => state.valid.clear(),
    authentications: () => state.count,
    handle: () => ({ status: 404, body: { itemNotFound: { message: 'nothing here' } } }),
    connect: (cloudOptions, config) => {
      const cloud = createOpenStackCloud({ ...configOf(origin), ...config }, cloudOptions);
      clouds.push(cloud);
      return cloud;
    },
    close: async () => {
      await Promise.all(clouds.map((cloud) => cloud.close()));
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return stub;
}

function configOf(origin: string): CloudConfig {
  return {
    cloudName: null,
    authUrl: `${origin}/identity/v3`,
    credentials: {
      kind: 'password',
      user: { name: 'operator', domain: { name: 'Default' } },
      password: PASSWORD,
      scope: { project: { name: 'admin', domain: { name: 'Default' } } },
    },
    region: null,
    interface: 'public',
    ca: null,
    insecure: false,
    endpointOverrides: {},
  };
}

function authenticate(entry: Received, state: State, origin: string): Reply {
  state.count++;
  if (!entry.body.includes(PASSWORD) && !entry.body.includes('application_credential'))
    return { status: 401, body: { error: { code: 401, message: `no: ${entry.body}` } } };
  const token = `token-${state.count}-${'x'.repeat(20)}`;
  state.valid.add(token);
  // Another year than this machine's: only the length of the token's life may count.
  const issued = Date.parse('2031-05-01T00:00:00Z');
  return {
    status: 201,
    headers: { 'x-subject-token': token },
    body: {
      token: {
        user: { id: USER_ID, name: 'operator' },
        project: { id: 'p1' },
        roles: [{ name: 'admin' }],
        issued_at: new Date(issued).toISOString(),
        expires_at: new Date(issued + state.lifeSeconds * 1000).toISOString(),
        catalog: catalog(origin),
      },
    },
  };
}

function catalog(origin: string): unknown[] {
  const entry = (type: string, path: string): unknown => ({
    type,
    endpoints: [{ interface: 'public', region_id: 'RegionOne', url: `${origin}${path}` }],
  });
  return [
    entry('compute', '/compute/v2.1'),
    entry('baremetal', '/baremetal'),
    entry('infra-optim', '/optimizer'),
    entry('placement', '/placement'),
  ];
}

async function receive(request: IncomingMessage): Promise<Received> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    headers: request.headers,
    body: Buffer.concat(parts).toString('utf8'),
  };
}

function write(response: ServerResponse, reply: Reply): void {
  const text = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? '');
  response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
  response.end(reply.body === undefined ? '' : text);
}
