/**
 * POST /v1/auth/tokens: a Keystone token for a person's user name and password, for the page at /ui/, which a browser
 * does not let talk to Keystone itself. The credentials are handed on and forgotten: never kept, logged or repeated.
 *
 * Body: {"user", "password", "user_domain"? ("Default"), "project"? , "project_domain"? ("Default")}; without a project
 * Keystone takes the user's default one. 201: {"token", "expires_at", "user_name", "project_id", "roles"}.
 */
import type { Request, Response, Router } from 'express';
import { z } from 'zod';
import type { LoginCredentials } from '../../openstack/cloud.js';
import { isForbidden, isOpenStackError } from '../../openstack/errors.js';
import { sendJson } from '../answers.js';
import { readJsonBody } from '../body.js';
import type { ApiDeps } from '../deps.js';
import { ApiError } from '../errors.js';
import { LoginLimiter } from '../login-limits.js';
import { resource } from './resource.js';

export const LOGIN_PATH = '/v1/auth/tokens';
/** Keystone's own bound of names (keystone/common/validation/parameter_types.py). */
const NAME_MAX = 255;
const PASSWORD_MAX = 4096;
const TIMEOUT_MS = 15_000;

const name = z.string().min(1).max(NAME_MAX);
export const loginSchema = z.strictObject({
  user: name,
  password: z.string().min(1).max(PASSWORD_MAX),
  user_domain: name.default('Default'),
  project: name.optional(),
  project_domain: name.default('Default'),
});

export function loginRoutes(router: Router, deps: ApiDeps): void {
  const limiter = new LoginLimiter();
  const { identity } = deps.cloud;

  async function post(req: Request, res: Response): Promise<void> {
    const credentials = credentialsOf(await readJsonBody(req));
    const succeeded = limiter.begin(req.ip ?? '', credentials.userName, credentials.userDomain);
    const issued = await handOn(credentials);
    if (issued === null) {
      throw new ApiError(
        'LoginRefused',
        'Keystone does not accept this user, password, domain and project together. Check each of them.',
      );
    }
    succeeded();
    sendJson(res, 201, {
      token: issued.value,
      expires_at: issued.expiresAt,
      user_name: issued.userName,
      project_id: issued.projectId,
      roles: issued.roles,
    });
  }

  async function handOn(credentials: LoginCredentials) {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    try {
      return await identity.logIn(credentials, { signal });
    } catch (error) {
      // Keystone's 403 is a person's as well as its 401: a password that has expired, an account that is locked.
      if (isForbidden(error)) return null;
      if (!signal.aborted && !isOpenStackError(error)) throw error;
      throw new ApiError(
        'OpenStackUnreachable',
        'Keystone cannot be reached, so nobody can log in. Try again, or use a token from it.',
      );
    }
  }

  resource(router, LOGIN_PATH, LOGIN_PATH, { post });
}

/** Says which field is wrong, never what was in it. */
function credentialsOf(body: unknown): LoginCredentials {
  const read = loginSchema.safeParse(body ?? {});
  if (!read.success) {
    const [issue] = read.error.issues;
    const field = issue?.path.join('.') ?? '';
    throw new ApiError(
      'InvalidRequest',
      field === ''
        ? 'A login has the fields user and password, and may have user_domain, project and project_domain.'
        : `Invalid input for the login's "${field}". Expected a text that is neither empty nor too long.`,
    );
  }
  const { user, password, user_domain, project, project_domain } = read.data;
  return {
    userName: user,
    userDomain: user_domain,
    password,
    project: project === undefined ? null : { name: project, domain: project_domain },
  };
}
