/** The parts of the command that need no service: waiting through outages, the report, words, exit codes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventSourceMessage } from 'eventsource-parser';
import { type CompensationAnswer, type ResultAnswer, resultSchema } from '../../src/cli/answers.js';
import { bodyOf } from '../../src/cli/commands/request.js';
import { completionScript } from '../../src/cli/completion.js';
import { readDuration } from '../../src/cli/duration.js';
import { type Exit, EXITS, exitOfAnswer, exitOfState } from '../../src/cli/exit-codes.js';
import { follow, type FollowOptions } from '../../src/cli/follow.js';
import { junit } from '../../src/cli/junit.js';
import { Problem } from '../../src/cli/problem.js';
import { createProgram } from '../../src/cli/program.js';
import { changeOf, durationWords, plain, timeLeftMs } from '../../src/cli/words.js';
import { FAILURES, type FailureType, isFailureType } from '../../src/domain/failures.js';
import { OUTCOMES, ROLLBACK_STATES } from '../../src/domain/states.js';
import { optionFields } from '../../src/requests/options.js';
import { ROOT } from '../support/built.js';

const PLAN = '11111111-2222-4333-8444-555555555555';

function compensation(state: string, more: Partial<CompensationAnswer> = {}): CompensationAnswer {
  return {
    action_uuid: `action-${state}`,
    action_type: 'migrate',
    kind: 'live_migrate',
    resource_type: 'server',
    resource_id: 'id-1',
    resource_name: 'vm-1',
    before: { host: 'a', status: null, disabled_reason: null, power_state: null, flavor: null },
    after: { host: 'b', status: null, disabled_reason: null, power_state: null, flavor: null },
    now: null,
    state,
    reason: null,
    started_at: '2026-01-01T00:00:00Z',
    finished_at: '2026-01-01T00:00:02Z',
    ...more,
  };
}

test('flags become the body of a POST, and only those that were given', () => {
  const flags = { abortStuck: true, allowCold: true, maxAge: 60, action: ['a,b', 'c'] };
  const body = { abort_stuck: true, allow_cold: true, max_age: 60, actions: ['a', 'b', 'c'] };
  expect(bodyOf(flags)).toEqual(body);
  expect(bodyOf({})).toEqual({});
});

test('every option that can be asked for has its flag', () => {
  const script = completionScript(createProgram({ env: {}, ended: () => undefined }), 'bash');
  for (const option of Object.keys(optionFields(1))) {
    const flag = option === 'actions' ? 'action' : option.replaceAll('_', '-');
    expect(script).toContain(`--${flag}`);
  }
});

function result(state: string, compensations: CompensationAnswer[] = []): ResultAnswer {
  const counts: Record<string, number> = {};
  for (const one of compensations) counts[one.state] = (counts[one.state] ?? 0) + 1;
  return resultSchema.parse({
    action_plan_uuid: PLAN,
    uuid: 'run-1',
    state,
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:10Z',
    counts,
    compensations,
    workflow: { id: `rollback-${PLAN}` },
  });
}

const away = new Problem('It is away.', { type: 'ServiceUnreachable', exit: 'unreachable' });
const noStream = new Problem('No such path.', { type: 'NotFound', exit: 'refused', status: 404 });
const PACE = { pauseMs: 1, pauseMaxMs: 2, patienceMs: 10_000 };

function event(name: string, data: unknown, id = '1'): EventSourceMessage {
  return { id, event: name, data: JSON.stringify(data) };
}

/** Streams and looks, one after the other; an error in the place of a stream is thrown. */
function service(streams: (EventSourceMessage[] | Problem)[], looks: (ResultAnswer | Problem)[]) {
  const asked: (string | null)[] = [];
  const api: FollowOptions['api'] = {
    async *events(_plan, lastEventId) {
      asked.push(lastEventId);
      const next = streams.shift() ?? away;
      if (next instanceof Problem) throw next;
      yield* next;
    },
    result() {
      const next = looks.shift() ?? away;
      return next instanceof Problem ? Promise.reject(next) : Promise.resolve(next);
    },
  };
  return { api, asked };
}

