/**
 * How an activity runs and waits: it heartbeats while it does, ends promptly when it is cancelled (a worker that
 * shuts down: the change itself goes on, another worker joins it), and every wait has a limit.
 */
import { setMaxListeners } from 'node:events';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { isTransient } from '../src/openstack/errors.js';
import { Stopped } from './asked-switch.js';
import { cancellation, toFailure, withDetails } from './failures.js';
import type { Kit } from './kit.js';
import type { AttemptDetails, CompensationInput } from './types.js';

/** One attempt of an activity. */
export interface Run {
  signal: AbortSignal;
  /** Temporal's count, from 1. */
  attempt: number;
  /** Whether this or an earlier attempt asked the cloud for the change: then "as wanted" is our doing. */
  asked(): boolean;
  /**
   * Say so before asking, so that a retry after a lost answer knows. Throws where nothing may be asked any more: the rollback
   * is cancelled, or (Stopped) all are stopped. What was asked for before goes on.
   */
  asking(): Promise<void>;
  /** The rollback was cancelled, unlike a worker that shuts down and leaves the rest to another. */
  cancelledByRollback(): boolean;
  /** The service refused the request that `asking` was said before: as if it had not been made. A cancel that came meanwhile holds. */
  notAsked(): void;
}

const LISTENERS_MAX = 200;

/** setTimeout takes no longer ones. */
const TIMER_MAX_MS = 2 ** 31 - 1;
/**
 * Heartbeats come at a third of the time-out: two may be lost. None comes before: most activities are over by then, and each is a
 * write in Temporal, as dear as the activity's end. Milliseconds at least.
 */
const HEARTBEAT_MIN_MS = 10;

/** What the workflow says of an attempt; reads have nothing of it. */
type Attempt = Pick<CompensationInput<unknown>, 'asked' | 'follow_only'>;
const A_READ: Attempt = {};

/** Thrown by `asking` where nothing new may be asked for. */
export class NothingNew extends Error {}

/** Run an activity's body with heartbeats; whatever it throws becomes the failure that Temporal should see. */
export async function runActivity<T>(
  kit: Kit,
  body: (run: Run) => Promise<T>,
  attempt: Attempt = A_READ,
): Promise<T> {
  const context = Context.current();
  const wasAskedBefore = attempt.asked === true || wasAsked(context.info.heartbeatDetails);
  let details: AttemptDetails = { asked: wasAskedBefore };
  let askedBefore = wasAskedBefore;
  const stop = new AbortController();
  const { signal } = stop;
  // Every call under way listens to it; Node warns from eleven on.
  setMaxListeners(LISTENERS_MAX, signal);
  const onCancelled = (): void => {
    // The rollback was cancelled: what was asked for is followed to its end. A worker that shuts down hands it over.
    if (context.cancellationDetails?.cancelRequested === true && details.asked) return;
    stop.abort(context.cancellationSignal.reason);
  };
  // Temporal tells an activity of one cancellation only. One that went on after it has to hear of these by other ways.
  const handOver = (): void => {
    if (context.cancellationSignal.aborted) stop.abort(handedOver('The worker is about to end'));
  };
  const outOfTime = (): void => stop.abort(handedOver('The time of this attempt is over'));
  kit.draining.addEventListener('abort', handOver, { once: true });
  const limit = setTimeout(outOfTime, Math.min(context.info.startToCloseTimeoutMs, TIMER_MAX_MS));
  context.cancellationSignal.addEventListener('abort', onCancelled, { once: true });
  if (context.cancellationSignal.aborted) onCancelled();
  const beat = (): void => context.heartbeat(details);
  const everyMs = (kit.settings.limits.heartbeat_timeout * 1000) / 3;
  const timer = setInterval(beat, Math.max(everyMs, HEARTBEAT_MIN_MS));
  // Only another attempt of Temporal's own reads it. Where the workflow alone tries again, it takes a death for having asked.
  // Temporal leaves the policy out of what it starts eagerly: those are compensations, and of one attempt (activity-proxies.ts).
  const readLater = (context.info.retryPolicy?.maximumAttempts ?? 1) !== 1;
  try {
    if (signal.aborted) throw cancellation(signal);
    return await body({
      signal,
      attempt: context.info.attempt,
      asked: () => details.asked,
      asking: async () => {
        if (signal.aborted) throw cancellation(signal);
        if (attempt.follow_only === true) throw new NothingNew('Nothing new is asked for any more');
        const seen = details.asked ? null : await kit.stopSwitch();
        if (seen?.stopped === true) throw new Stopped(seen);
        if (signal.aborted) throw cancellation(signal);
        askedBefore = details.asked;
        details = { asked: true };
        if (readLater) beat();
      },
      cancelledByRollback: () => context.cancellationDetails?.cancelRequested === true,
      notAsked: () => {
        details = { asked: askedBefore };
        if (context.cancellationSignal.aborted) onCancelled();
      },
    });
  } catch (error) {
    throw withDetails(toFailure(error, signal, details.asked), details);
  } finally {
    clearInterval(timer);
    clearTimeout(limit);
    kit.draining.removeEventListener('abort', handOver);
    context.cancellationSignal.removeEventListener('abort', onCancelled);
  }
}

/** Not as a cancellation: the workflow would take it for one that has asked for nothing. */
function handedOver(why: string): ApplicationFailure {
  const message = `${why}; what goes on is followed by another attempt.`;
  return ApplicationFailure.create({ type: 'HandedOver', message, nonRetryable: false });
}

/** Details of an earlier attempt's heartbeat: anything may be in there, of any version of this program. */
function wasAsked(details: unknown): boolean {
  return (
    typeof details === 'object' && details !== null && 'asked' in details && details.asked === true
  );
}

/** Resolves after that many seconds; rejects with the cancellation as soon as the signal fires. */
export async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw cancellation(signal);
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(cancellation(signal));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, seconds * 1000);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Seconds on a clock that nobody sets. */
export function clockSeconds(): number {
  return performance.now() / 1000;
}

/** Seconds since it was made. */
export function stopwatch(): () => number {
  const start = clockSeconds();
  return () => clockSeconds() - start;
}

/** Bears errors that pass, for a limited time since the last good read. */
export class Patience {
  private lastGood = clockSeconds();

  constructor(private readonly limitSeconds: number) {}

  good(): void {
    this.lastGood = clockSeconds();
  }

  /** Whether to go on after this error. */
  bears(error: unknown): boolean {
    return isTransient(error) && clockSeconds() - this.lastGood < this.limitSeconds;
  }
}

/**
 * Read until `read` gives something else than undefined: fast at first, then slower. undefined once `limitSeconds`
 * are over (after one last read). Errors that pass are borne for a while.
 */
export async function poll<T>(
  kit: Kit,
  run: Run,
  limitSeconds: number,
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const elapsed = stopwatch();
  const patience = new Patience(kit.timing.read_errors);
  let wait = kit.settings.poll_first;
  for (;;) {
    const last = elapsed() >= limitSeconds;
    try {
      const found = await read();
      if (found !== undefined) return found;
      patience.good();
    } catch (error) {
      if (run.signal.aborted || !patience.bears(error)) throw error;
    }
    if (last) return undefined;
    await pause(Math.min(wait, Math.max(limitSeconds - elapsed(), 0.001)), run.signal);
    wait = Math.min(wait * GROWTH, kit.settings.poll_max);
  }
}

/** How much longer each pause is than the one before while nothing changes. */
export const GROWTH = 1.5;
