/** How to reach and enter one cloud: the shape only. config.ts reads it; nothing here knows variables or files. */

/** A name needs its domain; an id does not. */
export type UserIdentity = { id: string } | { name: string; domain: DomainIdentity };
export type DomainIdentity = { id: string } | { name: string };

export type Credentials =
  | { kind: 'password'; user: UserIdentity; password: string; scope: AuthScope }
  /** Bound to its own project: it takes no scope. */
  | { kind: 'application-credential'; id: string; secret: string }
  | { kind: 'application-credential'; name: string; user: UserIdentity; secret: string }
  /** Ends with the token: for a command, not for a service. `scope` null: that of the user's default project. */
  | { kind: 'token'; token: string; scope: AuthScope | null };

export type AuthScope =
  | { project: { id: string } | { name: string; domain: DomainIdentity } }
  | { domain: DomainIdentity }
  | { system: true };

export type CatalogInterface = 'public' | 'internal' | 'admin';

/** Base addresses to use in the place of the catalog's. */
export interface EndpointOverrides {
  compute?: string;
  baremetal?: string;
  'infra-optim'?: string;
  placement?: string;
}

export interface CloudConfig {
  /** Name of the entry in clouds.yaml; null where the OS_* variables alone were used. */
  cloudName: string | null;
  /** Ends in "/v3", without a trailing slash. */
  authUrl: string;
  credentials: Credentials;
  /** null: the catalog's only region. */
  region: string | null;
  interface: CatalogInterface;
  /** PEM text. */
  ca: string | null;
  /** verify: false in clouds.yaml. */
  insecure: boolean;
  endpointOverrides: EndpointOverrides;
}

/** A setting is missing or wrong; the message is one sentence that names the variable or key. */
export class CloudConfigError extends Error {
  override readonly name = 'CloudConfigError';
}
