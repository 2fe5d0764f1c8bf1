/** The story in the Web UI is told anew at every step: what that costs must not grow with the plan. */
import type { LaidOutCompensation } from '../../src/domain/layout-types.js';
import type { Outcome } from '../../src/domain/states.js';
import { liveDetails } from '../../workflows/live-details.js';
import { compensation, migrate } from './harness.js';

/** `size` compensations in these states in turn, and how many of them were looked at. */
function record(size: number, states: readonly Outcome[]) {
  const all = Array.from({ length: size }, (_, index) =>
    compensation(`a${index}`, migrate(`vm-${index}`, 'c2', 'c1'), {
      state: states[index % states.length] ?? 'PENDING',
    }),
  );
  let looks = 0;
  const looking = (those: LaidOutCompensation[]): readonly LaidOutCompensation[] =>
    new Proxy(those, {
      get(target, name, receiver) {
        if (typeof name === 'string' && /^\d+$/.test(name)) looks += 1;
        return Reflect.get(target, name, receiver) as unknown;
      },
    });
  const byState = new Map(
    states.map((state) => [state, looking(all.filter((one) => one.state === state))]),
  );
  return {
    looks: () => looks,
    shown: {
      state: 'ONGOING' as const,
      counts: {},
      all: () => looking(all),
      inState: (state: Outcome) => byState.get(state) ?? [],
    },
  };
}

test.each<[string, Outcome[]]>([
  ['much still to do', ['PENDING']],
  ['much in flight', ['ONGOING']],
  ['much FAILED', ['SUCCEEDED', 'FAILED']],
  ['all done', ['SUCCEEDED']],
])('%s of 10,000: only what is shown is looked at', (_, states) => {
  const { shown, looks } = record(10_000, states);
  const text = liveDetails(shown);
  expect(text).toContain('and 9950 more');
  expect(text.match(/vm-/g)).toHaveLength(50);
  expect(looks()).toBeLessThanOrEqual(110);
});

test('what runs comes first, then what failed, then the rest in the order of the plan', () => {
  const states: Outcome[] = ['SUCCEEDED', 'FAILED', 'PENDING', 'NOT_ATTEMPTED', 'ONGOING', 'KEPT'];
  const { shown } = record(6, states);
  expect([...liveDetails(shown).matchAll(/vm-a\d/g)].map(String)).toEqual([
    'vm-a4',
    'vm-a1',
    'vm-a3',
    'vm-a0',
    'vm-a2',
    'vm-a5',
  ]);
});
