/** How long a POST waits, and what ends the waiting. The rollback itself goes on in every case. */
import { parsePrefer } from '../../src/api/prefer.js';
import { ADMIN_TOKEN, ApiError, PATH, openDoor, rollbackResult, until } from './support.js';
import type { Door } from './support.js';
import type { RollbackResult } from '../../src/domain/result.js';

describe('Prefer', () => {
  test.each([
    [undefined, 30, null],
    ['', 30, null],
    ['wait=10', 10, 'wait=10'],
    ['Wait = "10"', 10, 'wait=10'],
    ['wait=0', 0, 'wait=0'],
    ['wait=500', 300, 'wait=300'],
    ['wait=5, wait=9', 5, 'wait=5'],
    ['wait=-1', 30, null],
    ['wait=1.5', 30, null],
    ['wait=soon', 30, null],
    ['wait', 30, null],
    ['respond-async', 0, 'respond-async'],
    ['Respond-Async; foo=bar', 0, 'respond-async'],
    ['respond-async, wait=10', 10, 'respond-async, wait=10'],
    ['return=minimal, handling=strict', 30, null],
  ])('%p: %i s, applied %p', (header, waitSeconds, applied) => {
    expect(parsePrefer(header)).toEqual({ waitSeconds, applied });
  });
});

describe('a POST', () => {
  let door: Door;
  beforeEach(async () => {
    door = await openDoor();
    door.rollbacks.accepted = rollbackResult('ONGOING');
  });
  afterEach(() => door.close());

  const post = (prefer?: string, signal?: AbortSignal) =>
    door.call(PATH, {
      method: 'POST',
      ...(prefer !== undefined && { headers: { Prefer: prefer } }),
      ...(signal && { signal }),
    });

  /** A rollback that runs for ever: its waiting ends with the signal only. */
  function runsForEver(): void {
    door.rollbacks.ended = (_timeoutMs, signal) =>
      new Promise<RollbackResult>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
  }

  test('waits 30 s without Prefer, less what acceptance took, and answers with the end', async () => {
    const answer = await post();
    expect([answer.status, answer.json.state]).toEqual([200, 'SUCCEEDED']);
    expect(answer.headers.get('preference-applied')).toBeNull();
    const [wait] = door.rollbacks.waits;
    expect(wait?.timeoutMs).toBeGreaterThan(29_000);
    expect(wait?.timeoutMs).toBeLessThan(30_000);
  });

  test('wait=N is kept to and told', async () => {
    const answer = await post('wait=7');
    expect(door.rollbacks.waits[0]?.timeoutMs).toBeLessThan(7000);
    expect(door.rollbacks.waits[0]?.timeoutMs).toBeGreaterThan(6000);
    expect(answer.headers.get('preference-applied')).toBe('wait=7');
  });

  test.each(['respond-async', 'wait=0'])('%s answers at acceptance', async (prefer) => {
    const answer = await post(prefer);
    expect([answer.status, answer.json.state]).toEqual([200, 'ONGOING']);
    expect(answer.headers.get('preference-applied')).toBe(prefer);
    expect(door.rollbacks.waits).toEqual([]);
  });

  test('acceptance in brief is for those who wait, and never their answer', async () => {
    const brief = { ...rollbackResult('ONGOING'), truncated: true, compensations: [], history: [] };
    door.rollbacks.accepted = brief;
    expect((await post()).json.state).toBe('SUCCEEDED');
    expect(door.rollbacks.asked.at(-1)?.brief).toBe(true);
    door.rollbacks.ended = () => Promise.reject(new ApiError('TemporalUnreachable', 'away'));
    door.rollbacks.current = rollbackResult('ONGOING');
    const whole = await post('wait=7');
    expect([whole.json.truncated, whole.json.history]).toEqual([
      false,
      rollbackResult('ONGOING').history,
    ]);
    door.rollbacks.current = new ApiError('TemporalUnreachable', 'away');
    expect((await post('wait=7')).json).toMatchObject({ state: 'ONGOING', truncated: true });
    await post('respond-async');
    expect(door.rollbacks.asked.at(-1)?.brief).toBe(false);
  });

  test('a rollback that has ended already is not waited for', async () => {
    door.rollbacks.accepted = rollbackResult('SUCCEEDED');
    await post();
    expect(door.rollbacks.waits).toEqual([]);
  });

  test('a client that goes away stops the waiting and leaves a 499 in log and metrics', async () => {
    runsForEver();
    const client = new AbortController();
    const answer = post('wait=60', client.signal).catch((error: unknown) => error);
    await until(() => door.rollbacks.waits.length === 1);
    client.abort();
    await answer;
    await until(() => door.rollbacks.waits[0]?.signal.aborted === true);
    await until(() => door.logs.some((line) => line.msg === 'request'));
    expect(door.logs.find((line) => line.msg === 'request')).toMatchObject({ status: 499 });
    expect(door.logs.filter((line) => line.level === 'error')).toEqual([]);
  });

  test('a server that closes answers with what there is, at once', async () => {
    runsForEver();
    const answer = post('wait=60');
    await until(() => door.rollbacks.waits.length === 1);
    const begin = Date.now();
    await door.server.close(5000);
    expect((await answer).json.state).toBe('ONGOING');
    expect(Date.now() - begin).toBeLessThan(2000);
  });

  test('Temporal going away while waiting is no refusal: it was accepted', async () => {
    door.rollbacks.ended = () => Promise.reject(new ApiError('TemporalUnreachable', 'Away.'));
    const answer = await post();
    expect([answer.status, answer.json.state]).toEqual([200, 'ONGOING']);
    expect(door.logs.some((line) => line.msg === 'could not wait for the rollback')).toBe(true);
  });

  test('a defect while waiting is told as one', async () => {
    door.rollbacks.ended = () => Promise.reject(new TypeError('x'));
    expect((await post()).status).toBe(500);
  });

  test('no secret is in the log', async () => {
    await post();
    const text = JSON.stringify(door.logs);
    expect(text).toContain('req-');
    expect(text).not.toContain(ADMIN_TOKEN);
  });
});
