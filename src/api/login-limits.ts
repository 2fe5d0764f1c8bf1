/**
 * How often somebody may try to log in through this service: Keystone would take every one of our requests for the
 * same caller's. Counts attempts that did not succeed, per address, per user and over all, within a sliding window.
 * In memory and per process: it slows guessing down, locking accounts is Keystone's own affair.
 */
import { ApiError } from './errors.js';

export interface LoginLimits {
  windowMs: number;
  perAddress: number;
  perUser: number;
  overAll: number;
  now: () => number;
}

const DEFAULTS: LoginLimits = {
  windowMs: 60_000,
  perAddress: 20,
  perUser: 10,
  overAll: 100,
  now: Date.now,
};

interface Attempt {
  at: number;
  address: string;
  user: string;
}

export class LoginLimiter {
  private readonly limits: LoginLimits;
  /** Oldest first, and never more than `overAll` of them. */
  private attempts: Attempt[] = [];

  constructor(limits: Partial<LoginLimits> = {}) {
    this.limits = { ...DEFAULTS, ...limits };
  }

  /** Counts an attempt before it is made, so that many at once are bounded too; call what comes back at success. */
  begin(address: string, userName: string, domain: string): () => void {
    const { now, windowMs } = this.limits;
    const at = now();
    this.attempts = this.attempts.filter((attempt) => attempt.at > at - windowMs);
    const mine = { at, address, user: `${domain}\n${userName}`.toLowerCase() };
    this.refuseTooMany(mine, at);
    this.attempts.push(mine);
    return () => {
      this.attempts = this.attempts.filter((attempt) => attempt !== mine);
    };
  }

  private refuseTooMany(mine: Attempt, now: number): void {
    const { perAddress, perUser, overAll } = this.limits;
    const alike: [limit: number, attempts: Attempt[]][] = [
      [perUser, this.attempts.filter(({ user }) => user === mine.user)],
      [perAddress, this.attempts.filter(({ address }) => address === mine.address)],
      [overAll, this.attempts],
    ];
    const waits = alike
      .filter(([limit, attempts]) => attempts.length >= limit)
      .map(([limit, attempts]) => this.freeAfterMs(attempts, limit, now));
    if (waits.length === 0) return;
    const seconds = Math.max(1, Math.ceil(Math.max(...waits) / 1000));
    throw new ApiError(
      'TooManyLogins',
      `Too many attempts to log in did not succeed. Try again in ${seconds} s, or use a token from Keystone.`,
      seconds,
    );
  }

  /** Until so many of them have left the window that one more fits. */
  private freeAfterMs(attempts: Attempt[], limit: number, now: number): number {
    const leaves = attempts[attempts.length - limit]?.at ?? now;
    return leaves + this.limits.windowMs - now;
  }
}