function following(api: FollowOptions['api'], pace: Partial<FollowOptions['pace'] & object> = {}) {
  const seen: ResultAnswer[] = [];
  const notes: string[] = [];
  const end = follow({
    api,
    first: result('ONGOING', [compensation('PENDING')]),
    signal: new AbortController().signal,
    onChange: (one) => seen.push(one),
    onNote: (sentence) => notes.push(sentence),
    pace: { ...PACE, ...pace },
  });
  return { end, seen, notes };
}

test('events change the result; a stream that breaks off is taken up where it was; an outage is waited out and said once', async () => {
  const uuid = 'action-PENDING';
  const done = compensation('SUCCEEDED', { action_uuid: uuid });
  const { api, asked } = service(
    [
      [event('compensation', { ...done, state: 'ONGOING' }, '7')],
      away,
      away,
      [
        event('compensation', done, '8'),
        event('unknown-to-us', {}),
        event('end', result('SUCCEEDED', [done]), '9'),
      ],
    ],
    [],
  );
  const { end, seen, notes } = following(api);
  expect(await end).toMatchObject({ state: 'SUCCEEDED' });
  expect(seen.map(({ counts }) => counts)).toEqual([
    { PENDING: 0, ONGOING: 1 },
    { PENDING: 0, ONGOING: 0, SUCCEEDED: 1 },
    { SUCCEEDED: 1 },
  ]);
  expect(asked).toEqual([null, '7', '7', '7']);
  expect(notes).toEqual([expect.stringContaining('It is away.'), expect.stringContaining('again')]);
});

test('a service without an event stream is looked at again and again', async () => {
  const looks = [result('ONGOING'), away, result('PARTIAL')];
  const { api, asked } = service([noStream], looks);
  expect(await following(api).end).toMatchObject({ state: 'PARTIAL' });
  expect(asked).toEqual([null]);
});

test('an outage without end is given up; a refusal is not waited for', async () => {
  const outage = service([], []);
  await expect(following(outage.api, { patienceMs: 20 }).end).rejects.toBe(away);
  const forbidden = new Problem('No rights.', { type: 'Forbidden', exit: 'refused', status: 403 });
  await expect(following(service([forbidden], []).api).end).rejects.toBe(forbidden);
});

test('the waiting can be ended, and its reason is what it ends with', async () => {
  const stop = new AbortController();
  const reason = new Problem('Enough.', { type: 'Interrupted', exit: 'interrupted' });
  const { api } = service(
    [noStream],
    Array.from({ length: 50 }, () => result('ONGOING')),
  );
  const end = follow({
    api,
    first: result('ONGOING'),
    signal: stop.signal,
    onChange: () => stop.abort(reason),
    onNote: () => undefined,
    pace: PACE,
  });
  await expect(end).rejects.toBe(reason);
});

