/**
 * One authenticated way into the cloud: the token, its renewal and the catalog. It must not know what the services
 * answer. It asks again only in one case: after a 401, once, with a token that all callers then share.
 */
import { findEndpoint, type CatalogService } from './catalog.js';
import type { CloudConfig } from './cloud-config.js';
import type { CallOptions, CloudIdentity } from './cloud.js';
import { cloudIdentityOf } from './cloud-identity.js';
import { isUnauthorized, OpenStackBadAnswerError } from './errors.js';
import { callOf, type HttpAnswer, type HttpClient, type HttpRequest } from './http.js';
import { authRequestBody, secretsOf } from './identity/auth-request.js';
import { tokenSchema, type KeystoneToken } from './identity/schemas.js';
import { parseAnswer } from './parse-answer.js';
import { raceAbort } from './race-abort.js';
import { currentGlobalRequestId } from './request-id.js';

/** A token is given up that long before its end, so that it does not end on the way; less for short-lived ones. */
const RENEW_BEFORE_MS = 120_000;
const RENEW_BEFORE_SHARE = 0.2;

export interface SessionRequest {
  service: HttpRequest['service'];
  method: HttpRequest['method'];
  /** The whole address, from the base address of the service (Keystone's own for "identity"). */
  url: (base: string) => URL;
  headers?: Record<string, string>;
  json?: unknown;
  accept: readonly number[];
  /** Further texts to keep out of errors. */
  secrets?: readonly string[];
}

/** Never to be logged or kept. */
export interface IssuedToken {
  value: string;
  details: KeystoneToken;
}

interface CurrentToken extends IssuedToken {
  /** Milliseconds of this machine's clock. */
  renewAt: number;
  /** What its catalog says, looked up once: every request asks for the one, every activity for the other. */
  bases: Map<CatalogService, string>;
  cloud: CloudIdentity | null;
}

export class Session {
  private current: CurrentToken | null = null;
  private authenticating: Promise<CurrentToken> | null = null;

  constructor(
    private readonly config: CloudConfig,
    private readonly http: HttpClient,
  ) {}

  /** Throws what HttpClient.exchange throws, and OpenStackUnsupportedError where there is no endpoint. */
  async request(request: SessionRequest, options: CallOptions = {}): Promise<HttpAnswer> {
    const token = await this.token(options.signal);
    try {
      return await this.send(request, token, options);
    } catch (error) {
      if (!isUnauthorized(error)) throw error;
    }
    return this.send(request, await this.replace(token, options.signal), options);
  }

  /** A token that is good for a while yet, and what Keystone says of it, for callers of services not known here. */
  async issued(options: CallOptions = {}): Promise<IssuedToken> {
    const { value, details } = await this.token(options.signal);
    return { value, details };
  }

  /** The same where the token in hand was refused (401): a new one, shared by all who ask. */
  async reissued(refused: string, options: CallOptions = {}): Promise<IssuedToken> {
    if (this.current?.value === refused) this.current = null;
    return this.issued(options);
  }

  /** Of the service's own user. */
  async ownUserId(options: CallOptions = {}): Promise<string> {
    return (await this.token(options.signal)).details.user.id;
  }

  async cloudIdentity(options: CallOptions = {}): Promise<CloudIdentity> {
    const token = await this.token(options.signal);
    token.cloud ??= cloudIdentityOf(token.details.catalog, this.config);
    return token.cloud;
  }

  private send(
    request: SessionRequest,
    token: CurrentToken,
    options: CallOptions,
  ): Promise<HttpAnswer> {
    const { service, method, accept, json } = request;
    const base = this.base(service, token);
    const requestId = options.globalRequestId ?? currentGlobalRequestId();
    return this.http.exchange({
      service,
      method,
      accept,
      json,
      url: request.url(base.replace(/(?<!\/)\/+$/u, '')),
      headers: {
        ...(requestId === undefined ? {} : { 'x-openstack-request-id': requestId }),
        ...request.headers,
        'x-auth-token': token.value,
      },
      signal: options.signal,
      secrets: [token.value, ...(request.secrets ?? [])],
    });
  }

  private base(service: HttpRequest['service'], token: CurrentToken): string {
    if (service === 'identity') return this.config.authUrl;
    const known = token.bases.get(service);
    if (known !== undefined) return known;
    const found = findEndpoint(token.details.catalog, service, this.config);
    token.bases.set(service, found);
    return found;
  }

  private async token(signal: AbortSignal | undefined): Promise<CurrentToken> {
    if (this.current !== null && Date.now() < this.current.renewAt) return this.current;
    return raceAbort(this.authenticate(), signal);
  }

  /** A token in the place of one that was refused: somebody else's new one where there is one already. */
  private async replace(
    refused: CurrentToken,
    signal: AbortSignal | undefined,
  ): Promise<CurrentToken> {
    if (this.current === refused) this.current = null;
    return this.token(signal);
  }

  /** One authentication for all who wait; no single caller's signal ends it, its own time-outs do. */
  private authenticate(): Promise<CurrentToken> {
    this.authenticating ??= this.fetchToken().finally(() => {
      this.authenticating = null;
    });
    return this.authenticating;
  }

  private async fetchToken(): Promise<CurrentToken> {
    const request: HttpRequest = {
      service: 'identity',
      method: 'POST',
      url: new URL(`${this.config.authUrl}/auth/tokens`),
      headers: {},
      json: authRequestBody(this.config.credentials),
      accept: [201],
      secrets: secretsOf(this.config),
    };
    const answer = await this.http.exchange(request);
    const details = parseAnswer(request, answer, tokenSchema).token;
    const value = answer.header('x-subject-token');
    if (value === null)
      throw new OpenStackBadAnswerError(callOf(request), 'it has no X-Subject-Token header');
    // By the length of its life, from now: Keystone's clock may differ from this machine's.
    const lifeMs = Date.parse(details.expires_at) - Date.parse(details.issued_at);
    const renewAt =
      Date.now() + lifeMs - Math.min(RENEW_BEFORE_MS, Math.max(0, lifeMs * RENEW_BEFORE_SHARE));
    this.current = { value, details, renewAt, bases: new Map(), cloud: null };
    return this.current;
  }
}
