/**
 * Who calls: a token that Keystone accepts. What its holder may do is policy.ts's business.
 *
 * A service token (X-Service-Token) is honoured as by keystonemiddleware (auth_token/__init__.py, process_request): it
 * has to be good by itself and to have a service role; then an expired user token is accepted too, as long as Keystone
 * lets it be validated (allow_expired). A service token that is not good refuses the request.
 */
import type { Request, RequestHandler, Response } from 'express';
import type { TokenInfo } from '../openstack/cloud.js';
import type { ApiDeps } from './deps.js';
import { ApiError } from './errors.js';
import { refuseForeignPages } from './own-pages.js';
import { operationsOf } from './policy.js';
import { addressOf, type RateLimiter } from './rate-limit.js';
import { contextOf } from './request-context.js';
import { TokenCache, type TokenQuestion } from './token-cache.js';

/** A revoked token can change nothing any more after this; reading ends with the cache's own time. */
const FRESH_FOR_CHANGES_MS = 60_000;
/** Less than the cache's own time: whoever goes on asking is asked about anew while still known. */
const FRESH_FOR_READS_MS = 240_000;
const READS = ['GET', 'HEAD', 'OPTIONS'];

export function authenticate(deps: ApiDeps, limiter: RateLimiter): RequestHandler {
  if (deps.config.auth === 'none') {
    return (req, res, next) => {
      refuseForeignPages(req);
      contextOf(res).operations = null;
      limiter.take(addressOf(req));
      next();
    };
  }
  const tokens = new TokenCache(deps.cloud.identity, deps.metrics);
  return async (req, res, next) => {
    const check = (question: TokenQuestion = {}): Promise<TokenInfo | null> =>
      identify(tokens, req, deps.config.serviceRoles, question);
    // Before Keystone is asked once more for somebody who only ever comes with tokens that are none. Callers who are known do not
    // wait for what others behind their address do.
    const beforeStranger = (): void => limiter.check(addressOf(req));
    const known = await countingStrangers(limiter, req, () => check({ beforeStranger }));
    admit(res, known, deps);
    limiter.take(`user ${known.userId}`);
    // For answers that go on for long (event streams): is the caller still who they were?
    contextOf(res).isStillAllowed = async (operation) => {
      const info = await check();
      return info !== null && operationsOf(info.roles, deps.config.roles).has(operation);
    };
    next();
  };
}

/** Those who are not known, or not yet, count by their address. */
async function countingStrangers(
  limiter: RateLimiter,
  req: Request,
  check: () => Promise<TokenInfo | null>,
): Promise<TokenInfo> {
  let info: TokenInfo | null = null;
  try {
    info = await check();
  } finally {
    if (info === null) limiter.take(addressOf(req));
  }
  if (info !== null) return info;
  throw new ApiError('Unauthorized', 'No token, or one that Keystone does not accept.');
}

function admit(res: Response, info: TokenInfo, deps: ApiDeps): void {
  const { userId, userName, projectId, roles } = info;
  const context = contextOf(res);
  context.caller = { userId, userName, projectId };
  context.operations = operationsOf(roles, deps.config.roles);
}

async function identify(
  tokens: TokenCache,
  req: Request,
  serviceRoles: readonly string[],
  question: TokenQuestion,
): Promise<TokenInfo | null> {
  const isRead = READS.includes(req.method);
  const asked = { ...question, maxAgeMs: isRead ? FRESH_FOR_READS_MS : FRESH_FOR_CHANGES_MS };
  let allowExpired = false;
  if (req.get('x-service-token') !== undefined) {
    const serviceToken = tokenOf(req, 'x-service-token');
    const service = serviceToken === null ? null : await tokens.check(serviceToken, asked);
    const isService = service?.roles.some((role) => serviceRoles.includes(role.toLowerCase()));
    if (isService !== true) return null;
    allowExpired = true;
  }
  const token = tokenOf(req, 'x-auth-token');
  return token === null ? null : await tokens.check(token, { ...asked, allowExpired });
}

/** Anything but printable ASCII is no token, and would be no header for Keystone either. */
function tokenOf(req: Request, header: string): string | null {
  const token = (req.get(header) ?? '').trim();
  return /^[\x21-\x7e]{1,12000}$/.test(token) ? token : null;
}
