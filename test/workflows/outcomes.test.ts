import { ApplicationFailure } from '@temporalio/common';
import type { CompensationReport } from '../../activities/types.js';
import {
  compensation,
  DONE,
  enable,
  gate,
  type Harness,
  longAgo,
  migrate,
  startHarness,
} from './harness.js';
import { byAction, endOf, failureOf, now, start, until } from './runs.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
}, 60_000);
afterAll(() => harness.stop());

const report = (change: Partial<CompensationReport>): CompensationReport => ({
  ...DONE,
  ...change,
});
const refuse = () => {
  throw ApplicationFailure.nonRetryable('No valid PCI device.', 'MigrationFailed');
};

test('what waits goes after what it waits for, and the rest by priority: seen in the calls', async () => {
  const plan = harness.play({
    limits: { concurrency: 1 },
    compensations: [
      compensation('m1', migrate('vm-1', 'c2', 'c1'), { parents: ['e'], priority: 2 }),
      compensation('m2', migrate('vm-2', 'c2', 'c1'), { parents: ['e'], priority: 1 }),
      compensation('m3', migrate('vm-3', 'c1', 'c3'), { priority: 4 }),
      compensation('e', enable('c1'), { priority: 3 }),
    ],
  });
  const handle = await start(harness, plan);
  expect((await endOf(handle)).state).toBe('SUCCEEDED');
  expect(harness.calls(plan).map((call) => call.action)).toEqual(['e', 'm2', 'm1', 'm3']);
});

test('what needs not wait does not: a move elsewhere ends while the enable is still under way', async () => {
  const held = gate();
  const plan = harness.play({
    compensations: [
      compensation('m1', migrate('vm-1', 'c2', 'c1'), { parents: ['e'] }),
      compensation('e', enable('c1')),
      compensation('m3', migrate('vm-3', 'c1', 'c3')),
    ],
    answers: { e: [held.answer] },
  });
  const handle = await start(harness, plan);
  await until('m3 ended', async () => byAction(await now(handle), 'm3').state === 'SUCCEEDED');
  expect(byAction(await now(handle), 'm1').state).toBe('PENDING');
  held.open();
  expect((await endOf(handle)).state).toBe('SUCCEEDED');
});

test('never more migrations at a host than the bound, counted on both ends', async () => {
  let running = 0;
  let most = 0;
  const answer = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => {
      setTimeout(resolve, 60);
    });
    running -= 1;
    return DONE;
  };
  const names = Array.from({ length: 7 }, (_, index) => `s${index}`);
  const plan = harness.play({
    limits: { migrations_per_host: 2 },
    compensations: names.map((name) => compensation(name, migrate(name, 'c2', 'c1'))),
    answers: Object.fromEntries(names.map((name) => [name, [answer]])),
  });
  await endOf(await start(harness, plan));
  expect(harness.calls(plan)).toHaveLength(7);
  expect(most).toBe(2);
});

test('a failure is the compensation’s own; the workflow ends Failed with the whole result', async () => {
  const plan = harness.play({
    compensations: [
      compensation('a', migrate('vm-1', 'c2', 'c1')),
      compensation('b', migrate('vm-2', 'c2', 'c1')),
    ],
    answers: { b: [refuse] },
  });
  const handle = await start(harness, plan);
  const failure = await failureOf(handle);
  expect(failure.type).toBe('RollbackIncomplete');
  expect(failure.message).toContain('PARTIAL');
  const result = await endOf(handle);
  expect(result).toMatchObject({
    state: 'PARTIAL',
    restored: false,
    counts: { SUCCEEDED: 1, FAILED: 1 },
  });
  expect(byAction(result, 'b').reason).toBe('MigrationFailed: No valid PCI device.');
});

test('a passing fault is tried again, as often as the limits say', async () => {
  let turn = 0;
  const flaky = async () => {
    turn += 1;
    if (turn < 3) throw ApplicationFailure.retryable('503', 'OpenStackUnreachable');
    return DONE;
  };
  const dead = () => {
    throw ApplicationFailure.retryable('Nova answers 503.', 'OpenStackUnreachable');
  };
  const plan = harness.play({
    compensations: [
      compensation('a', migrate('vm-1', 'c2', 'c1')),
      compensation('b', migrate('vm-2', 'c2', 'c1')),
    ],
    answers: { a: [flaky], b: [dead] },
  });
  const result = await endOf(await start(harness, plan));
  expect(byAction(result, 'a').state).toBe('SUCCEEDED');
  expect(byAction(result, 'b')).toMatchObject({
    state: 'FAILED',
    reason: 'OpenStackUnreachable: Nova answers 503.',
  });
  expect(harness.calls(plan).filter((call) => call.action === 'b')).toHaveLength(3);
});

test('after max_failures nothing new is started; what is in flight is let finish', async () => {
  const held = gate();
  const names = ['a', 'b', 'c', 'd'];
  const plan = harness.play({
    limits: { concurrency: 2 },
    compensations: names.map((name) => compensation(name, migrate(name, `from-${name}`, 'c1'))),
    answers: { a: [held.answer], b: [refuse], c: [refuse], d: [refuse] },
  });
  const handle = await start(harness, plan, { options: { max_failures: 2 } });
  await held.entered;
  setTimeout(held.open, 300);
  const result = await endOf(handle);
  expect(
    harness
      .calls(plan)
      .map((call) => call.action)
      .toSorted(),
  ).toEqual(['a', 'b', 'c']);
  expect(result.counts).toEqual({ SUCCEEDED: 1, FAILED: 2, NOT_ATTEMPTED: 1 });
  expect(byAction(result, 'd').reason).toMatch(/max_failures/);
});

