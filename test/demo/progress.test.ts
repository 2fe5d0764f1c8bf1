/** Lines of progress: one per start and end of a compensation, none twice. */
import { describe as describeIt, progressLine, progressSince } from '../../src/demo/progress.js';
import type { CompensationResult } from '../../src/domain/result.js';

function compensation(more: Partial<CompensationResult> = {}): CompensationResult {
  return {
    action_uuid: 'a',
    action_type: 'migrate',
    kind: 'live_migrate',
    resource_type: 'server',
    resource_id: 's-1',
    resource_name: 'vm-1',
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
    ...more,
  };
}
const at = (second: number): string => `2026-11-24T08:00:0${second}.000Z`;

test('what waits is no news; a start and an end are, once each', () => {
  const pending = compensation();
  const ongoing = compensation({ state: 'ONGOING', started_at: at(1) });
  const ended = { ...ongoing, state: 'SUCCEEDED', finished_at: at(3) } as const;
  const first = progressSince(new Map(), { compensations: [pending] });
  expect(first.events).toEqual([]);
  const second = progressSince(first.seen, { compensations: [ongoing] });
  const what = 'live-migrate vm-1: compute-2 → compute-1';
  expect(second.events).toEqual([{ state: 'ONGOING', what, seconds: null, reason: null }]);
  expect(progressSince(second.seen, { compensations: [ongoing] }).events).toEqual([]);
  const third = progressSince(second.seen, { compensations: [ended] });
  expect(third.events).toEqual([{ state: 'SUCCEEDED', what, seconds: 2, reason: null }]);
});

test('ends come before starts, each in their order', () => {
  const { events } = progressSince(new Map(), {
    compensations: [
      compensation({ action_uuid: '1', resource_name: 'd', state: 'ONGOING', started_at: at(4) }),
      compensation({ action_uuid: '2', resource_name: 'c', state: 'ONGOING', started_at: at(3) }),
      compensation({ action_uuid: '3', resource_name: 'b', state: 'FAILED', finished_at: at(2) }),
      compensation({ action_uuid: '4', resource_name: 'a', state: 'KEPT', finished_at: at(1) }),
    ],
  });
  expect(events.map(({ what }) => what.split(/[ :]/)[1])).toEqual(['a', 'b', 'c', 'd']);
});

test.each([
  [{}, 'live-migrate vm-1: compute-2 → compute-1'],
  [{ kind: 'cold_migrate' }, 'cold-migrate vm-1: compute-2 → compute-1'],
  [{ kind: 'revert_resize' }, 'revert resize of vm-1: compute-2 → compute-1'],
  [{ kind: 'start_server' }, 'start vm-1'],
  [
    { kind: 'set_service_status', resource_name: 'h', before: { status: 'enabled' } },
    'enable nova-compute on h',
  ],
  [
    { kind: 'set_service_status', resource_name: 'h', before: { status: 'disabled' } },
    'disable nova-compute on h',
  ],
  [
    { kind: 'set_node_power', resource_name: null, before: { power_state: 'power on' } },
    'power on node s-1',
  ],
  [{ kind: null, action_type: 'nop', resource_name: null, resource_id: null }, 'nop a'],
  [{ before: null, after: null }, 'live-migrate vm-1: ? → ?'],
] satisfies [Partial<CompensationResult>, string][])('%j: %s', (more, sentence) => {
  expect(describeIt(compensation(more))).toBe(sentence);
});

test('a line has the time, the outcome, what took how long, and why not', () => {
  const failed = { state: 'FAILED', what: 'start vm-1', seconds: 1.25, reason: 'no room' } as const;
  expect(progressLine(failed, 12.34)).toBe('  12.3 s  FAILED          start vm-1 (1.3 s): no room');
  const begun = { state: 'ONGOING', what: 'start vm-1', seconds: null, reason: null } as const;
  expect(progressLine(begun, 0)).toBe('   0.0 s  started         start vm-1');
});
