/**
 * Who calls, and whether they may: a token that Keystone accepts, and the role that Watcher's default policy asks
 * for. Source of the rule: watcher/common/policies/base.py (admin_api); role names compare without case, as
 * oslo_policy's RoleCheck does.
 */
import type { Request, RequestHandler } from 'express';
import type { ApiDeps } from './deps.js';
import { ApiError } from './errors.js';
import { contextOf } from './request-context.js';
import { TokenCache } from './token-cache.js';

const ROLES = ['admin', 'administrator'];

export function authenticate(deps: ApiDeps): RequestHandler {
  if (deps.config.auth === 'none') return (_req, _res, next) => next();
  const tokens = new TokenCache(deps.cloud.identity, deps.metrics);
  return async (req, res, next) => {
    const token = tokenOf(req);
    const info = token === null ? null : await tokens.check(token);
    if (info === null) {
      throw new ApiError('Unauthorized', 'No token, or one that Keystone does not accept.');
    }
    const { userId, userName, projectId } = info;
    contextOf(res).caller = { userId, userName, projectId };
    if (!info.roles.some((role) => ROLES.includes(role.toLowerCase()))) {
      throw new ApiError(
        'Forbidden',
        `Policy doesn't allow this: the token lacks the role ${ROLES.join(' or ')}.`,
      );
    }
    next();
  };
}

/** Anything but printable ASCII is no token, and would be no header for Keystone either. */
function tokenOf(req: Request): string | null {
  const token = req.get('x-auth-token') ?? '';
  return /^[\x21-\x7e]{1,12000}$/.test(token) ? token : null;
}
