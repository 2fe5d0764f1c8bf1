/**
 * Asks Keystone about callers' tokens and remembers good answers for a short time, by the token's SHA-256: the
 * token itself is kept nowhere. One question at a time per token, however many requests bring it. Refusals are
 * not remembered.
 */
import { createHash } from 'node:crypto';
import type { Metrics } from '../metrics.js';
import type { Identity, TokenInfo } from '../openstack/cloud.js';
import { isForbidden, isOpenStackError, isUnauthorized } from '../openstack/errors.js';
import { ApiError } from './errors.js';

export interface TokenCacheOptions {
  /** A revoked token is refused after that time at the latest. */
  maxAgeMs: number;
  maxEntries: number;
  /** Time for Keystone's answer. */
  timeoutMs: number;
  now: () => number;
}

const DEFAULTS: TokenCacheOptions = {
  maxAgeMs: 300_000,
  maxEntries: 1000,
  timeoutMs: 10_000,
  now: Date.now,
};

export class TokenCache {
  private readonly options: TokenCacheOptions;
  private readonly known = new Map<string, { info: TokenInfo; until: number }>();
  private readonly asked = new Map<string, Promise<TokenInfo | null>>();

  constructor(
    private readonly identity: Pick<Identity, 'validateToken'>,
    private readonly metrics: Pick<Metrics, 'tokenValidated'>,
    options: Partial<TokenCacheOptions> = {},
  ) {
    this.options = { ...DEFAULTS, ...options };
  }

  /** null: Keystone does not accept the token. Throws ApiError (503) where it cannot be asked. */
  async check(token: string): Promise<TokenInfo | null> {
    const key = createHash('sha256').update(token).digest('base64');
    const known = this.known.get(key);
    if (known !== undefined && known.until > this.options.now()) {
      this.metrics.tokenValidated('cached');
      return known.info;
    }
    this.known.delete(key);
    const pending = this.asked.get(key) ?? this.ask(key, token);
    return pending;
  }

  private ask(key: string, token: string): Promise<TokenInfo | null> {
    const answer = this.validate(token)
      .then((info) => {
        if (info !== null) this.remember(key, info);
        return info;
      })
      .finally(() => this.asked.delete(key));
    this.asked.set(key, answer);
    return answer;
  }

  private async validate(token: string): Promise<TokenInfo | null> {
    // Its own time limit and not one caller's signal: others may wait for the same answer.
    const signal = AbortSignal.timeout(this.options.timeoutMs);
    try {
      const info = await this.identity.validateToken(token, { signal });
      this.metrics.tokenValidated(info === null ? 'refused' : 'accepted');
      return info;
    } catch (error) {
      this.metrics.tokenValidated('unavailable');
      throw unavailable(error, signal.aborted);
    }
  }

  private remember(key: string, info: TokenInfo): void {
    const now = this.options.now();
    const until = Math.min(Date.parse(info.expiresAt), now + this.options.maxAgeMs);
    // NaN, from a time that is none, is not greater either.
    if (!(until > now)) return;
    this.known.set(key, { info, until });
    const oldest = this.known.keys().next().value;
    if (this.known.size > this.options.maxEntries && oldest !== undefined)
      this.known.delete(oldest);
  }
}

function unavailable(error: unknown, timedOut: boolean): unknown {
  if (isUnauthorized(error) || isForbidden(error)) {
    return new ApiError(
      'OpenStackUnauthorized',
      'Keystone refuses to check tokens for this service: its own credentials are wrong or lack a role. ' +
        'An administrator has to correct them.',
    );
  }
  if (!timedOut && !isOpenStackError(error)) return error;
  return new ApiError(
    'OpenStackUnreachable',
    'Keystone cannot be reached, so the token cannot be checked. Nothing was touched; ask again.',
  );
}
