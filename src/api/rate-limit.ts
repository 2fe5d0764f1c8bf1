/**
 * How many requests one caller may make within a minute: so many at once, and then again as the time goes by (GCRA, the
 * leaky bucket of ATM networks and of many gateways: one moment per caller is all that it keeps). In memory and per process.
 *
 * By hand and not with a library: a caller is known only after Keystone was asked, what comes without a good token counts by
 * address before and after that, and those who only keep a stream open must not count for as long as they do.
 */
import { isIPv6 } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Request, RequestHandler } from 'express';
import { ApiError } from './errors.js';

const MINUTE_MS = 60_000;
/** So many callers are remembered at most; the one that has not asked for longest is forgotten first. */
const CALLERS_MAX = 20_000;

export class RateLimiter {
  /** By caller: when all that was taken would be used up, at the even pace. In the order of the last request. */
  private readonly usedUpAt = new Map<string, number>();
  private readonly intervalMs: number;

  /** `perMinute` 0: no limit. */
  constructor(
    private readonly perMinute: number,
    private readonly now: () => number = () => performance.now(),
    private readonly callersMax = CALLERS_MAX,
  ) {
    this.intervalMs = MINUTE_MS / Math.max(1, perMinute);
  }

  /** Counts a request; throws ApiError TooManyRequests, which does not count. */
  take(caller: string): void {
    if (this.perMinute === 0) return;
    this.check(caller);
    const from = Math.max(this.now(), this.usedUpAt.get(caller) ?? 0);
    this.usedUpAt.delete(caller);
    this.usedUpAt.set(caller, from + this.intervalMs);
    const oldest = this.usedUpAt.keys().next().value;
    if (this.usedUpAt.size > this.callersMax && oldest !== undefined) this.usedUpAt.delete(oldest);
  }

  /** As `take`, without counting. */
  check(caller: string): void {
    if (this.perMinute === 0) return;
    const waitMs = (this.usedUpAt.get(caller) ?? 0) + this.intervalMs - MINUTE_MS - this.now();
    // What computers make of a third is not to keep the last request out.
    if (waitMs <= 0.001) return;
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    throw new ApiError(
      'TooManyRequests',
      `More than ${this.perMinute} requests within a minute (ROLLBACK_RATE_LIMIT). Nothing was touched; go on in ${seconds} s.`,
      seconds,
    );
  }

  /** For what is open to all. */
  byAddress(): RequestHandler {
    return (req, _res, next) => {
      this.take(addressOf(req));
      next();
    };
  }
}

/** One of IPv6 is as good as its network of 64 bits: a single machine has all of them. */
export function addressOf(req: Pick<Request, 'ip'>): string {
  const ip = req.ip ?? 'unknown';
  const plain = ip.replace(/^::ffff:(?=\d+\.)/i, '');
  return `address ${isIPv6(plain) ? networkOf(plain) : plain}`;
}

function networkOf(ip: string): string {
  const [before = '', after] = ip.replace(/%.*$/, '').split('::');
  const head = before.split(':').filter((part) => part !== '');
  const tail = (after ?? '').split(':').filter((part) => part !== '');
  const zeros = after === undefined ? 0 : Math.max(0, 8 - head.length - tail.length);
  const parts = [...head, ...Array.from({ length: zeros }, () => '0'), ...tail];
  return parts
    .slice(0, 4)
    .map((part) => part.replace(/^0+(?=.)/, ''))
    .join(':');
}
