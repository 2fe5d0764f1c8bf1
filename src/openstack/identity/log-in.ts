/**
 * A person's own user name and password for a token of theirs: Identity API v3, "Password authentication with scoped
 * authorization" (POST /v3/auth/tokens). It keeps nothing, and no error of it holds the password or the token.
 */
import type { CallOptions, IssuedToken, LoginCredentials } from '../cloud.js';
import { isUnauthorized, OpenStackBadAnswerError } from '../errors.js';
import { callOf, type HttpAnswer, type HttpClient, type HttpRequest } from '../http.js';
import { parseAnswer } from '../parse-answer.js';
import { tokenSchema } from './schemas.js';

/** null where Keystone answers 401: wrong name, password or domain, or no role in the project. */
export async function logIn(
  http: HttpClient,
  authUrl: string,
  credentials: LoginCredentials,
  options: CallOptions = {},
): Promise<IssuedToken | null> {
  const request: HttpRequest = {
    service: 'identity',
    method: 'POST',
    // Without the catalog the answer is a tenth of the size (keystone/api/auth.py).
    url: new URL(`${authUrl}/auth/tokens?nocatalog=1`),
    headers: {},
    json: requestBody(credentials),
    accept: [201],
    signal: options.signal,
    secrets: [credentials.password],
  };
  let answer: HttpAnswer;
  try {
    answer = await http.exchange(request);
  } catch (error) {
    if (isUnauthorized(error)) return null;
    throw error;
  }
  const { token } = parseAnswer(request, answer, tokenSchema);
  const value = answer.header('x-subject-token');
  if (value === null)
    throw new OpenStackBadAnswerError(callOf(request), 'it has no X-Subject-Token header');
  return {
    value,
    userId: token.user.id,
    userName: token.user.name,
    projectId: token.project?.id ?? null,
    roles: token.roles.map((role) => role.name),
    expiresAt: token.expires_at,
  };
}

function requestBody(credentials: LoginCredentials): unknown {
  const { userName, userDomain, password, project } = credentials;
  return {
    auth: {
      identity: {
        methods: ['password'],
        password: { user: { name: userName, domain: { name: userDomain }, password } },
      },
      // Without a scope Keystone takes the user's default project.
      ...(project !== null && {
        scope: { project: { name: project.name, domain: { name: project.domain } } },
      }),
    },
  };
}
