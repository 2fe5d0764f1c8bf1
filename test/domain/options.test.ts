import {
  completeOptions,
  differingOptions,
  type RollbackOptions,
} from '../../src/domain/options.js';

const options = completeOptions({}, 3600);

test('every option that differs is named', () => {
  const other: RollbackOptions = {
    max_age: 1,
    on_drift: 'fail',
    hosts: 'keep',
    allow_cold: true,
    abort_stuck: true,
    max_failures: 1,
    actions: ['a'],
  };
  expect(differingOptions(options, other)).toEqual(Object.keys(other));
  expect(differingOptions(options, { ...options })).toEqual([]);
});

test('a rollback that an older version has accepted does not abort, and does not differ by that', () => {
  const { abort_stuck: _, ...old } = options;
  expect(differingOptions(options, old)).toEqual([]);
  expect(differingOptions({ ...options, abort_stuck: true }, old)).toEqual(['abort_stuck']);
});
