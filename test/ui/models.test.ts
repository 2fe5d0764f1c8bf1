/** What the page thinks, without a browser: events, columns, the graph, the sentences of its dialogs. */
import type { CompensationResult, RollbackResult } from '../../src/domain/result.js';
import { confirmationOf, offered, offeredFor } from '../../src/ui/confirmations.js';
import { BOX, layOut } from '../../src/ui/graph-layout.js';
import { hostColumns } from '../../src/ui/hosts-model.js';
import { LiveState } from '../../src/ui/live-state.js';
import { sentenceOf } from '../../src/ui/problem-text.js';
import { SseParser } from '../../src/ui/sse-parser.js';
import { workText } from '../../src/ui/words.js';
import { rollbackResult } from '../api/support.js';

function move(number: number, change: Partial<CompensationResult> = {}): CompensationResult {
  return {
    action_uuid: `action-${number}`,
    action_type: 'migrate',
    kind: 'live_migrate',
    resource_type: 'server',
    resource_id: `server-${number}`,
    resource_name: `vm-${number}`,
    before: { host: 'compute-1' },
    after: { host: 'compute-2' },
    now: { host: 'compute-2' },
    state: 'PENDING',
    reason: null,
    parents: [],
    attempts: 0,
    started_at: null,
    finished_at: null,
    evidence: {},
    ...change,
  };
}

function rollback(compensations: CompensationResult[], change: Partial<RollbackResult> = {}) {
  const counts = { PENDING: compensations.length };
  return { ...rollbackResult(), state: 'ONGOING' as const, counts, compensations, ...change };
}

describe('the reader of events', () => {
  const text =
    ': beat\n\nid: 7\nevent: result\ndata: {"a":\ndata: 1}\n\nevent: history\r\ndata:x\r\n\r\nevent: none\n\n';
  const wanted = [
    { id: '7', event: 'result', data: '{"a":\n1}' },
    { id: '7', event: 'history', data: 'x' },
  ];

  test('takes them whole, and in any pieces', () => {
    expect(new SseParser().push(text)).toEqual(wanted);
    for (let size = 1; size < 9; size += 1) {
      const parser = new SseParser();
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      expect(pieces.flatMap((piece) => parser.push(piece))).toEqual(wanted);
    }
  });

  test('gives one up that has no end', () => {
    expect(() => new SseParser().push('x'.repeat(5 * 1024 * 1024))).toThrow('without an end');
  });
});

describe('the live state', () => {
  const at = (event: string, value: unknown) => ({ id: '1', event, data: JSON.stringify(value) });

  test('follows compensations, counts and history', () => {
    const live = new LiveState();
    live.apply(at('result', rollback([move(1), move(2)])));
    live.apply(at('compensation', move(1, { state: 'ONGOING' })));
    expect(live.result?.counts).toEqual({ PENDING: 1, ONGOING: 1 });
    live.apply(at('compensation', move(1, { state: 'SUCCEEDED', now: { host: 'compute-1' } })));
    expect(live.result?.counts).toEqual({ PENDING: 1, SUCCEEDED: 1 });
    const paused = { time: 't', action_uuid: null, event: 'paused', message: 'Paused.' };
    live.apply(at('history', paused));
    live.apply(at('history', paused));
    // What changes the whole comes as a whole: under the stop switch a resumed rollback is PAUSED still.
    expect(live.result?.state).toBe('ONGOING');
    expect(live.result?.history.filter(({ event }) => event === 'paused')).toHaveLength(1);
    live.apply(at('end', rollback([move(1)], { state: 'SUCCEEDED' })));
    expect(live.result?.state).toBe('SUCCEEDED');
  });

  test('keeps what a result that is cut short leaves out', () => {
    const live = new LiveState();
    live.apply(at('result', rollback([move(1)])));
    live.complete([move(1), move(2), move(3)]);
    live.apply(at('compensation', move(3, { state: 'FAILED' })));
    live.apply(at('result', rollback([move(2, { state: 'ONGOING' })])));
    expect(live.result?.compensations.map(({ state }) => state)).toEqual([
      'PENDING',
      'ONGOING',
      'FAILED',
    ]);
  });
});

