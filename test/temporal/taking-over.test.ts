/** A rollback that answers null: whether it is still taking over, has ended meanwhile, or is none yet. */
import { Executions } from '../../src/temporal/executions.js';
import { goesOnInNewRun, untilKnown } from '../../src/temporal/taking-over.js';
import { REFUSED } from '../../workflows/search-attributes.js';

const never = (): Promise<never> => Promise.reject(new Error('not to be asked'));
const silent = goesOnInNewRun;
const PAUSE_MS = 0;

test('known at a later look: nobody asks whether it goes on', async () => {
  const answers = [null, null, 'known'];
  const query = (): Promise<string | null> => Promise.resolve(answers.shift() ?? null);
  expect(await untilKnown({ query, goesOn: never, silent }, PAUSE_MS)).toBe('known');
});

test('silent although it goes on: an error that says so', async () => {
  const query = (): Promise<null> => Promise.resolve(null);
  const asked = { query, goesOn: () => Promise.resolve(true), silent };
  await expect(untilKnown(asked, PAUSE_MS)).rejects.toMatchObject({ type: 'NoWorker' });
});

test('it has taken over and ended since it was last asked: what it ended with', async () => {
  let ended = false;
  const query = (): Promise<string | null> => Promise.resolve(ended ? 'its end' : null);
  const goesOn = (): Promise<boolean> => {
    ended = true;
    return Promise.resolve(false);
  };
  expect(await untilKnown({ query, goesOn, silent }, PAUSE_MS)).toBe('its end');
});

test.each([
  ['RUNNING', 'ONGOING', true],
  // A run that has just begun, in place of one that has ended: it is no rollback yet.
  ['RUNNING', undefined, false],
  ['RUNNING', REFUSED, false],
  ['TERMINATED', 'ONGOING', false],
])('a latest run that is %s, its state %s: goes on: %s', async (name, state, goesOn) => {
  const describe = (): Promise<unknown> =>
    Promise.resolve({ status: { name }, typedSearchAttributes: { get: () => state } });
  const client = {
    withDeadline: (_deadline: number, call: () => Promise<unknown>) => call(),
    workflow: { getHandle: () => ({ describe }) },
  };
  expect(await new Executions(client as never).goesOn('a workflow')).toBe(goesOn);
});
