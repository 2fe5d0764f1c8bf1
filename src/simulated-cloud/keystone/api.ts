/** Keystone's API, as far as services and clients use it: tokens and version documents. */
import type { Answer, Route, ServiceRequest } from '../http/messages.js';
import { HttpProblem, isRecord } from '../http/messages.js';
import type { Service } from '../http/service.js';
import { hexId } from '../state.js';
import { keystoneTime } from '../clock.js';
import type { Token, Tokens, TokenUser } from './tokens.js';

export interface Credentials {
  user: TokenUser;
  password: string;
  applicationCredential: { id: string; secret: string };
}
export interface CatalogEntry {
  id: string;
  type: string;
  name: string;
  url: string;
}

const DOMAIN = { id: 'default', name: 'Default' };
/** [token] allow_expired_window, by default two days (keystone/conf/token.py). */
const EXPIRED_WINDOW_MS = 172_800_000;
const NOT_AUTHENTICATED = 'The request you have made requires authentication.';

export interface KeystoneParts {
  tokens: Tokens;
  credentials: Credentials;
  catalog: () => CatalogEntry[];
}

export function keystone(parts: KeystoneParts): Service {
  return {
    name: 'identity',
    prefix: '/identity',
    endpointPath: '/v3',
    routes: routes(parts),
    negotiate: () => 0,
    headers: () => ({ Vary: 'X-Auth-Token' }),
    requestIdHeaders: (requestId) => ({ 'x-openstack-request-id': requestId }),
    problem,
    notFound: () => problem(404, 'The requested URL was not found on the server.'),
    methodNotAllowed: (allow) => ({
      ...problem(405, 'The method is not allowed for the requested URL.'),
      headers: { Allow: allow.join(', ') },
    }),
    unauthorized: (authUrl) => ({
      ...problem(401, NOT_AUTHENTICATED),
      headers: { 'WWW-Authenticate': `Keystone uri="${authUrl}"`, Vary: 'X-Auth-Token' },
    }),
  };
}

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
};
function problem(status: number, message: string): Answer {
  return { status, body: { error: { code: status, message, title: TITLES[status] ?? 'Error' } } };
}

function routes({ tokens, credentials, catalog }: KeystoneParts): Route[] {
  return [
    { method: 'GET', template: '/', open: true, handle: versions },
    {
      method: 'GET',
      template: '/v3',
      open: true,
      handle: (request) => ({ status: 200, body: { version: version(request) } }),
    },
    {
      method: 'POST',
      template: '/v3/auth/tokens',
      open: true,
      handle: (request) => {
        const methods = authenticate(request.body, credentials);
        if (!methods) {
          return {
            ...problem(401, NOT_AUTHENTICATED),
            headers: { 'WWW-Authenticate': `Keystone uri="${request.endpoint}"` },
          };
        }
        const token = tokens.issue(credentials.user, methods);
        return tokenAnswer(201, token, tokens, catalog());
      },
    },
    {
      method: 'GET',
      template: '/v3/auth/tokens',
      handle: (request) => {
        const subject = request.headers['x-subject-token'];
        const value = typeof subject === 'string' ? subject : undefined;
        const windowMs = isTrue(request.query.get('allow_expired')) ? EXPIRED_WINDOW_MS : 0;
        const token = tokens.valid(value, windowMs);
        const own = request.headers['x-auth-token'] === value;
        if (!own && !request.caller.roles.includes('admin'))
          throw new HttpProblem(
            403,
            'You are not authorized to perform the requested action: identity:validate_token.',
          );
        if (!token) {
          const known = tokens.find(value) !== undefined;
          const message = known ? 'Failed to validate token' : 'Could not recognize Fernet token';
          throw new HttpProblem(404, message);
        }
        const withCatalog = !request.query.has('nocatalog');
        return tokenAnswer(200, token, tokens, withCatalog ? catalog() : null);
      },
    },
  ];
}

/** oslo_utils.strutils.bool_from_string. */
function isTrue(text: string | null): boolean {
  return ['1', 't', 'true', 'on', 'y', 'yes'].includes((text ?? '').trim().toLowerCase());
}

function versions(request: ServiceRequest): Answer {
  return {
    status: 300,
    headers: { Location: `${request.endpoint}/` },
    body: { versions: { values: [version(request)] } },
  };
}
function version(request: ServiceRequest): unknown {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${request.endpoint}/` }],
    'media-types': [
      { base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' },
    ],
  };
}

/** The methods by which the caller is authenticated; null where Keystone would answer 401. */
function authenticate(body: unknown, credentials: Credentials): string[] | null {
  const identity = dig(body, 'auth', 'identity');
  if (!isRecord(identity)) throw new HttpProblem(400, "'identity' is a required property");
  const user = dig(identity, 'password', 'user');
  if (isRecord(user)) {
    const named = user['name'] === credentials.user.name || user['id'] === credentials.user.id;
    return named && user['password'] === credentials.password ? ['password'] : null;
  }
  const app = identity['application_credential'];
  if (isRecord(app)) {
    const { id, secret } = credentials.applicationCredential;
    return app['id'] === id && app['secret'] === secret ? ['application_credential'] : null;
  }
  return null;
}
function dig(value: unknown, ...keys: string[]): unknown {
  return keys.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), value);
}

function tokenAnswer(
  status: number,
  token: Token,
  tokens: Tokens,
  catalog: CatalogEntry[] | null,
): Answer {
  const { user } = token;
  return {
    status,
    headers: { 'X-Subject-Token': token.value },
    body: {
      token: {
        methods: token.methods,
        user: { domain: DOMAIN, id: user.id, name: user.name, password_expires_at: null },
        audit_ids: [token.auditId],
        expires_at: keystoneTime(token.expiresAt),
        issued_at: keystoneTime(token.issuedAt),
        project: { domain: DOMAIN, id: user.projectId, name: user.projectName },
        is_domain: false,
        roles: user.roles.map((name) => ({ id: tokens.roleId(name), name })),
        ...(catalog !== null && { catalog: catalog.map(catalogEntry) }),
      },
    },
  };
}

function catalogEntry(entry: CatalogEntry): unknown {
  return {
    endpoints: ['public', 'internal', 'admin'].map((face) => ({
      id: hexId(),
      interface: face,
      region_id: 'RegionOne',
      url: entry.url,
      region: 'RegionOne',
    })),
    id: entry.id,
    type: entry.type,
    name: entry.name,
  };
}
