/** What gets into the log and, above all, what does not. */
import { createLogger } from '../../src/log.js';
import type { LogOptions } from '../../src/log.js';
import { prettyLine } from '../../src/log-pretty.js';

const FERNET = 'gAAAAABnQmZ0c2VjcmV0LXRva2VuLW9mLWEtY2FsbGVyLTAxMjM0NTY3ODk=';

function logged(format: LogOptions['format'] = 'json') {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { log: createLogger({ level: 'info', format, destination }), lines };
}

const SECRETS: [string, object][] = [
  ['a field', { token: 's3cret' }],
  ['a header', { headers: { 'X-Auth-Token': 's3cret', Authorization: 's3cret' } }],
  ['deep in a list', { a: [{ b: { admin_password: 's3cret' } }] }],
  ['an application credential', { application_credential_secret: 's3cret', apiKey: 's3cret' }],
];

test.each(SECRETS)(
  'a secret in %s is blanked, in entries and in child loggers',
  (_where, fields) => {
    const { log, lines } = logged();
    log.info({ ...fields, other: 1 }, 'x');
    log.child(fields).info('x');
    expect(lines).toHaveLength(2);
    expect(lines.join('')).not.toContain('s3cret');
    expect(lines[0]).toContain('[redacted]');
    expect(lines[0]).toContain('"other":1');
  },
);

test('what looks like a token is blanked wherever it stands', () => {
  const { log, lines } = logged();
  const jws = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlLXNpZ25hdHVyZQ';
  log.info({ url: `http://x/${FERNET}` }, `token ${FERNET} and ${jws}`);
  log.error(new Error(`bad token ${FERNET}`));
  expect(lines.join('')).not.toContain('gAAAA');
  expect(lines.join('')).not.toContain('eyJ');
});

test('an error shows its words, code, cause and stack, and nothing that hangs on it', () => {
  const { log, lines } = logged();
  const cause = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  const error = Object.assign(new Error('no answer', { cause }), { request: { body: 'private' } });
  log.error({ err: error }, 'failed');
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  expect(line).toMatchObject({
    level: 'error',
    msg: 'failed',
    err: {
      type: 'Error',
      message: 'no answer',
      cause: { message: 'refused', code: 'ECONNREFUSED' },
    },
  });
  expect(lines[0]).toContain('log.test');
  expect(lines[0]).not.toContain('private');
});

test('a circle is cut, and does not end the process', () => {
  const { log, lines } = logged();
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  log.info({ circle }, 'x');
  expect(lines[0]).toContain('[Circular]');
});

test('lines are JSON with an ISO time and the level as a word; lower levels are left out', () => {
  const { log, lines } = logged();
  log.debug('quiet');
  log.warn({ a: 1 }, 'loud');
  expect(lines).toHaveLength(1);
  const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  expect(line).toEqual({ level: 'warn', time: expect.any(String) as string, a: 1, msg: 'loud' });
  expect(Number.isNaN(Date.parse(String(line.time)))).toBe(false);
});

test('lines for people', () => {
  const { log, lines } = logged('pretty');
  log.info({ plan: 'p-1', token: 's3cret', n: 2 }, 'accepted');
  expect(lines[0]).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3} INFO {2}accepted {2}plan=p-1 {2}token=\[redacted\] {2}n=2\n$/,
  );
  log.error(new Error('broken'));
  expect(lines[1]).toMatch(/ERROR broken\n {4}Error: broken\n {8}at /);
  expect(prettyLine('no JSON\n')).toBe('no JSON\n');
});
