/** However many ask at once, Temporal is asked for a few executions at a time, and everybody gets an answer. */
import type { Client } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { Executions } from '../../src/temporal/executions.js';

/** What Executions uses of a client; `describe` takes a turn of the event loop. */
function countingClient(): { client: Client; most: () => number; asked: () => number } {
  const now = { inside: 0, most: 0, asked: 0 };
  const describe = async (): Promise<unknown> => {
    now.asked += 1;
    now.inside += 1;
    now.most = Math.max(now.most, now.inside);
    await sleep(1);
    now.inside -= 1;
    if (now.asked % 7 === 0) throw new Error('Temporal said no');
    return { runId: `run ${now.asked}` };
  };
  const client = {
    withDeadline: (_deadline: number, call: () => Promise<unknown>) => call(),
    workflow: { getHandle: () => ({ describe }) },
  };
  return { client: client as never, most: () => now.most, asked: () => now.asked };
}

test('a thousand at once are looked up thirty-two at a time, also where some fail', async () => {
  const { client, most, asked } = countingClient();
  const executions = new Executions(client);
  const all = Array.from({ length: 1000 }, () => executions.latest('plan'));
  const ends = await Promise.allSettled(all);
  expect(most()).toBe(32);
  expect(asked()).toBe(1000);
  const failed = ends.filter(({ status }) => status === 'rejected').length;
  expect(failed).toBeGreaterThan(0);
  expect(failed).toBeLessThan(1000);
});
