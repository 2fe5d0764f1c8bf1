/**
 * Follows a rollback to its end: over the event stream where the service has one, else by looking again and again. An
 * outage is waited out, within a bound; the rollback itself does not care whether anybody watches.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventSourceMessage } from 'eventsource-parser';
import { compensationSchema, historySchema, type ResultAnswer, resultSchema } from './answers.js';
import { hasEnded } from './exit-codes.js';
import { Problem } from './problem.js';
import type { ServiceApi } from './service-api.js';

export interface FollowOptions {
  api: Pick<ServiceApi, 'events' | 'result'>;
  first: ResultAnswer;
  /** Aborted where the waiting is to end before the rollback does. */
  signal: AbortSignal;
  onChange: (result: ResultAnswer) => void;
  /** A sentence for the person who waits. */
  onNote: (sentence: string) => void;
  pace?: Partial<Pace>;
}

export interface Pace {
  /** Between two looks, and before the stream is opened again. */
  pauseMs: number;
  pauseMaxMs: number;
  /** Without any answer for so long, the waiting is given up. */
  patienceMs: number;
}
const PACE: Pace = { pauseMs: 500, pauseMaxMs: 5_000, patienceMs: 300_000 };

/** Statuses with which an older service, or a proxy, says that it has no event stream (or none left). */
const NO_STREAM = [404, 405, 406, 429, 501];

/** The result at its end. Throws Problem (with what is known in `latest`), or the signal's reason. */
export async function follow(options: FollowOptions): Promise<ResultAnswer> {
  const { signal, onNote } = options;
  const pace = { ...PACE, ...options.pace };
  const watch = new Watch(options);
  let pause = pace.pauseMs;
  let goodAt = performance.now();
  let away = false;
  while (!hasEnded(watch.latest.state)) {
    try {
      const changed = await watch.look(() => {
        goodAt = performance.now();
        if (away) onNote('The service is there again.');
        away = false;
      });
      pause = changed ? pace.pauseMs : Math.min(pause * 2, pace.pauseMaxMs);
    } catch (error) {
      signal.throwIfAborted();
      if (!isOutage(error) || performance.now() - goodAt > pace.patienceMs) throw error;
      if (!away) onNote(`${error.message} Still waiting; the rollback goes on meanwhile.`);
      away = true;
      pause = Math.min(pause * 2, pace.pauseMaxMs);
    }
    if (!hasEnded(watch.latest.state)) await pausing(pause, signal);
  }
  return watch.latest;
}

async function pausing(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}

function isOutage(error: unknown): error is Problem {
  return error instanceof Problem && error.exit === 'unreachable';
}

/** What is known of the rollback, kept up to date by events or by looks. */
class Watch {
  latest: ResultAnswer;
  private streaming = true;
  private lastEventId: string | null = null;

  constructor(private readonly options: FollowOptions) {
    this.latest = options.first;
  }

  /** One stream to its close, or one look; whether anything was new. */
  async look(onAnswer: () => void): Promise<boolean> {
    const before = this.latest;
    if (this.streaming) await this.stream(onAnswer);
    else this.take(await this.options.api.result(before.action_plan_uuid, this.options.signal));
    onAnswer();
    return JSON.stringify(before) !== JSON.stringify(this.latest);
  }

  private async stream(onAnswer: () => void): Promise<void> {
    const { api, signal } = this.options;
    let any = false;
    try {
      const events = api.events(this.latest.action_plan_uuid, this.lastEventId, signal);
      for await (const event of events) {
        any = true;
        onAnswer();
        this.apply(event);
        if (hasEnded(this.latest.state)) return;
      }
      // Nothing comes after what was seen last, and it was no end: the next stream begins with the whole result.
      if (!any) this.lastEventId = null;
    } catch (error) {
      const status = error instanceof Problem ? error.status : null;
      if (status === null || !NO_STREAM.includes(status)) throw error;
      this.streaming = false;
    }
  }

  private apply({ id, event, data }: EventSourceMessage): void {
    if (id !== undefined) this.lastEventId = id;
    const value = parsed(data);
    if (event === 'result' || event === 'end') {
      const whole = resultSchema.safeParse(value);
      if (whole.success) this.take(whole.data);
    } else if (event === 'compensation') {
      const one = compensationSchema.safeParse(value);
      if (one.success) this.take(withCompensation(this.latest, one.data));
    } else if (event === 'history') {
      const entry = historySchema.safeParse(value);
      if (entry.success)
        this.take({ ...this.latest, history: [...this.latest.history, entry.data] });
    }
  }

  private take(result: ResultAnswer): void {
    this.latest = result;
    this.options.onChange(result);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

type Compensation = ResultAnswer['compensations'][number];

/** A truncated result does not hold all of them: then one comes in, and the next whole result sets the counts right. */
function withCompensation(result: ResultAnswer, changed: Compensation): ResultAnswer {
  const old = result.compensations.find((one) => one.action_uuid === changed.action_uuid);
  const compensations =
    old === undefined
      ? [...result.compensations, changed]
      : result.compensations.map((one) => (one === old ? changed : one));
  const counts = { ...result.counts };
  if (old !== undefined) {
    counts[old.state] = Math.max(0, (counts[old.state] ?? 0) - 1);
    counts[changed.state] = (counts[changed.state] ?? 0) + 1;
  }
  return { ...result, compensations, counts };
}
