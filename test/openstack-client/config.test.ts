/** Settings: the usual variables and files, and one sentence for each thing that is wrong with them. */
import { authRequestBody, secretsOf } from '../../src/openstack/identity/auth-request.js';
import { loadCloudConfig } from '../../src/openstack/config.js';
import { CloudConfigError } from '../../src/openstack/cloud-config.js';
import { localConfigFiles, type ConfigFiles, type Env } from '../../src/openstack/config-files.js';
import { createOpenStackCloud } from '../../src/openstack/create-cloud.js';

function files(contents: Record<string, string> = {}): ConfigFiles {
  return { cwd: '/here', home: '/home/me', read: (path) => contents[path] };
}

const ENV: Env = {
  OS_AUTH_URL: 'http://keystone.example:5000',
  OS_USERNAME: 'operator',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PASSWORD: 'pw',
  OS_PROJECT_NAME: 'admin',
  OS_PROJECT_DOMAIN_ID: 'default',
};

test('a password from the variables', () => {
  expect(
    loadCloudConfig({ ...ENV, OS_REGION_NAME: 'R', OS_INTERFACE: 'internal' }, files()),
  ).toEqual({
    cloudName: null,
    authUrl: 'http://keystone.example:5000/v3',
    credentials: {
      kind: 'password',
      user: { name: 'operator', domain: { name: 'Default' } },
      password: 'pw',
      scope: { project: { name: 'admin', domain: { id: 'default' } } },
    },
    region: 'R',
    interface: 'internal',
    ca: null,
    insecure: false,
    endpointOverrides: {},
  });
});

test('an application credential, a CA file and overrides from the variables', () => {
  const pem = '-----BEGIN CERTIFICATE-----\n';
  const config = loadCloudConfig(
    {
      OS_AUTH_TYPE: 'v3applicationcredential',
      OS_AUTH_URL: 'https://cloud.example/identity/v3/',
      OS_APPLICATION_CREDENTIAL_ID: 'ac',
      OS_APPLICATION_CREDENTIAL_SECRET: 's',
      OS_CACERT: '/ca.pem',
      OS_COMPUTE_ENDPOINT_OVERRIDE: 'https://nova.example/v2.1',
      OS_INFRA_OPTIM_ENDPOINT_OVERRIDE: 'https://watcher.example',
    },
    files({ '/ca.pem': pem }),
  );
  expect(config).toMatchObject({
    authUrl: 'https://cloud.example/identity/v3',
    credentials: { kind: 'application-credential', id: 'ac', secret: 's' },
    ca: pem,
    endpointOverrides: {
      compute: 'https://nova.example/v2.1',
      'infra-optim': 'https://watcher.example',
    },
  });
});

test('a token, with its scope where one is named, by its type or where it stands without a password', () => {
  const read = (more: Record<string, string>) =>
    loadCloudConfig({ OS_AUTH_URL: 'https://cloud.example/v3', OS_TOKEN: 't', ...more }, files({}));
  const scope = { project: { id: 'p' } };
  expect(read({ OS_PROJECT_ID: 'p' }).credentials).toEqual({ kind: 'token', token: 't', scope });
  expect(read({ OS_AUTH_TYPE: 'v3token' }).credentials).toMatchObject({
    kind: 'token',
    scope: null,
  });
  const config = read({ OS_PROJECT_ID: 'p' });
  expect(authRequestBody(config.credentials)).toEqual({
    auth: { identity: { methods: ['token'], token: { id: 't' } }, scope },
  });
  expect(secretsOf(config)).toEqual(['t']);
  const user = { OS_USER_ID: 'u', OS_PASSWORD: 'x', OS_PROJECT_ID: 'p' };
  expect(read(user).credentials).toMatchObject({ kind: 'password' });
});

const CLOUDS = `
clouds:
  lab:
    auth:
      auth_url: https://keystone.example/v3
      username: operator
      user_domain_name: Default
      project_id: 12345
    region_name: North
    interface: internalURL
    verify: false
    baremetal_endpoint_override: https://ironic.example
`;
const SECURE = 'clouds: {lab: {auth: {password: hush}}}';

test('an entry of clouds.yaml, with secure.yaml over it', () => {
  const config = loadCloudConfig(
    { OS_CLOUD: 'lab', OS_PASSWORD: 'ignored' },
    files({
      '/home/me/.config/openstack/clouds.yaml': CLOUDS,
      '/etc/openstack/clouds.yaml': 'clouds: {lab: {}}',
      '/here/secure.yaml': SECURE,
    }),
  );
  expect(config).toEqual({
    cloudName: 'lab',
    authUrl: 'https://keystone.example/v3',
    credentials: {
      kind: 'password',
      user: { name: 'operator', domain: { name: 'Default' } },
      password: 'hush',
      scope: { project: { id: '12345' } },
    },
    region: 'North',
    interface: 'internal',
    ca: null,
    insecure: true,
    endpointOverrides: { baremetal: 'https://ironic.example' },
  });
  const { description } = createOpenStackCloud(config);
  expect(description).toBe(
    'lab at https://keystone.example/v3, region North, certificates NOT checked (verify: false)',
  );
});

