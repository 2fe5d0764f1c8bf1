/**
 * The body of POST /v3/auth/tokens (Identity API v3, "Authentication and token management"). Pure.
 */
import type { AuthScope, CloudConfig, Credentials } from '../cloud-config.js';

export function authRequestBody(credentials: Credentials): Record<string, unknown> {
  if (credentials.kind === 'password') {
    return {
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { ...credentials.user, password: credentials.password } },
        },
        scope: scopeBody(credentials.scope),
      },
    };
  }
  if (credentials.kind === 'token') {
    const { token, scope } = credentials;
    return {
      auth: {
        identity: { methods: ['token'], token: { id: token } },
        ...(scope !== null && { scope: scopeBody(scope) }),
      },
    };
  }
  const { secret } = credentials;
  return {
    auth: {
      identity: {
        methods: ['application_credential'],
        application_credential:
          'id' in credentials
            ? { id: credentials.id, secret }
            : { name: credentials.name, user: credentials.user, secret },
      },
    },
  };
}

function scopeBody(scope: AuthScope): Record<string, unknown> {
  return 'system' in scope ? { system: { all: true } } : { ...scope };
}

/** What must not be in an error or a log. */
export function secretsOf(config: CloudConfig): string[] {
  const { credentials } = config;
  if (credentials.kind === 'password') return [credentials.password];
  return [credentials.kind === 'token' ? credentials.token : credentials.secret];
}
