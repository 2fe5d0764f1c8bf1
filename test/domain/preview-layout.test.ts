import type { OtherPlan } from '../../src/domain/facts.js';
import { completeOptions } from '../../src/domain/options.js';
import { newerPlansOf } from '../../src/domain/preview-layout.js';
import { at, facts, migrate, server } from './facts-builder.js';

const OPTIONS = completeOptions({}, 3600);

/** Plans that moved the same servers again. */
function newerPlans(servers: number, plans: number): ReturnType<typeof newerPlansOf> {
  const ids = Array.from({ length: servers }, (_, index) => `vm-${index}`);
  const others = Array.from({ length: plans }, (_, index): OtherPlan => ({
    plan: {
      uuid: `plan-${index}`,
      state: 'SUCCEEDED',
      strategyName: null,
      createdAt: at(300),
      updatedAt: at(400),
    },
    actions: ids.map((id) => migrate(id, 'b', 'c', { updatedAt: at(400) })),
  }));
  const ours = facts({
    actions: ids.map((id) => migrate(id, 'a', 'b')),
    servers: ids.map((id) => server(id, 'c')),
    otherPlans: others,
  });
  return newerPlansOf(ours, OPTIONS);
}

test('a newer plan is told with what both touched', () => {
  const resources = ['server vm-0', 'server vm-1'];
  expect(newerPlans(2, 1)).toEqual([{ uuid: 'plan-0', state: 'SUCCEEDED', resources }]);
});

test('of large newer plans the first hundred resources are told, and how many there are', () => {
  const [plan] = newerPlans(150, 1);
  expect(plan?.resources).toHaveLength(101);
  expect(plan?.resources.at(-1)).toBe('50 more');
});

test('of many newer plans every one is told, and of all no more than a few thousand resources', () => {
  const plans = newerPlans(150, 30);
  expect(plans).toHaveLength(30);
  expect(plans.flatMap(({ resources }) => resources).length).toBeLessThan(2100);
  expect(plans.at(-1)?.resources).toEqual(['150 more']);
});
