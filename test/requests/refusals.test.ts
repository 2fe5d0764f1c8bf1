/** A workflow can be started past the API: the worker refuses what the API refuses, in the same words, and takes the rest. */
import { checkRequest } from '../../activities/request-schema.js';
import { readBody } from '../../src/api/input.js';
import { rollbackBodySchema } from '../../src/api/schemas/requests.js';
import { LIMITS, REQUEST } from '../workflows/harness.js';

const PLAN = '0A1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';
const ACTION = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';

const atTheApi = (options: unknown) =>
  readBody(options, rollbackBodySchema(LIMITS.max_age_ceiling), 'rollback');
const atTheWorker = (options: unknown) =>
  checkRequest({ action_plan_uuid: PLAN, request: { ...REQUEST, options } }, LIMITS);

function refusal(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'taken';
}

test.each([
  [{ max_age: '1h' }],
  [{ max_age: 0 }],
  [{ max_age: 1.5 }],
  [{ max_age: -1 }],
  [{ max_age: 604_801 }],
  [{ max_age: null }],
  [{ on_drift: 'ask' }],
  [{ hosts: true }],
  [{ allow_cold: 'yes' }],
  [{ abort_stuck: 'yes' }],
  [{ max_failures: 0 }],
  [{ max_failures: 1.5 }],
  [{ max_failures: 10_001 }],
  [{ actions: 'all' }],
  [{ actions: [] }],
  [{ actions: ['x'] }],
  [{ actions: Array.from({ length: 1001 }, () => ACTION) }],
  [{ max_age: 0, hosts: 'all' }],
])('%j', (options) => {
  const sentence = refusal(() => atTheApi(options));
  expect(sentence).toMatch(/^Invalid input for field\/attribute .* Expected /);
  expect(refusal(() => atTheWorker(options))).toBe(sentence);
});

test('what is taken means the same: in lower case, with the defaults filled in', () => {
  const options = { max_age: 60, actions: [ACTION.toUpperCase()], allow_cold: true };
  expect(atTheApi(options)).toEqual({ ...options, actions: [ACTION] });
  expect(atTheWorker(options)).toEqual({
    planUuid: PLAN.toLowerCase(),
    options: {
      ...options,
      actions: [ACTION],
      on_drift: 'keep',
      hosts: 'restore',
      abort_stuck: false,
      max_failures: 10,
    },
  });
});

test('each ceiling is held to, whatever another worker of the process was held to before', () => {
  const input = { action_plan_uuid: PLAN, request: { ...REQUEST, options: { max_age: 7200 } } };
  const under = (ceiling: number) => () =>
    checkRequest(input, { ...LIMITS, max_age_ceiling: ceiling });
  expect(refusal(under(7200))).toBe('taken');
  expect(refusal(under(7199))).toMatch(/from 1 to 7199/);
  expect(refusal(under(7200))).toBe('taken');
});
