/** The demo's verdict: every field counts, and each difference is said in a sentence. */
import * as fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { differences } from '../../src/demo/differences.js';
import type { CloudSnapshot } from '../../src/simulated-cloud/types.js';
import { maintained, snapshot } from './snapshots.js';

test('nothing differs from itself', () => {
  expect(differences(snapshot(), snapshot())).toEqual([]);
});

test('what a plan changed, by name', () => {
  expect(differences(snapshot(), maintained())).toEqual([
    'server vm-10: host was compute-1, is compute-2.',
    'nova-compute of compute-1: status was enabled, is disabled.',
    'nova-compute of compute-1: disabledReason was none, is why.',
  ]);
});

test('what is gone and what is new', () => {
  const now = snapshot();
  delete now.servers['s-3'];
  now.nodes['n-9'] = { name: 'stranger', powerState: null };
  expect(differences(snapshot(), now)).toEqual([
    'server vm-3 is gone.',
    'node stranger was not there before.',
  ]);
});

const field = fc.constantFrom('a', 'b');
const snapshots: fc.Arbitrary<CloudSnapshot> = fc.record({
  servers: fc.dictionary(
    field,
    fc.record({ name: field, host: fc.option(field), status: field, flavor: field }),
  ),
  services: fc.dictionary(
    field,
    fc.record({ status: field, disabledReason: fc.option(field), state: field }),
  ),
  nodes: fc.dictionary(field, fc.record({ name: field, powerState: fc.option(field) })),
});

test('no sentence exactly where the two are deeply equal', () => {
  fc.assert(
    fc.property(snapshots, snapshots, (a, b) => {
      expect(differences(a, b).length === 0).toBe(isDeepStrictEqual(a, b));
    }),
  );
});
