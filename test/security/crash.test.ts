/** The last words of a process that crashes: what happened, and no token of whoever's request it was. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, ROOT } from '../support/built.js';

const TOKEN = `gAAAAA${'x'.repeat(60)}`;

beforeAll(() => ensureBuilt(), 180_000);

test.each([
  ['a rejection that nobody handles', 'void Promise.reject(error);'],
  ['an exception', 'setTimeout(() => { throw error; });'],
  ['something that is no error', `setTimeout(() => { throw 'it was ${TOKEN}'; });`],
])('%s', (_name, crash) => {
  const load = (name: string): string => JSON.stringify(join(ROOT, 'dist/src', name));
  const program = `
    import { createLogger } from ${load('log.js')};
    import { reportCrashes } from ${load('crash.js')};
    reportCrashes(createLogger({ level: 'info', format: 'json' }));
    const error = new Error('it was ${TOKEN}');
    error.request = { headers: { 'x-auth-token': 'a secret of the request' } };
    error.password = 'a secret of the error';
    ${crash}`;
  const ended = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  expect(ended.status).toBe(1);
  const said = ended.stdout + ended.stderr;
  expect(JSON.parse(said)).toMatchObject({ level: 'fatal', msg: 'crashed' });
  expect(said).toContain('it was [redacted]');
  for (const secret of [TOKEN, 'a secret']) expect(said).not.toContain(secret);
});