test('a named file and a region from the variables', () => {
  const config = loadCloudConfig(
    { OS_CLOUD: 'lab', OS_CLIENT_CONFIG_FILE: '/else.yaml', OS_REGION_NAME: 'South' },
    files({ '/else.yaml': CLOUDS, '/etc/openstack/secure.yml': SECURE }),
  );
  expect(config.region).toBe('South');
});

const without = (key: string): Env => ({ ...ENV, [key]: undefined });

test.each<[string, Env, Record<string, string>, RegExp]>([
  ['nothing', {}, {}, /^OS_AUTH_URL is not set: .*OS_CLOUD/u],
  ['no password', without('OS_PASSWORD'), {}, /^OS_PASSWORD is missing/u],
  ['no user domain', without('OS_USER_DOMAIN_NAME'), {}, /^OS_USER_DOMAIN_NAME is missing/u],
  ['no project', without('OS_PROJECT_NAME'), {}, /^OS_PROJECT_NAME is missing/u],
  [
    'an address of version 2',
    { ...ENV, OS_AUTH_URL: 'http://k/v2.0' },
    {},
    /^OS_AUTH_URL .*version 3/u,
  ],
  ['no address', { ...ENV, OS_AUTH_URL: 'keystone' }, {}, /^OS_AUTH_URL must be an http/u],
  ['a password in the address', { ...ENV, OS_AUTH_URL: 'http://a:b@k' }, {}, /must not hold/u],
  ['an auth type', { ...ENV, OS_AUTH_TYPE: 'v3kerberos' }, {}, /"v3kerberos" \(OS_AUTH_TYPE\)/u],
  ['an interface', { ...ENV, OS_INTERFACE: 'side' }, {}, /^OS_INTERFACE .*not "side"/u],
  ['no such CA file', { ...ENV, OS_CACERT: '/x.pem' }, {}, /^OS_CACERT .*\/x\.pem.*not exist/u],
  ['not a CA file', { ...ENV, OS_CACERT: '/x.pem' }, { '/x.pem': 'hm' }, /no PEM certificate/u],
  [
    'an override',
    { ...ENV, OS_COMPUTE_ENDPOINT_OVERRIDE: 'x' },
    {},
    /^OS_COMPUTE_ENDPOINT_OVERRIDE/u,
  ],
  ['no clouds.yaml', { OS_CLOUD: 'lab' }, {}, /\/here\/clouds\.yaml.*OS_CLIENT_CONFIG_FILE/u],
  [
    'a named file that is not there',
    { OS_CLOUD: 'lab', OS_CLIENT_CONFIG_FILE: '/x.yaml' },
    {},
    /^OS_CLIENT_CONFIG_FILE names \/x\.yaml/u,
  ],
  ['another cloud', { OS_CLOUD: 'lob' }, { '/here/clouds.yaml': CLOUDS }, /"lob".*only.*: lab\./u],
  [
    'no password in the file',
    { OS_CLOUD: 'lab' },
    { '/here/clouds.yaml': CLOUDS },
    /^\/here\/clouds\.yaml: clouds\.lab\.auth\.password is missing/u,
  ],
  [
    'a wrong verify',
    { OS_CLOUD: 'lab' },
    { '/here/clouds.yaml': 'clouds: {lab: {verify: maybe}}' },
    /clouds\.lab\.verify must be true or false/u,
  ],
  ['no mapping', { OS_CLOUD: 'lab' }, { '/here/clouds.yaml': '- a' }, /mapping at "clouds"/u],
])('%s: one sentence that names it', (_name, env, contents, message) => {
  let error: unknown;
  try {
    loadCloudConfig(env, files(contents));
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(CloudConfigError);
  expect((error as Error).message).toMatch(message);
  expect((error as Error).message).not.toContain('\n');
});

test('broken YAML is named by file and line, and not quoted', () => {
  const broken = 'clouds:\n  lab:\n    auth: {password: "hush\n';
  expect(() =>
    loadCloudConfig({ OS_CLOUD: 'lab' }, files({ '/here/clouds.yaml': broken })),
  ).toThrow(/^\/here\/clouds\.yaml is not YAML: see line \d\.$/u);
});

test('files of this machine: one that is not there is no error, a folder in its place is', () => {
  const local = localConfigFiles();
  expect(local.read(`${__dirname}/none.yaml`)).toBeUndefined();
  expect(local.read(__filename)).toContain('files of this machine');
  expect(() => local.read(__dirname)).toThrow(/cannot be read \(EISDIR\)/u);
});
