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
  now: () => Date.now(),
};

/** How one request wants a token looked at. */
export interface TokenQuestion {
  /** An older answer is not good enough. Milliseconds. */
  maxAgeMs?: number;
  /** Called before Keystone is asked about a token of which no good answer is remembered; may throw. */
  beforeStranger?: () => void;
  /** Accept one whose time is over, as long as Keystone does. Remembered apart. */
  allowExpired?: boolean;
}

interface Known {
  info: TokenInfo;
  askedAt: number;
  until: number;
}

export class TokenCache {
  private readonly options: TokenCacheOptions;
  private readonly known = new Map<string, Known>();
  private readonly asked = new Map<string, Promise<TokenInfo | null>>();

  constructor(
    private readonly identity: Pick<Identity, 'validateToken'>,
    private readonly metrics: Pick<Metrics, 'tokenValidated'>,
    options: Partial<TokenCacheOptions> = {},
  ) {
    this.options = { ...DEFAULTS, ...options };
  }

  /** null: Keystone does not accept the token. Throws ApiError (503) where it cannot be asked. */
  async check(token: string, question: TokenQuestion = {}): Promise<TokenInfo | null> {
    const { maxAgeMs = this.options.maxAgeMs, allowExpired = false } = question;
    const hash = createHash('sha256').update(token).digest('base64');
    const key = allowExpired ? `${hash} or expired` : hash;
    const known = this.known.get(key);
    const now = this.options.now();
    if (known !== undefined && known.until > now && now - known.askedAt < maxAgeMs) {
      this.metrics.tokenValidated('cached');
      return known.info;
    }
    // A good answer that is too old for this question is still good for others until Keystone says otherwise.
    if (known !== undefined && known.until <= now) this.known.delete(key);
    if (!this.known.has(key)) question.beforeStranger?.();
    return this.asked.get(key) ?? this.ask(key, token, allowExpired);
  }

  private ask(key: string, token: string, allowExpired: boolean): Promise<TokenInfo | null> {
    const answer = this.validate(token, allowExpired)
      .then((info) => {
        if (info === null) this.known.delete(key);
        else this.remember(key, info, allowExpired);
        return info;
      })
      .finally(() => this.asked.delete(key));
    this.asked.set(key, answer);
    return answer;
  }

  private async validate(token: string, allowExpired: boolean): Promise<TokenInfo | null> {
    // Its own time limit and not one caller's signal: others may wait for the same answer.
    const signal = AbortSignal.timeout(this.options.timeoutMs);
    try {
      const expired = allowExpired ? { allowExpired } : {};
      const info = await this.identity.validateToken(token, { signal, ...expired });
      this.metrics.tokenValidated(info === null ? 'refused' : 'accepted');
      return info;
    } catch (error) {
      this.metrics.tokenValidated('unavailable');
      throw unavailable(error, signal.aborted);
    }
  }

  private remember(key: string, info: TokenInfo, allowExpired: boolean): void {
    const askedAt = this.options.now();
    const expiresAt = allowExpired ? Infinity : Date.parse(info.expiresAt);
    const until = Math.min(expiresAt, askedAt + this.options.maxAgeMs);
    // NaN, from a time that is none, is not greater either.
    if (!(until > askedAt)) return;
    // Last in line again: the oldest goes first.
    this.known.delete(key);
    this.known.set(key, { info, askedAt, until });
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
