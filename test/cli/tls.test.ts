/** The command and the program as processes, with a certificate of an authority of one's own. */
import { writeFileSync } from 'node:fs';
import { type Door, openDoor } from '../api/support.js';
import { ADMIN_TOKEN } from '../api/support.js';
import { certificates } from '../security/certificates.js';
import { ensureBuilt } from '../support/built.js';
import { command, type Ended } from './command.js';

const made = certificates();
const own = made.make('own');
made.make('other');
let door: Door;
beforeAll(async () => {
  ensureBuilt();
  door = await openDoor({}, {}, {}, own);
}, 180_000);
afterAll(async () => {
  await door.close();
  made.remove();
});

const address = (host = 'localhost', scheme = 'https'): string =>
  `${scheme}://${host}:${door.server.port}`;
const list = (env: Record<string, string>, url = address()): Promise<Ended> =>
  command(['list'], { OS_TOKEN: ADMIN_TOKEN, ROLLBACK_URL: url, ...env });
const CLOUD = {
  OS_AUTH_URL: 'https://127.0.0.1:1/v3',
  OS_AUTH_TYPE: 'v3token',
  OS_PROJECT_NAME: 'p',
  OS_PROJECT_DOMAIN_NAME: 'Default',
};

test('OS_CACERT is believed for the address of the service, with and without a cloud', async () => {
  const OS_CACERT = made.file('own.pem');
  expect(await list({ OS_CACERT })).toMatchObject({ code: 0, stderr: '' });
  expect(await list({ OS_CACERT, ...CLOUD })).toMatchObject({ code: 0, stderr: '' });
});

test('cacert of clouds.yaml is believed as well', async () => {
  const cloud = (more: string): Record<string, string> => {
    const auth = `{auth_url: 'https://127.0.0.1:1/v3', token: '${ADMIN_TOKEN}', project_name: p, project_domain_name: Default}`;
    writeFileSync(
      made.file('clouds.yaml'),
      `clouds:\n  mine:\n    auth_type: v3token\n    auth: ${auth}\n${more}`,
    );
    return { OS_CLIENT_CONFIG_FILE: made.file('clouds.yaml'), OS_CLOUD: 'mine' };
  };
  expect(await list(cloud(`    cacert: ${made.file('own.pem')}\n`))).toMatchObject({ code: 0 });
  expect(await list(cloud(''))).toMatchObject({ code: 7 });
  expect(await list(cloud('    verify: false\n'))).toMatchObject({ code: 0 });
});

test('self-signed, and of another authority: refused before the token is sent, and it says what to set', async () => {
  const before = door.validated.length;
  for (const env of [{}, { OS_CACERT: made.file('other.pem') }, CLOUD]) {
    const { code, stderr } = await list(env);
    expect(code).toBe(7);
    expect(stderr).toMatch(/self-signed certificate.*set OS_CACERT .or "cacert" in clouds\.yaml/);
  }
  expect(door.validated).toHaveLength(before);
});

test('plain http, and https where there is none: it asks whether the other is meant', async () => {
  const OS_CACERT = made.file('own.pem');
  const plain = await list({ OS_CACERT }, address('localhost', 'http'));
  expect(plain.stderr).toContain('(is it https?)');
  const door2 = await openDoor();
  const url = `https://localhost:${door2.server.port}`;
  expect((await list({ OS_CACERT }, url)).stderr).toContain('(is it http?)');
  await door2.close();
});

test('the doctor looks through the same eyes, and at the files of the settings', async () => {
  const look = async (env: Record<string, string>): Promise<unknown> => {
    const given = { OS_TOKEN: ADMIN_TOKEN, ROLLBACK_URL: address(), ...env };
    return (await command(['doctor'], given)).json;
  };
  const check = (name: string, more: object): object => ({
    checks: expect.arrayContaining([
      expect.objectContaining({ area: 'service', name, ...more }),
    ]) as unknown,
  });
  expect(await look({})).toMatchObject(
    check('my rights', { state: 'failed', fix: expect.stringContaining('OS_CACERT') }),
  );
  const well = await look({ OS_CACERT: made.file('own.pem') });
  expect(well).toMatchObject(check('my rights', { state: 'ok' }));
  const pair = {
    ROLLBACK_TLS_CERT_FILE: made.file('own.pem'),
    ROLLBACK_TLS_KEY_FILE: made.file('other.key'),
  };
  expect(await look(pair)).toMatchObject(
    check('settings', { state: 'failed', message: expect.stringMatching(/is not the key of/) }),
  );
});

test('the program: a pair that does not fit, or one file of two, stops the start in a sentence', async () => {
  const start = (env: Record<string, string>): Promise<Ended> =>
    command(['serve', '--api-only'], {
      TEMPORAL_ADDRESS: '127.0.0.1:1',
      ...CLOUD,
      OS_TOKEN: 't',
      ...env,
    });
  const ROLLBACK_TLS_CERT_FILE = made.file('own.pem');
  const wrong = await start({
    ROLLBACK_TLS_CERT_FILE,
    ROLLBACK_TLS_KEY_FILE: made.file('other.key'),
  });
  expect(wrong.code).not.toBe(0);
  expect(wrong.stderr).toMatch(/is not the key of the first certificate/);
  expect(wrong.stderr).not.toMatch(/\n {4}at /);
  const half = await start({ ROLLBACK_TLS_CERT_FILE });
  expect(half.stderr).toContain('ROLLBACK_TLS_KEY_FILE: is not set');
});
