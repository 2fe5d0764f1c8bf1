/**
 * Credentials from settings that are named alike as OS_* variables and as keys of "auth" in clouds.yaml
 * (keystoneauth1's option names). It must not know where a setting comes from: it is handed a reader.
 */
import {
  CloudConfigError,
  type AuthScope,
  type Credentials,
  type DomainIdentity,
  type UserIdentity,
} from './cloud-config.js';

/** `name` is how the operator knows the setting, for messages. */
export type ReadSetting = (key: string) => { value: string | undefined; name: string };

const PASSWORD_TYPES = ['password', 'v3password'];
const APPLICATION_CREDENTIAL = 'v3applicationcredential';
const TOKEN_TYPES = ['token', 'v3token'];

/**
 * Throws CloudConfigError. Without an auth type, an application credential's id or name decides, then a token that stands
 * without a password.
 */
export function readCredentials(
  setting: ReadSetting,
  authType: string | undefined,
  place: string,
): Credentials {
  const hasCredential =
    setting('application_credential_id').value !== undefined ||
    setting('application_credential_name').value !== undefined;
  const lone = setting('token').value !== undefined && setting('password').value === undefined;
  const type = authType ?? (hasCredential ? APPLICATION_CREDENTIAL : lone ? 'token' : 'password');
  if (TOKEN_TYPES.includes(type)) {
    return { kind: 'token', token: required(setting, 'token'), scope: scopeOrNull(setting) };
  }
  if (type === APPLICATION_CREDENTIAL) return readApplicationCredential(setting);
  if (PASSWORD_TYPES.includes(type)) {
    return {
      kind: 'password',
      user: readUser(setting),
      password: required(setting, 'password'),
      scope: readScope(setting),
    };
  }
  throw new CloudConfigError(
    `The auth type "${type}" (${place}) is not supported: use password, ${APPLICATION_CREDENTIAL} or token.`,
  );
}

function readApplicationCredential(setting: ReadSetting): Credentials {
  const secret = required(setting, 'application_credential_secret');
  const id = setting('application_credential_id').value;
  if (id !== undefined) return { kind: 'application-credential', id, secret };
  const name = required(setting, 'application_credential_name');
  return { kind: 'application-credential', name, user: readUser(setting), secret };
}

function readUser(setting: ReadSetting): UserIdentity {
  const id = setting('user_id').value;
  if (id !== undefined) return { id };
  return { name: required(setting, 'username'), domain: requiredDomain(setting, 'user') };
}

function readScope(setting: ReadSetting): AuthScope {
  const scope = scopeOrNull(setting);
  if (scope !== null) return scope;
  throw new CloudConfigError(
    `${setting('project_name').name} is missing: set the project (name or id) that the service works in.`,
  );
}

function scopeOrNull(setting: ReadSetting): AuthScope | null {
  if (setting('system_scope').value === 'all') return { system: true };
  const id = setting('project_id').value ?? setting('tenant_id').value;
  if (id !== undefined) return { project: { id } };
  const name = setting('project_name').value ?? setting('tenant_name').value;
  if (name !== undefined) return { project: { name, domain: requiredDomain(setting, 'project') } };
  const domain = readDomain(setting, '');
  return domain === null ? null : { domain };
}

function requiredDomain(setting: ReadSetting, of: 'user' | 'project'): DomainIdentity {
  const domain = readDomain(setting, `${of}_`) ?? readDomain(setting, 'default_');
  if (domain !== null) return domain;
  throw new CloudConfigError(
    `${setting(`${of}_domain_name`).name} is missing: a ${of} given by name needs its domain (often "Default").`,
  );
}

function readDomain(setting: ReadSetting, prefix: string): DomainIdentity | null {
  const id = setting(`${prefix}domain_id`).value;
  if (id !== undefined) return { id };
  const name = setting(`${prefix}domain_name`).value;
  return name === undefined ? null : { name };
}

function required(setting: ReadSetting, key: string): string {
  const { value, name } = setting(key);
  if (value === undefined) throw new CloudConfigError(`${name} is missing.`);
  return value;
}
