/** Which plans may be rolled back, and what a refusal says. */
import { executionEnd, refusePlan, type PlanToJudge } from '../../src/domain/acceptance.js';
import { isFailureType } from '../../src/domain/failures.js';
import { at } from './facts-builder.js';

const plan = (given: Partial<PlanToJudge> = {}): PlanToJudge => ({
  planUuid: 'p',
  planState: 'SUCCEEDED',
  actionStates: { SUCCEEDED: 3 },
  endedAt: at(0),
  requestedAt: at(60),
  maxAge: 3600,
  maxAgeCeiling: 604_800,
  resumed: false,
  ...given,
});

test.each(['SUCCEEDED', 'FAILED', 'CANCELLED'])('a %s plan is accepted', (planState) => {
  expect(refusePlan(plan({ planState }))).toBeNull();
});

test.each([
  ['RECOMMENDED', 'never applied'],
  ['PENDING', 'wait for its end, or cancel it'],
  ['ONGOING', 'wait for its end, or cancel it'],
  ['CANCELLING', 'wait until it is CANCELLED'],
  ['SUPERSEDED', 'a newer plan replaced it'],
  ['DELETED', 'deleted'],
  ['SOMETHING_NEW', 'only a plan that is finished'],
])('a plan that is %s is refused, naming the state and what to do', (planState, advice) => {
  const refusal = refusePlan(plan({ planState }));
  expect(refusal?.type).toBe('PlanNotFinished');
  expect(refusal?.message).toContain(planState);
  expect(refusal?.message).toContain(advice);
});

test.each([{ PENDING: 2, SKIPPED: 1 }, { SKIPPED: 1 }, {}, { SUCCEEDED: 0, PENDING: 4 }])(
  'a plan of which no action ever started is refused: %j',
  (actionStates) => {
    const refusal = refusePlan(plan({ planState: 'FAILED', actionStates }));
    expect(refusal?.type).toBe('PlanNeverStarted');
    expect(refusal?.message).toContain('FAILED');
  },
);

test.each(['SUCCEEDED', 'FAILED', 'ONGOING', 'CANCELLING', 'CANCELLED'])(
  'one action that is %s is enough',
  (state) => {
    expect(refusePlan(plan({ actionStates: { PENDING: 4, [state]: 1 } }))).toBeNull();
  },
);

describe('age', () => {
  test('up to the limit, included', () => {
    expect(refusePlan(plan({ requestedAt: at(3600) }))).toBeNull();
    expect(refusePlan(plan({ requestedAt: at(3601) }))?.type).toBe('PlanTooOld');
  });
  test('the refusal says the age, the limit and how to go beyond', () => {
    const message = refusePlan(plan({ requestedAt: at(11_100) }))?.message;
    expect(message).toContain('3 h 5 min (11100 s)');
    expect(message).toContain('1 h (3600 s)');
    expect(message).toContain('max_age, up to 7 d (604800 s)');
    expect(message).toContain('ROLLBACK_MAX_AGE');
  });
  test('beyond the ceiling only an administrator can help', () => {
    const old = refusePlan(plan({ requestedAt: at(700_000), maxAge: 604_800 }));
    expect(old?.message).toContain('ROLLBACK_MAX_AGE_CEILING');
    expect(old?.message).not.toContain('Ask with');
  });
  test('max_age never lifts the ceiling', () => {
    const request = plan({ maxAge: 10_000, maxAgeCeiling: 100, requestedAt: at(200) });
    expect(refusePlan(request)?.type).toBe('PlanTooOld');
  });
  test('taking up again is exempt from max_age, up to the ceiling', () => {
    expect(refusePlan(plan({ requestedAt: at(600_000), resumed: true }))).toBeNull();
    expect(refusePlan(plan({ requestedAt: at(700_000), resumed: true }))?.type).toBe('PlanTooOld');
  });
  test('a clock behind the other is no age', () => {
    expect(refusePlan(plan({ requestedAt: at(-5), maxAge: 0 }))).toBeNull();
  });
  test('an age that is not known is not young', () => {
    expect(refusePlan(plan({ endedAt: 'soon' }))?.type).toBe('PlanTooOld');
  });
  test('refusal types are known to the API', () => {
    for (const one of [plan({ planState: 'X' }), plan({ actionStates: {} }), plan({ endedAt: '' })])
      expect(isFailureType(refusePlan(one)?.type)).toBe(true);
  });
});

describe('end of execution', () => {
  const times = { createdAt: at(0), updatedAt: at(900) };
  test.each(['SUCCEEDED', 'FAILED', 'ONGOING', 'CANCELLING'])('counts what is %s', (state) => {
    const actions = [
      { state, updatedAt: at(40) },
      { state, updatedAt: at(70) },
      { state, updatedAt: at(50) },
    ];
    expect(executionEnd(times, actions)).toBe(at(70));
  });
  test('not what is CANCELLED, PENDING or SKIPPED: a restart of the applier touches them days later', () => {
    const late = ['CANCELLED', 'PENDING', 'SKIPPED'].map((state) => ({
      state,
      updatedAt: at(800),
    }));
    expect(executionEnd(times, [{ state: 'SUCCEEDED', updatedAt: at(40) }, ...late])).toBe(at(40));
    expect(executionEnd(times, late)).toBe(at(900));
  });
  test("else the plan's updated_at, else created_at", () => {
    expect(executionEnd(times, [])).toBe(at(900));
    expect(
      executionEnd({ createdAt: at(0), updatedAt: null }, [
        { state: 'SUCCEEDED', updatedAt: null },
      ]),
    ).toBe(at(0));
  });
});
