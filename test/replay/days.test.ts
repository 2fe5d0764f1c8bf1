/**
 * A paused rollback goes on after months: a recorded history with a long time put in while it was paused replays. That its own
 * time does not run meanwhile is looked at in test/workflows/time-budget.test.ts: a replay does not compare how long timers are.
 */
import { BUNDLE, ensureBuilt } from '../support/built.js';
import { cases, type History, replayErrors } from './histories.js';

beforeAll(ensureBuilt, 120_000);

const MONTHS_MS = 100 * 86_400_000;

interface TimedEvent {
  eventId: string;
  eventTime: string;
  workflowExecutionUpdateAcceptedEventAttributes?: {
    acceptedRequest?: { input?: { name?: string } };
  };
}

const paused = () => {
  const found = cases().filter(({ scenario }) => scenario === 'paused-long');
  expect(found.length).toBeGreaterThan(0);
  return found;
};

const isUpdate = (event: TimedEvent, name: string): boolean =>
  event.workflowExecutionUpdateAcceptedEventAttributes?.acceptedRequest?.input?.name === name;

/** Everything from the workflow task on in which this event is taken up happens so much later. */
function laterFrom(history: History, first: (events: TimedEvent[]) => number): History {
  const copy = structuredClone(history) as unknown as { events: TimedEvent[] };
  const from = first(copy.events);
  expect(from).toBeGreaterThan(0);
  for (const event of copy.events.slice(from)) {
    event.eventTime = new Date(Date.parse(event.eventTime) + MONTHS_MS).toISOString();
  }
  return copy as unknown as History;
}

/** The task that an event came with: scheduled, started, completed go before it. */
const TASK_EVENTS = 3;

test('months while it is paused change nothing', async () => {
  const aged = paused().map((one) => ({
    ...one,
    history: laterFrom(
      one.history,
      (events) => events.findIndex((event) => isUpdate(event, 'resume')) - TASK_EVENTS,
    ),
  }));
  expect(await replayErrors(BUNDLE, aged)).toEqual([]);
});