describe('hosts as columns', () => {
  test('have their servers before, after and now, and say where one is going', () => {
    const columns = hostColumns([
      move(10),
      move(2, { state: 'ONGOING' }),
      move(1, { state: 'SUCCEEDED', now: { host: 'compute-1' } }),
      move(3, {
        action_uuid: 'service',
        resource_type: 'compute_service',
        resource_name: 'compute-1',
        before: { status: 'enabled', inferred: true },
        after: { status: 'disabled' },
        now: { status: 'enabled' },
      }),
    ]);
    expect(columns.map(({ host }) => host)).toEqual(['compute-1', 'compute-2']);
    const [one, two] = columns;
    expect(one?.servers.before.map(({ name }) => name)).toEqual(['vm-1', 'vm-2', 'vm-10']);
    expect(one?.servers.now.map(({ name }) => name)).toEqual(['vm-1']);
    expect(one?.service).toEqual({ before: 'enabled', after: 'disabled', now: 'enabled' });
    expect(two?.servers.now.map(({ name, movingTo }) => [name, movingTo])).toEqual([
      ['vm-2', 'compute-1'],
      ['vm-10', null],
    ]);
  });

  test('show a server once, by the compensation that does the work', () => {
    const covered = move(1, { kind: null, state: 'SKIPPED', before: { host: 'compute-2' } });
    const columns = hostColumns([covered, move(1, { action_uuid: 'first' })]);
    expect(columns.flatMap(({ servers }) => servers.before)).toHaveLength(1);
    expect(columns[0]?.servers.before[0]?.outcome).toBe('PENDING');
  });
});

describe('the graph', () => {
  test('has what waits to the right of what it waits for', () => {
    const graph = layOut([
      move(3, { parents: ['action-2'] }),
      move(2, { parents: ['action-1'] }),
      move(1),
      move(4, { kind: null }),
    ]);
    const layers = graph.nodes.map(({ compensation, layer }) => [compensation.action_uuid, layer]);
    expect(layers).toEqual([
      ['action-3', 2],
      ['action-2', 1],
      ['action-1', 0],
    ]);
    for (const { from, to } of graph.edges) expect(to.x).toBeGreaterThan(from.x + BOX.width);
  });

  test('is bounded, and ends with a circle too', () => {
    const many = Array.from({ length: 500 }, (_, i) => move(i));
    expect(layOut(many)).toMatchObject({ left: 380 });
    const circle = [move(1, { parents: ['action-2'] }), move(2, { parents: ['action-1'] })];
    expect(layOut(circle).nodes).toHaveLength(2);
  });
});

describe('controls', () => {
  test('are offered only where the service takes them', () => {
    expect(offered(rollback([]))).toEqual(['pause', 'cancel']);
    expect(offered(rollback([], { state: 'PAUSED' }))).toEqual(['resume', 'cancel']);
    expect(offered(rollback([], { state: 'PARTIAL' }))).toEqual([]);
    const running = rollback([]);
    expect(offeredFor(move(1), running)).toEqual(['skip']);
    expect(offeredFor(move(1, { state: 'FAILED' }), running)).toEqual(['retry']);
    expect(offeredFor(move(1, { kind: null }), running)).toEqual([]);
    expect(offeredFor(move(1), rollback([], { state: 'FAILED' }))).toEqual([]);
  });

  test('say what will happen', () => {
    const running = rollback([move(1)], { counts: { ONGOING: 1, PENDING: 12 } });
    const { sentences } = confirmationOf('cancel', running, null);
    expect(sentences.join(' ')).toContain('1 compensation under way is let finish');
    expect(sentences.join(' ')).toContain('12 compensations not begun yet will be left');
    const skip = confirmationOf('skip', running, move(1));
    expect(skip.sentences[0]).toBe(
      'This will not be done: live-migrate vm-1: compute-2 → compute-1.',
    );
  });
});

test('work is said in words', () => {
  const back = move(1, { now: { host: 'compute-1' }, state: 'SUCCEEDED' });
  expect(workText(back)).toBe('live-migrate vm-1: compute-2 → compute-1');
  expect(workText(move(1, { kind: null }))).toBeNull();
});

test("a refusal is read in Watcher's shape and in Keystone's, and is never empty", () => {
  const fault = JSON.stringify({ faultstring: 'The plan is too old.' });
  expect(sentenceOf(400, JSON.stringify({ error_message: fault }))).toBe('The plan is too old.');
  expect(sentenceOf(401, '{"error": {"message": "Log in."}}')).toBe('Log in.');
  expect(sentenceOf(502, '<html>')).toContain('502');
});