/** What the schema of Jenkins's xunit plugin (junit-10.xsd) permits: the strictest of the common readers. */
const PERMITTED: Readonly<Record<string, { inside: string; attributes: string[] }>> = {
  testsuites: { inside: '', attributes: ['name', 'time', 'tests', 'failures', 'errors'] },
  testsuite: {
    inside: 'testsuites',
    attributes: ['name', 'tests', 'failures', 'errors', 'time', 'skipped', 'timestamp'],
  },
  testcase: { inside: 'testsuite', attributes: ['name', 'time', 'classname'] },
  failure: { inside: 'testcase', attributes: ['type', 'message'] },
  error: { inside: 'testcase', attributes: ['type', 'message'] },
  skipped: { inside: 'testcase', attributes: ['message'] },
};
const MARKUP = /<(\/?)(\w+)((?: \w+="[^"<]*")*)(\/?)>|[^<]+/gy;
const TEXT = /^(?:[^&<]|&(?:amp|lt|gt|quot);)*$/;

/** Reads all of a report, as strictly as XML has it; throws where it is not well formed or not permitted. */
function elementsOf(report: string): { name: string; attributes: Record<string, string> }[] {
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
  expect(report.startsWith(declaration)).toBe(true);
  const body = report.slice(declaration.length);
  const open: string[] = [];
  const elements: { name: string; attributes: Record<string, string> }[] = [];
  let read = 0;
  for (const [all, close, name = '', written = '', empty] of body.matchAll(MARKUP)) {
    read += all.length;
    expect(name === '' ? all : written).toMatch(TEXT);
    if (name === '') continue;
    if (close === '/') {
      expect(open.pop()).toBe(name);
      continue;
    }
    expect(PERMITTED[name]?.inside).toBe(open.at(-1) ?? '');
    const pairs = [...written.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [
      key,
      value,
    ]);
    const attributes = Object.fromEntries(pairs) as Record<string, string>;
    for (const key of Object.keys(attributes)) expect(PERMITTED[name]?.attributes).toContain(key);
    elements.push({ name, attributes });
    if (empty !== '/') open.push(name);
  }
  expect({ read, open }).toEqual({ read: body.length, open: [] });
  return elements;
}

test('the report: every outcome has its verdict, text is escaped, and what XML cannot hold is left out', () => {
  const hostile = compensation('FAILED', {
    action_uuid: 'x',
    resource_name: 'a<b>&"c"\u0007\uD800🚚',
    reason: 'line one\nline <two> ]]>',
  });
  const compensations = [...OUTCOMES.map((state) => compensation(state)), hostile];
  const report = junit({
    plan: PLAN,
    result: result('PARTIAL', compensations),
    compensations,
    problem: null,
  });
  expect(elementsOf(report).slice(0, 2)).toMatchObject([
    { name: 'testsuites', attributes: { tests: '10', failures: '5', errors: '3' } },
    { name: 'testsuite', attributes: { tests: '10', failures: '5', errors: '3', skipped: '1' } },
  ]);
  const verdictOf = (state: string): string =>
    /action action-STATE\)" time="2.000"(\/>|>\n\s+<\w+)/.exec(
      report.replaceAll(`action-${state})`, 'action-STATE)'),
    )?.[1] ?? '';
  const verdicts = Object.fromEntries(
    OUTCOMES.map((state) => [state, verdictOf(state).replace(/^>\n\s+</, '')]),
  );
  expect(verdicts).toEqual({
    PENDING: 'error',
    ONGOING: 'error',
    SUCCEEDED: '/>',
    SKIPPED: 'skipped',
    KEPT: 'failure',
    NOT_REVERSIBLE: 'failure',
    FAILED: 'failure',
    NOT_ATTEMPTED: 'error',
  });
  expect(report).toContain('server a&lt;b&gt;&amp;&quot;c&quot;');
  expect(report).toContain('🚚');
  // Jenkins shows the attribute, GitLab the text.
  expect(report).toContain(
    'message="FAILED: line one line &lt;two&gt; ]]&gt;">FAILED: line one\nline &lt;two&gt; ]]&gt;</failure>',
  );
  for (const letter of ['\u0007', '\uD800']) expect(report).not.toContain(letter);
});

test('a green report is a SUCCEEDED rollback, and only that', () => {
  for (const state of ROLLBACK_STATES) {
    const report = junit({ plan: PLAN, result: result(state), compensations: [], problem: null });
    expect({ state, green: report.includes('failures="0" errors="0"') }).toEqual({
      state,
      green: state === 'SUCCEEDED',
    });
  }
  const refused = junit({ plan: PLAN, result: null, compensations: [], problem: noStream });
  expect(refused).toContain('<error type="NotFound" message="No such path.">No such path.</error>');
  expect(elementsOf(refused).map(({ name }) => name)).toEqual([
    'testsuites',
    'testsuite',
    'testcase',
    'error',
  ]);
});

