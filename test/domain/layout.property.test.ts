/** Properties of every layout: no cycle, each action once, home again whatever the order, nothing left to do then. */
import * as fc from 'fast-check';
import { layOut } from '../../src/domain/layout.js';
import type { CompensationWork, LaidOutCompensation } from '../../src/domain/layout-types.js';
import type { Facts } from '../../src/domain/facts.js';
import { at, facts, host, migrate, node, options, PLAN, record, server } from './facts-builder.js';
import { ModelCloud, type ModelHost, type ModelServer, type Wish } from './model-cloud.js';

const RUNS = 500;

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

const name = fc.constantFrom(
  'a',
  'b',
  'hypervisor-a',
  'b.example.org',
  'gone',
  'vm-0',
  'vm-1',
  'n-0',
);
const time = fc.integer({ min: -50, max: 300 }).map(at);
const garbage = fc.oneof(
  name,
  fc.anything(),
  fc.constantFrom('on', 'off', 'enabled', 'disabled', 'up'),
);

/** Actions that no planner would make, with parameters of any shape, over a cloud in any state. */
const strangeFacts = fc
  .record({
    actions: fc.array(
      fc.record({
        type: fc.constantFrom(
          'migrate',
          'resize',
          'stop',
          'change_nova_service_state',
          'change_node_power_state',
          'volume_migrate',
          'nop',
          'sleep',
          'other',
          '__proto__',
        ),
        state: fc.constantFrom(
          'SUCCEEDED',
          'SUCCEEDED',
          'FAILED',
          'CANCELLED',
          'CANCELLING',
          'ONGOING',
          'PENDING',
          'SKIPPED',
          'DELETED',
          'ODD',
        ),
        parameters: fc.oneof(
          {
            weight: 5,
            arbitrary: fc.record(
              {
                resource_id: name,
                source_node: name,
                destination_node: name,
                state: fc.constantFrom('on', 'off', 'enabled', 'disabled'),
                flavor: name,
                disabled_reason: fc.constantFrom('r', 's'),
              },
              { requiredKeys: [] },
            ),
          },
          {
            weight: 1,
            arbitrary: fc.dictionary(
              fc.constantFrom('resource_id', 'state', 'source_node', 'flavor'),
              garbage,
            ),
          },
          { weight: 1, arbitrary: fc.anything() },
        ),
        parents: fc.array(
          fc.nat(12).map((index) => `x-${index}`),
          { maxLength: 3 },
        ),
        updatedAt: fc.option(time),
      }),
      { maxLength: 12 },
    ),
    servers: fc.uniqueArray(
      fc.record({
        id: fc.constantFrom('vm-0', 'vm-1', 'a'),
        on: fc.option(fc.constantFrom('a', 'b', 'gone')),
        status: fc.constantFrom(
          'ACTIVE',
          'SHUTOFF',
          'VERIFY_RESIZE',
          'MIGRATING',
          'SHELVED',
          'ODD',
        ),
        locked: fc.constantFrom(false, false, false, true),
      }),
      { selector: ({ id }) => id },
    ),
    migrations: fc.array(
      fc.record({
        serverId: fc.constantFrom('vm-0', 'vm-1'),
        from: fc.constantFrom('a', 'b', 'gone'),
        to: fc.option(fc.constantFrom('a', 'b', 'gone')),
        status: fc.constantFrom(
          'completed',
          'finished',
          'confirmed',
          'error',
          'running',
          'reverted',
          'odd',
        ),
        createdAt: time,
      }),
      { maxLength: 8 },
    ),
    status: fc.constantFrom('enabled', 'disabled'),
    policy: fc.constantFrom('keep', 'restore', 'fail'),
  })
  .map((it) => ({
    policy: it.policy,
    facts: facts({
      actions: it.actions.map((one, index) => ({
        ...one,
        uuid: `x-${index}`,
        planUuid: PLAN,
        createdAt: at(0),
        parameters: one.parameters as Record<string, unknown>,
      })),
      servers: it.servers.map(({ id, on, status, locked }) => server(id, on, { status, locked })),
      migrations: it.migrations.map(({ serverId, from, to, status, createdAt }, index) =>
        record(index + 1, serverId, from, to, { status, createdAt, updatedAt: null }),
      ),
      hosts: [host('a', { status: it.status, disabledReason: 'r' }), host('b')],
      nodes: [node('n-0', { hypervisorId: 'hypervisor-a', powerState: 'power off' }), node('vm-0')],
    }),
  }));

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

test('any plan at all: no crash, no cycle, every action once, in order, complete', () => {
  fc.assert(
    fc.property(strangeFacts, fc.double({ min: 0, max: 0.999, noNaN: true }), (it, chance) => {
      const layout = layOut(it.facts, options({ on_drift: it.policy }));
      if ('refusal' in layout) {
        expect(layout.refusal.type).toBe('DriftFound');
        return;
      }
      const { compensations } = layout;
      const ids = compensations.map(({ action_uuid }) => action_uuid);
      expect(ids).toEqual(it.facts.actions.map(({ uuid }) => uuid));
      const works = compensations.filter(({ work }) => work !== null);
      expect(someOrder(compensations, () => chance)).toHaveLength(works.length);
      const properties = works.map(({ work }) => propertyOfWork(work!));
      expect(new Set(properties).size).toBe(properties.length);
      for (const { state, work, kind, reason, parents } of compensations) {
        expect(state === 'PENDING').toBe(work !== null);
        expect(kind).toBe(work?.kind ?? null);
        if (state !== 'PENDING') expect(reason).toMatch(/\S.*\.$/s);
        expect(parents.every((parent) => ids.includes(parent))).toBe(true);
        expect(new Set(parents).size).toBe(parents.length);
        if (work !== null && 'from' in work) expect(['a', 'b']).toContain(work.to);
      }
    }),
    { numRuns: RUNS },
  );
});

function propertyOfWork(work: CompensationWork): string {
  switch (work.kind) {
    case 'set_node_power':
      return `node ${work.nodeId}`;
    case 'set_service_status':
      return `service ${work.host}`;
    case 'live_migrate':
    case 'cold_migrate':
      return `host ${work.serverId}`;
    case 'revert_resize':
    case 'start_server':
      return `${work.kind} ${work.serverId}`;
    default:
      return work satisfies never;
  }
}

describe('10,000 actions', () => {
  const COUNT = 10_000;
  const range = Array.from({ length: COUNT }, (_, index) => index);
  const hosts = Array.from({ length: 100 }, (_, index) => host(`h${index}`));

  test.each([
    ['of one server each', (index: number) => `vm-${index}`, (index: number) => at(index)],
    ['all of one server', () => 'vm-0', (index: number) => at(index)],
    ['all of one server, in one second', () => 'vm-0', () => at(50)],
  ])('%s are laid out, each once', (_, serverOf, end) => {
    const given = facts({
      hosts,
      actions: range.map((index) =>
        migrate(serverOf(index), `h${index % 100}`, `h${(index + 1) % 100}`, {
          uuid: `x-${index}`,
          updatedAt: end(index),
        }),
      ),
      servers: [...new Set(range.map(serverOf))].map((id) => server(id, 'h1')),
      migrations: range.map((index) =>
        record(index + 1, serverOf(index), `h${index % 100}`, `h${(index + 1) % 100}`, {
          createdAt: end(index),
          updatedAt: end(index),
        }),
      ),
    });
    const layout = layOut(given, options());
    if ('refusal' in layout) throw new Error(layout.refusal.message);
    expect(layout.compensations).toHaveLength(COUNT);
  });
});
