/** Properties of every layout: no cycle, each action once, home again whatever the order, nothing left to do then. */
import * as fc from 'fast-check';
import { layOut } from '../../src/domain/layout.js';
import type { LaidOutCompensation } from '../../src/domain/layout-types.js';
import type { Facts } from '../../src/domain/facts.js';
import { options } from './facts-builder.js';
import { ModelCloud, type ModelHost, type ModelServer, type Wish } from './model-cloud.js';

const RUNS = 1000;

const wish: fc.Arbitrary<Wish> = fc.record({
  type: fc.constantFrom(
    'migrate',
    'migrate',
    'migrate',
    'resize',
    'stop',
    'enable',
    'disable',
    'on',
    'off',
    'nop',
  ),
  server: fc.nat(7),
  host: fc.nat(7),
  fate: fc.oneof(
    { weight: 12, arbitrary: fc.constant('good' as const) },
    { weight: 3, arbitrary: fc.constantFrom('failed', 'gave-up', 'left-unconfirmed') },
  ),
  naming: fc.constantFrom('service', 'uuid', 'fqdn', 'none'),
});

const cloud = fc
  .tuple(
    fc.array(fc.record({ enabled: fc.boolean(), on: fc.constantFrom(true, true, false) }), {
      minLength: 2,
      maxLength: 5,
    }),
    fc.array(
      fc.record({ host: fc.nat(7), status: fc.constantFrom('ACTIVE', 'SHUTOFF', 'PAUSED') }),
      { minLength: 1, maxLength: 6 },
    ),
  )
  .map(([hosts, servers]): { hosts: ModelHost[]; servers: ModelServer[] } => ({
    // Host 0 is always good, and servers begin on hosts that are: there they can come home.
    hosts: hosts.map((one, index) => {
      const isGood = index === 0 || (one.enabled && one.on);
      return {
        name: `h${index}`,
        enabled: isGood,
        reason: isGood ? null : 'spare',
        on: index === 0 || one.on,
      };
    }),
    servers: servers.map((one, index) => {
      const good = hosts.flatMap(({ enabled, on }, at_) =>
        at_ === 0 || (enabled && on) ? [at_] : [],
      );
      return {
        id: `vm-${index}`,
        host: `h${good[one.host % good.length] ?? 0}`,
        status: one.status,
        flavor: 'm1.small',
      };
    }),
  }));

function plan(facts_: Facts): LaidOutCompensation[] {
  const layout = layOut(facts_, options());
  if ('refusal' in layout) {
    if (layout.refusal.type === 'PlanNeverStarted') return [];
    throw new Error(layout.refusal.message);
  }
  return layout.compensations;
}

/** One of the orders that the edges allow, chosen by `random`. Throws on a cycle. */
function someOrder(
  compensations: LaidOutCompensation[],
  random: () => number,
): LaidOutCompensation[] {
  const left = compensations.filter(({ work }) => work !== null);
  const open = new Set(left.map(({ action_uuid }) => action_uuid));
  const order: LaidOutCompensation[] = [];
  while (left.length > 0) {
    const ready = left.filter(({ parents }) => parents.every((parent) => !open.has(parent)));
    const chosen = ready[Math.floor(random() * ready.length)];
    if (chosen === undefined) throw new Error('cycle');
    order.push(chosen);
    open.delete(chosen.action_uuid);
    left.splice(left.indexOf(chosen), 1);
  }
  return order;
}

test('any plan on a model cloud: home again in any order that the edges allow, and nothing to do then', () => {
  let restored = 0;
  let compared = 0;
  fc.assert(
    fc.property(
      cloud,
      fc.array(wish, { minLength: 1, maxLength: 24, size: 'max' }),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      (start, wishes, chance) => {
        const model = new ModelCloud(start.hosts, start.servers);
        const before = model.snapshot();
        for (const one of wishes) model.apply(one);
        const compensations = plan(model.facts());
        const random = (): number => chance.next().value as number;
        // What a compensation that brings nothing about stands in the way of may fail, and so may what waits on that;
        // nothing else may.
        const blockers = new Set(
          compensations
            .filter(({ state }) => state === 'KEPT' || state === 'NOT_REVERSIBLE')
            .map(({ action_uuid }) => action_uuid),
        );
        for (const { work, parents, action_uuid } of someOrder(compensations, random)) {
          if (work === null) continue;
          if (!parents.some((parent) => blockers.has(parent))) {
            model.execute(work);
            restored += 1;
          } else if (!model.tryToExecute(work)) {
            blockers.add(action_uuid);
          }
        }
        const isReversible = compensations.every(
          ({ state, reason }) => state !== 'NOT_REVERSIBLE' || reason?.includes('flavor') === true,
        );
        if (isReversible) {
          compared += 1;
          expect(model.snapshot()).toBe(before);
        }
        const again = plan(model.facts()).filter(({ action_uuid }) => !blockers.has(action_uuid));
        expect(again.filter(({ work }) => work !== null)).toEqual([]);
      },
    ),
    { numRuns: RUNS },
  );
  expect(restored).toBeGreaterThan(RUNS);
  expect(compared).toBeGreaterThan(0.5 * RUNS);
});
