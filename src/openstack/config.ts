/**
 * Reads where the cloud is and how to enter it, from the usual OS_* variables or an entry of clouds.yaml (OS_CLOUD).
 * It must not talk to anything: whether the settings work is found out by the first call.
 *
 * With OS_CLOUD the credentials come from the file alone. OS_REGION_NAME, OS_INTERFACE, OS_CACERT and the
 * OS_<SERVICE>_ENDPOINT_OVERRIDE variables go before the file, so that one entry serves several regions.
 */
import { join } from 'node:path';
import { z } from 'zod';
import {
  CloudConfigError,
  type CatalogInterface,
  type CloudConfig,
  type EndpointOverrides,
} from './cloud-config.js';
import { readCloudEntry, type ConfigFiles, type Env } from './config-files.js';
import { readCredentials } from './credentials-config.js';

/** YAML reads an unquoted 12345 as a number, which an id or a password may well be. */
const text = z.union([z.string(), z.number().transform(String)]).optional();

const entrySchema = z.object({
  auth: z.record(z.string(), z.unknown()).default({}),
  auth_type: text,
  region_name: text,
  interface: text,
  endpoint_type: text,
  cacert: text,
  verify: z.boolean({ error: 'must be true or false' }).default(true),
  compute_endpoint_override: text,
  baremetal_endpoint_override: text,
  infra_optim_endpoint_override: text,
  resource_optimization_endpoint_override: text,
  placement_endpoint_override: text,
});
type Entry = z.output<typeof entrySchema>;

/** Throws CloudConfigError. */
export function loadCloudConfig(env: Env, files: ConfigFiles): CloudConfig {
  const cloudName = env['OS_CLOUD'] || null;
  if (cloudName === null) return build(env, files, entrySchema.parse({}), null, 'OS_*');
  const { entry, path } = readCloudEntry(cloudName, env, files);
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new CloudConfigError(
      `${path}: clouds.${cloudName}.${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is wrong'}.`,
    );
  }
  return build(env, files, parsed.data, cloudName, path);
}

function build(
  env: Env,
  files: ConfigFiles,
  entry: Entry,
  cloudName: string | null,
  path: string,
): CloudConfig {
  const authSettings = new Map<string, string>();
  for (const [key, value] of Object.entries(entry.auth)) {
    if (typeof value === 'string' || typeof value === 'number')
      authSettings.set(key, String(value));
  }
  const setting = (key: string): { value: string | undefined; name: string } =>
    cloudName === null
      ? { value: env[`OS_${key.toUpperCase()}`] || undefined, name: `OS_${key.toUpperCase()}` }
      : { value: authSettings.get(key), name: `${path}: clouds.${cloudName}.auth.${key}` };
  const authUrl = setting('auth_url');
  if (authUrl.value === undefined) {
    throw new CloudConfigError(
      cloudName === null
        ? 'OS_AUTH_URL is not set: set it and the other OS_* variables, or OS_CLOUD to an entry of clouds.yaml.'
        : `${authUrl.name} is missing: set it to Keystone's address, such as https://keystone.example/v3.`,
    );
  }
  const authType = cloudName === null ? env['OS_AUTH_TYPE'] : entry.auth_type;
  return {
    cloudName,
    authUrl: keystoneV3(authUrl.value, authUrl.name),
    credentials: readCredentials(setting, authType || undefined, cloudName ?? 'OS_AUTH_TYPE'),
    region: env['OS_REGION_NAME'] || entry.region_name || null,
    interface: readInterface(
      env['OS_INTERFACE'] || env['OS_ENDPOINT_TYPE'] || entry.interface || entry.endpoint_type,
    ),
    ca: readCa(env['OS_CACERT'] || entry.cacert, files),
    insecure: !entry.verify,
    endpointOverrides: readOverrides(env, entry),
  };
}

function keystoneV3(value: string, name: string): string {
  const url = parseUrl(value, name);
  const path = url.pathname.replace(/(?<!\/)\/+$/u, '');
  if (/\/v2(\.\d+)?$/u.test(path))
    throw new CloudConfigError(
      `${name} names Keystone's version 2, but this service speaks version 3.`,
    );
  return url.origin + (path.endsWith('/v3') ? path : `${path}/v3`);
}

function parseUrl(value: string, name: string): URL {
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url === null || !/^https?:$/u.test(url.protocol))
    throw new CloudConfigError(`${name} must be an http or https address.`);
  if (url.username !== '' || url.password !== '')
    throw new CloudConfigError(`${name} must not hold a user name or password.`);
  return url;
}

function readInterface(value: string | undefined): CatalogInterface {
  const name = (value ?? 'public').replace(/URL$/u, '');
  if (name === 'public' || name === 'internal' || name === 'admin') return name;
  throw new CloudConfigError(
    `OS_INTERFACE (or "interface" in clouds.yaml) must be public, internal or admin, not "${name}".`,
  );
}

/** The authority of OS_CACERT alone, where no cloud is named. Throws CloudConfigError. */
export function loadCa(env: Env, files: ConfigFiles): string | null {
  return readCa(env['OS_CACERT'], files);
}

function readCa(path: string | undefined, files: ConfigFiles): string | null {
  if (!path) return null;
  const pem = files.read(path.startsWith('~/') ? join(files.home, path.slice(2)) : path);
  if (pem === undefined)
    throw new CloudConfigError(
      `OS_CACERT (or "cacert" in clouds.yaml) names ${path}, which does not exist.`,
    );
  if (!pem.includes('-----BEGIN CERTIFICATE-----'))
    throw new CloudConfigError(
      `OS_CACERT (or "cacert" in clouds.yaml) names ${path}, which holds no PEM certificate.`,
    );
  return pem;
}

function readOverrides(env: Env, entry: Entry): EndpointOverrides {
  const read = (variable: string, inFile: string | undefined): string | undefined => {
    const value = env[variable] || inFile;
    if (value) parseUrl(value, `${variable} (or its key in clouds.yaml)`);
    return value || undefined;
  };
  const compute = read('OS_COMPUTE_ENDPOINT_OVERRIDE', entry.compute_endpoint_override);
  const baremetal = read('OS_BAREMETAL_ENDPOINT_OVERRIDE', entry.baremetal_endpoint_override);
  // One service of two names: "infra-optim" of old, "resource-optimization" in the service types authority.
  const optimizer =
    read('OS_INFRA_OPTIM_ENDPOINT_OVERRIDE', entry.infra_optim_endpoint_override) ??
    read(
      'OS_RESOURCE_OPTIMIZATION_ENDPOINT_OVERRIDE',
      entry.resource_optimization_endpoint_override,
    );
  const placement = read('OS_PLACEMENT_ENDPOINT_OVERRIDE', entry.placement_endpoint_override);
  return {
    ...(compute === undefined ? {} : { compute }),
    ...(baremetal === undefined ? {} : { baremetal }),
    ...(optimizer === undefined ? {} : { 'infra-optim': optimizer }),
    ...(placement === undefined ? {} : { placement }),
  };
}
