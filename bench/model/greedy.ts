/**
 * What the service would take if nothing but the cloud took time: its own schedule, asked again whenever something has ended, as
 * its workflow does. Event-driven, O(n log n). Knows no clock.
 */
import { Schedule } from '../../src/domain/schedule.js';
import { Events } from './events.js';
import type { ModelBounds } from './lower-bound.js';
import { liveSourceOf, openOnes, type Operation } from './operations.js';
import { SourceQueues } from './source-queues.js';

export interface Span {
  /** Milliseconds from the beginning: when the service starts it … */
  start: number;
  /** … when the cloud begins it: later only where Nova lets it wait … */
  begin: number;
  end: number;
}

export interface GreedyRun {
  makespan: number;
  /** By id, in the order of their starts. */
  spans: Map<string, Span>;
  /** How often the schedule was asked. */
  decisions: number;
}

export interface GreedyOptions {
  /** What decides; the service's own where none is given. */
  schedule?: Pick<Schedule, 'startable' | 'started' | 'finished'>;
  /** After so many starts nothing is started until all have ended, as before a workflow goes on in a new run. */
  drainEvery?: number;
}

/** Throws where something never runs: then the operations wait for one another, or a bound is 0. */
export function runGreedy(
  operations: readonly Operation[],
  bounds: ModelBounds,
  { schedule = new Schedule(operations, bounds), drainEvery = Infinity }: GreedyOptions = {},
): GreedyRun {
  const open = new Map(openOnes(operations).map((one) => [one.action_uuid, one]));
  const nova = new SourceQueues(bounds.liveMigrationsPerSource);
  const ends = new Events<Operation>();
  const spans = new Map<string, Span>();
  let [now, decisions, inFlight, sinceDrain] = [0, 0, 0, 0];
  const begin = (one: Operation): void => {
    const span = spans.get(one.action_uuid);
    if (span === undefined) return;
    span.begin = now;
    span.end = now + one.duration;
    ends.add(span.end, one);
  };
  for (;;) {
    if (inFlight === 0) sinceDrain = 0;
    const isDraining = sinceDrain >= drainEvery;
    if (!isDraining) decisions += 1;
    for (const id of isDraining ? [] : schedule.startable()) {
      const one = open.get(id);
      if (one === undefined) throw new Error(`${id} has nothing to run`);
      schedule.started(id);
      inFlight += 1;
      sinceDrain += 1;
      spans.set(id, { start: now, begin: now, end: now });
      if (nova.enter(liveSourceOf(one), one)) begin(one);
    }
    const next = ends.next;
    if (next === undefined) break;
    now = next;
    // All that ends at the same time is seen together.
    while (ends.next === now) {
      const one = ends.take()?.what;
      if (one === undefined) break;
      schedule.finished(one.action_uuid);
      inFlight -= 1;
      const freed = nova.leave(liveSourceOf(one));
      if (freed !== null) begin(freed);
    }
  }
  if (spans.size < open.size) throw new Error(`${open.size - spans.size} operations never run`);
  return { makespan: now, spans, decisions };
}
