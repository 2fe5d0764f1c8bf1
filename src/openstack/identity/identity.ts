/** Keystone (Identity API v3): who the service is, and who a caller is. It must not keep what it learns of a caller. */
import type {
  CallOptions,
  CloudIdentity,
  Identity,
  IssuedToken,
  LoginCredentials,
  TokenInfo,
} from '../cloud.js';
import { isNotFound, isTransient } from '../errors.js';
import type { HttpAnswer, HttpClient } from '../http.js';
import { parseAnswer } from '../parse-answer.js';
import type { Session } from '../session.js';
import { logIn } from './log-in.js';
import { tokenSchema } from './schemas.js';

/** What a header can carry; Keystone's own tokens are far shorter. */
const TOKEN = /^[\x21-\x7e]{1,8192}$/u;

export class KeystoneClient implements Identity {
  private knownCloud: CloudIdentity | null = null;

  constructor(
    private readonly session: Session,
    readonly authUrl: string,
    private readonly http: HttpClient,
  ) {}

  logIn(credentials: LoginCredentials, options?: CallOptions): Promise<IssuedToken | null> {
    return logIn(this.http, this.authUrl, credentials, options);
  }

  ownUserId(options?: CallOptions): Promise<string> {
    return this.session.ownUserId(options);
  }

  async cloudIdentity(options?: CallOptions): Promise<CloudIdentity> {
    try {
      this.knownCloud = await this.session.cloudIdentity(options);
    } catch (error) {
      if (this.knownCloud === null || !isTransient(error)) throw error;
    }
    return this.knownCloud;
  }

  /**
   * Keystone answers 404 to a token that is expired, revoked or not a token at all. Throws OpenStackHttpError 403
   * where the service's own user may not validate others' tokens (policy identity:validate_token).
   */
  async validateToken(
    token: string,
    options: CallOptions & { allowExpired?: boolean } = {},
  ): Promise<TokenInfo | null> {
    if (!TOKEN.test(token)) return null;
    const { allowExpired = false, ...call } = options;
    const query = allowExpired ? 'nocatalog=1&allow_expired=1' : 'nocatalog=1';
    let url = new URL(this.authUrl);
    let answer: HttpAnswer;
    try {
      answer = await this.session.request(
        {
          service: 'identity',
          method: 'GET',
          // Without the catalog the answer is a tenth of the size (keystone/api/auth.py).
          url: (base) => (url = new URL(`${base}/auth/tokens?${query}`)),
          headers: { 'x-subject-token': token },
          accept: [200],
          secrets: [token],
        },
        call,
      );
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
    const details = parseAnswer({ service: 'identity', method: 'GET', url }, answer, tokenSchema);
    const { user, project, roles, expires_at } = details.token;
    return {
      userId: user.id,
      userName: user.name,
      projectId: project?.id ?? null,
      roles: roles.map((role) => role.name),
      expiresAt: expires_at,
    };
  }
}
