/** What the streams of many plans leave behind when they go. */
import { EventHub } from '../../src/api/events/hub.js';
import { rollbackResult } from './support.js';

const nobody = { send: (): void => undefined, end: (): void => undefined };
const running = (plan: string) => ({ ...rollbackResult('ONGOING'), action_plan_uuid: plan });

test('streams that come and go leave no more pollers behind than there may be streams', async () => {
  const STREAMS_MAX = 3;
  const read: string[] = [];
  const hub = new EventHub({
    streamsMax: STREAMS_MAX,
    timing: { pollMs: 20, retryMs: 20, lingerMs: 60_000 },
    read: (plan) => {
      read.push(plan);
      return Promise.resolve(running(plan));
    },
  });
  hub.claim();
  hub.subscribe(running('watched'), nobody, null);
  for (let plan = 0; plan < 50; plan += 1) {
    const giveBack = hub.claim();
    hub.subscribe(running(`plan-${plan}`), nobody, null)();
    giveBack();
  }
  await new Promise((resolve) => setTimeout(resolve, 100));
  hub.close();
  // The one with a stream, and the latest that may be asked for again.
  expect([...new Set(read)].toSorted()).toEqual(['plan-48', 'plan-49', 'watched']);
});
