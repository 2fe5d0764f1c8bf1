/** Certificates are checked unless somebody says otherwise by name: Keystone's, Temporal's, and ours where Temporal asks for one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { createOpenStackCloud } from '../../src/openstack/create-cloud.js';
import { loadCloudConfig } from '../../src/openstack/config.js';
import { lazyClient, temporalProfile } from '../../src/temporal/connection.js';

const folder = mkdtempSync(join(tmpdir(), 'rollback-tls-'));
const file = (name: string): string => join(folder, name);
const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { stdio: 'pipe' });

beforeAll(() => {
  for (const name of ['localhost', 'client']) {
    const args = `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=${name}`;
    const files = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)];
    openssl(...args.split(' '), '-addext', `subjectAltName=DNS:${name}`, ...files);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const pem = (name: string): string => readFileSync(file(name), 'utf8');
const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

describe('OpenStack', () => {
  let server: Server;
  let asked = 0;
  beforeAll(async () => {
    const token = {
      user: { id: 'u', name: 'u' },
      issued_at: '2026-11-24T00:00:00Z',
      expires_at: '2999-01-01T00:00:00Z',
      catalog: [],
    };
    server = createServer(
      { key: pem('localhost.key'), cert: pem('localhost.pem') },
      (_req, res) => {
        asked += 1;
        res.writeHead(201, { 'X-Subject-Token': 't' }).end(JSON.stringify({ token }));
      },
    );
    await new Promise<void>((resolve) => server.listen(0, resolve));
  });
  afterAll(() => server.close());
  beforeEach(() => (asked = 0));

  async function user(env: Record<string, string>, host = 'localhost'): Promise<string> {
    const config = loadCloudConfig(
      {
        OS_AUTH_URL: `https://${host}:${portOf(server)}/v3`,
        OS_USERNAME: 'u',
        OS_PASSWORD: 'p',
        OS_PROJECT_NAME: 'p',
        OS_USER_DOMAIN_NAME: 'Default',
        OS_PROJECT_DOMAIN_NAME: 'Default',
        ...env,
      },
      {
        cwd: '/',
        home: '/',
        read: (path) => (path === file('localhost.pem') ? pem('localhost.pem') : undefined),
      },
    );
    const cloud = createOpenStackCloud(config);
    try {
      return await cloud.identity.ownUserId();
    } finally {
      await cloud.close();
    }
  }

  test('a certificate that nobody vouches for: refused before anything is sent, in a sentence', async () => {
    await expect(user({})).rejects.toThrow(/identity gave no answer .*self-signed certificate/);
    expect(asked).toBe(0);
  });

  test('with OS_CACERT it is accepted, for its own name only', async () => {
    const trusted = { OS_CACERT: file('localhost.pem') };
    expect(await user(trusted)).toBe('u');
    await expect(user(trusted, '127.0.0.1')).rejects.toThrow(/altnames|does not match/i);
    expect(asked).toBe(1);
  });
});

describe('Temporal', () => {
  let server: Http2SecureServer;
  let handshakes: boolean[] = [];
  beforeAll(async () => {
    const options = { key: pem('localhost.key'), cert: pem('localhost.pem') };
    server = createSecureServer({ ...options, requestCert: true, ca: pem('client.pem') });
    server.on('secureConnection', (socket: TLSSocket) => handshakes.push(socket.authorized));
    // No Temporal: that the connection was made is what is looked at.
    server.on('stream', (stream) => stream.respond({ ':status': 503 }, { endStream: true }));
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  });
  afterAll(() => server.close());
  beforeEach(() => (handshakes = []));

  async function reach(env: Record<string, string>): Promise<string> {
    const address = `localhost:${portOf(server)}`;
    const client = lazyClient(temporalProfile({ TEMPORAL_ADDRESS: address, ...env }));
    try {
      await client.withDeadline(Date.now() + 5_000, () => client.workflowService.getSystemInfo({}));
      return 'answered';
    } catch (error) {
      return String(error);
    } finally {
      await client.connection.close();
    }
  }
  const TLS = { TEMPORAL_TLS: 'true' };
  const CA = { ...TLS, TEMPORAL_TLS_SERVER_CA_CERT_PATH: file('localhost.pem') };
  const MUTUAL = {
    ...CA,
    TEMPORAL_TLS_CLIENT_CERT_PATH: file('client.pem'),
    TEMPORAL_TLS_CLIENT_KEY_PATH: file('client.key'),
  };

  test('a certificate that nobody vouches for is refused', async () => {
    expect(await reach(TLS)).toMatch(/self-signed certificate|certificate/i);
    expect(handshakes).toEqual([]);
  });

  test('TEMPORAL_TLS_CLIENT_*: it knows who we are; without them it does not, and refuses', async () => {
    await reach(MUTUAL);
    expect(handshakes).toContain(true);
    handshakes = [];
    await reach(CA);
    expect(handshakes).not.toContain(true);
  });
});
