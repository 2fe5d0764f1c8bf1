/** Users and tokens of the simulated cloud. Token times are the machine's own: no plan makes a token expire. */
import { randomBytes } from 'node:crypto';
import { hexId } from '../state.js';

export interface TokenUser {
  id: string;
  name: string;
  projectId: string;
  projectName: string;
  roles: string[];
}
export interface Token {
  value: string;
  user: TokenUser;
  methods: string[];
  issuedAt: number;
  expiresAt: number;
  auditId: string;
  revoked: boolean;
}

const LIFETIME_MS = 3_600_000;

export class Tokens {
  readonly #tokens = new Map<string, Token>();
  readonly roleIds = new Map<string, string>();

  issue(user: TokenUser, methods: string[], lifetimeMs = LIFETIME_MS): Token {
    const token = {
      value: `gAAAAA${randomBytes(60).toString('base64url')}`,
      user,
      methods,
      issuedAt: Date.now() + Math.min(lifetimeMs, 0) - 1,
      expiresAt: Date.now() + lifetimeMs,
      auditId: randomBytes(16).toString('base64url'),
      revoked: false,
    };
    this.#tokens.set(token.value, token);
    return token;
  }

  /** The token, also where it is no longer valid. */
  find(value: string | undefined): Token | undefined {
    return value === undefined ? undefined : this.#tokens.get(value);
  }

  /** `windowMs`: for that long past its time it is still taken. */
  valid(value: string | undefined, windowMs = 0): Token | undefined {
    const token = this.find(value);
    const good = token && !token.revoked && token.expiresAt + windowMs > Date.now();
    return good === true ? token : undefined;
  }

  /** All tokens of a user that were issued until now are no longer accepted. */
  revokeAll(userId: string): void {
    for (const token of this.#tokens.values()) if (token.user.id === userId) token.revoked = true;
  }

  roleId(name: string): string {
    const id = this.roleIds.get(name) ?? hexId();
    this.roleIds.set(name, id);
    return id;
  }
}