test('blocked by the live state: NOT_ATTEMPTED, naming what it waited for', async () => {
  const plan = harness.play({
    compensations: [
      compensation('e', enable('c1'), { action_type: 'change_nova_service_state' }),
      compensation('m', migrate('vm-1', 'c2', 'c1'), { parents: ['e'] }),
    ],
    answers: {
      e: [report({ outcome: 'KEPT', reason: 'disabled for "broken disk"' })],
      m: [report({ outcome: 'BLOCKED', reason: 'compute-1 is disabled', needs: 'c1' })],
    },
  });
  const result = await endOf(await start(harness, plan));
  expect(byAction(result, 'm')).toMatchObject({
    state: 'NOT_ATTEMPTED',
    reason:
      'compute-1 is disabled; it waited for the change_nova_service_state action e, which ended KEPT',
  });
  expect(result.state).toBe('FAILED');
});

test('no room: again once something has left the host', async () => {
  const held = gate();
  const plan = harness.play({
    compensations: [
      compensation('in', migrate('vm-1', 'c2', 'c1')),
      compensation('out', migrate('vm-2', 'c1', 'c3')),
    ],
    answers: {
      in: [report({ outcome: 'NO_ROOM', reason: 'No valid host was found.' }), DONE],
      out: [held.answer],
    },
  });
  const handle = await start(harness, plan);
  await held.entered;
  setTimeout(held.open, 300);
  expect((await endOf(handle)).state).toBe('SUCCEEDED');
  const order = harness.calls(plan).map((call) => call.action);
  // The first two are started together; activities that are scheduled together reach a worker in any order.
  expect(order.slice(0, 2).toSorted()).toEqual(['in', 'out']);
  expect(order.slice(2)).toEqual(['in']);
});

test('no room and nothing more will leave: FAILED with Nova’s reason', async () => {
  const noRoom = report({ outcome: 'NO_ROOM', reason: 'No valid host was found.' });
  const plan = harness.play({
    compensations: [compensation('in', migrate('vm-1', 'c2', 'c1'))],
    answers: { in: [noRoom] },
  });
  const result = await endOf(await start(harness, plan));
  expect(byAction(result, 'in')).toMatchObject({ state: 'FAILED' });
  expect(byAction(result, 'in').reason).toMatch(/^NoRoom: No valid host was found\./);
});

test('no room on a host that this rollback enabled: a bounded number of passes', async () => {
  const noRoom = report({ outcome: 'NO_ROOM', reason: 'No valid host was found.' });
  const plan = harness.play({
    compensations: [
      compensation('e', enable('c1')),
      compensation('in', migrate('vm-1', 'c2', 'c1'), { parents: ['e'] }),
    ],
    answers: { in: [noRoom] },
  });
  const result = await endOf(await start(harness, plan));
  expect(byAction(result, 'in').state).toBe('FAILED');
  // The first pass and room_passes more.
  const passes = harness.calls(plan).filter((call) => call.action === 'in');
  expect(passes.map(({ again }) => again)).toEqual([undefined, true, true, true]);
});

test('a server that was stopped meanwhile goes the other way', async () => {
  const plan = harness.play({
    compensations: [compensation('a', migrate('vm-1', 'c2', 'c1'))],
    answers: {
      a: [report({ outcome: 'OTHER_WAY', reason: 'vm-1 is SHUTOFF', kind: 'cold_migrate' }), DONE],
    },
  });
  const result = await endOf(await start(harness, plan));
  expect(harness.calls(plan).map((call) => call.activity)).toEqual([
    'liveMigrateServer',
    'coldMigrateServer',
  ]);
  expect(harness.calls(plan).map(({ again }) => again)).toEqual([undefined, true]);
  expect(byAction(result, 'a')).toMatchObject({ state: 'SUCCEEDED', kind: 'cold_migrate' });
});

test('what cannot come back is not called restored, even where the rest of it did', async () => {
  const residue = 'the flavor before is not in the plan';
  const plan = harness.play({
    compensations: [compensation('r', migrate('vm-1', 'c2', 'c1'), { residue })],
  });
  const result = await endOf(await start(harness, plan));
  expect(byAction(result, 'r').state).toBe('NOT_REVERSIBLE');
  expect(byAction(result, 'r').reason).toMatch(/^the flavor before is not in the plan; /);
  expect(result.restored).toBe(false);
});

test('the last read finds what somebody changed since', async () => {
  const plan = harness.play({
    compensations: [
      longAgo(compensation('a', migrate('vm-1', 'c2', 'c1'))),
      longAgo(compensation('b', migrate('vm-2', 'c2', 'c1'))),
      compensation('c', migrate('vm-3', 'c2', 'c1')),
    ],
    verify: (input) => {
      expect(input.compensations.map((one) => one.action_uuid)).toEqual(['a', 'b']);
      return {
        differing: [{ action_uuid: 'b', now: { host: 'c3' }, reason: 'now on c3' }],
        verified_at: new Date().toISOString(),
      };
    },
  });
  const result = await endOf(await start(harness, plan));
  expect(result.state).toBe('PARTIAL');
  expect(byAction(result, 'b')).toMatchObject({ state: 'KEPT', now: { host: 'c3' } });
  expect(byAction(result, 'b').reason).toMatch(/changed by somebody since: now on c3/);
});

test('a plan with nothing to do ends at once, all SKIPPED', async () => {
  const plan = harness.play({ compensations: [compensation('n', null), compensation('s', null)] });
  const result = await endOf(await start(harness, plan));
  expect(result).toMatchObject({ state: 'SUCCEEDED', counts: { SKIPPED: 2 } });
  expect(harness.calls(plan)).toEqual([]);
});