/** What the command ends with where the service refuses with a type; null: no answer to the command has it. */
const EXIT_OF_TYPE: Record<FailureType, Exit | null> = {
  InvalidRequest: 'refused',
  ActionPlanNotFound: 'refused',
  PlanNotFinished: 'refused',
  PlanNeverStarted: 'refused',
  PlanTooOld: 'refused',
  PlanTooLarge: 'refused',
  OtherPlanOngoing: 'refused',
  OtherCloud: 'refused',
  TooManyRequests: 'unreachable',
  UriTooLong: 'refused',
  DriftFound: 'refused',
  OptionsDiffer: 'refused',
  NotControllable: 'refused',
  RollbacksStopped: 'refused',
  Unauthorized: 'refused',
  LoginRefused: 'refused',
  Forbidden: 'refused',
  NoRollback: 'refused',
  NotFound: 'refused',
  MethodNotAllowed: 'refused',
  NotAcceptable: 'refused',
  UnsupportedMediaType: 'refused',
  // Asking again does not help: a person must act.
  OpenStackRefused: 'refused',
  OpenStackUnauthorized: 'refused',
  WatcherAnswerLost: 'refused',
  ProxyLoop: 'refused',
  RequestExpired: 'unreachable',
  TooManyStreams: 'unreachable',
  TooManyLogins: 'unreachable',
  TemporalUnreachable: 'unreachable',
  NoWorker: 'unreachable',
  TooManyStarts: 'unreachable',
  OpenStackUnreachable: 'unreachable',
  InternalError: 'defect',
  RollbackIncomplete: null,
  NotificationFailed: null,
  NotificationRefused: null,
  MigrationAborted: null,
  MigrationFailed: null,
  NoRoom: null,
  ServerBusy: null,
  ServerInError: null,
  ServerGone: null,
  CompensationTimeout: null,
  PowerFailed: null,
  WrongUsage: null,
  CredentialsRefused: null,
  ServiceNotFound: null,
  ServiceUnreachable: null,
  WaitTimeout: null,
  Interrupted: null,
};

test('every failure type has its exit code and its line in docs/errors.md', () => {
  const errors = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
  for (const type of Object.keys(FAILURES).filter(isFailureType)) {
    const { status } = FAILURES[type];
    const exit = status === null ? null : exitOfAnswer(type, status);
    expect({ type, exit }).toEqual({ type, exit: EXIT_OF_TYPE[type] });
    expect(errors).toMatch(new RegExp(`^- \`${type}\`: .*\\.$`, 'm'));
  }
});

test('exit codes: one per state and kind of answer, and the document has them all', () => {
  expect(ROLLBACK_STATES.map((state) => EXITS[exitOfState(state)].code)).toEqual([
    9, 9, 9, 0, 3, 4, 5,
  ]);
  // Something in between that answers without a type.
  expect([400, 401, 404, 429, 502, 503, 504, 500].map((it) => exitOfAnswer(null, it))).toEqual([
    ...Array.from({ length: 3 }, () => 'refused'),
    ...Array.from({ length: 4 }, () => 'unreachable'),
    'defect',
  ]);
  expect(exitOfState('A_NEW_WORD')).toBe('defect');
  const codes = Object.values(EXITS).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  const text = readFileSync(join(ROOT, 'docs/pipelines.md'), 'utf8').replaceAll(/ +/g, ' ');
  for (const { code, meaning } of Object.values(EXITS)) {
    expect(text).toContain(`| ${code} | ${meaning.replaceAll(/ +/g, ' ')} |`);
  }
});

test('words: changes, times, and nothing of a name that moves the cursor', () => {
  expect(changeOf(compensation('PENDING'))).toBe('b → a');
  expect(changeOf(compensation('KEPT', { before: null }))).toBe('b → ?');
  expect(plain('vm\u001B[2J\n\u202Ex')).toBe('vm [2J x');
  expect([500, 61_000, 3_720_000].map(durationWords)).toEqual(['1 s', '1 min 1 s', '1 h 2 min']);
  expect(['90', '90m', '12h', '2d', '0', '21d', 'x', '1.5h'].map(readDuration)).toEqual([
    90,
    5400,
    43_200,
    172_800,
    null,
    null,
    null,
    null,
  ]);
  const counts = { SUCCEEDED: 2, SKIPPED: 50, PENDING: 3, ONGOING: 1 };
  expect(timeLeftMs({ counts, state: 'ONGOING' }, 10_000)).toBe(20_000);
  expect(timeLeftMs({ counts, state: 'PAUSED' }, 10_000)).toBeNull();
  expect(timeLeftMs({ counts: { PENDING: 3 }, state: 'ONGOING' }, 10_000)).toBeNull();
});
