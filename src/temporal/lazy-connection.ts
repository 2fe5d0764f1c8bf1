/**
 * A connection to Temporal that is made at the first call, tries again for a short while where Temporal is away, and can be
 * closed while calls are under way. Knows nothing of what is asked.
 */
import {
  Connection,
  type ConnectionOptions,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';

/** Two seconds in all where Temporal is away: whoever asks hears it soon. */
const TRIES_MAX = 5;
/** gRPC itself would let two minutes pass before it looks again for a server that was away for long. */
const RECONNECT_WITHIN_MS = 5_000;
/** Timers fire in the order of their times, but not to the millisecond. */
const MARGIN_MS = 20;

/** Which calls are tried again, and when the last of those that wait for it has begun. */
class Retries {
  private isOver = false;
  private lastBeginsMs = -Infinity;

  readonly interceptor = (() => {
    const { delayFunction, retryableDecider } = defaultGrpcRetryOptions({ maxAttempts: TRIES_MAX });
    return makeGrpcRetryInterceptor({
      retryableDecider: (attempt, status) => !this.isOver && retryableDecider(attempt, status),
      delayFunction: (attempt, status) => {
        const delayMs = delayFunction(attempt, status);
        this.lastBeginsMs = Math.max(this.lastBeginsMs, performance.now() + delayMs);
        return delayMs;
      },
    });
  })();

  /** Of those that wait the time cannot be cut short: a second at most, six where Temporal said that it has too much to do. */
  async end(): Promise<void> {
    this.isOver = true;
    const waitMs = this.lastBeginsMs - performance.now();
    if (waitMs > 0) await sleep(waitMs + MARGIN_MS);
  }
}

export class LazyConnection extends Connection {
  private retries?: Retries;

  static to(options: ConnectionOptions | undefined): LazyConnection {
    const retries = new Retries();
    // Connection.lazy makes one of the class that it is called on (@temporalio/client, connection.ts).
    const connection = LazyConnection.lazy({
      ...options,
      interceptors: [retries.interceptor],
      channelArgs: { 'grpc.max_reconnect_backoff_ms': RECONNECT_WITHIN_MS },
    }) as LazyConnection;
    connection.retries = retries;
    return connection;
  }

  /**
   * Calls on the wire run to their end and are not tried again. One that waits for its next try begins that first: on a closed
   * channel it would throw where nobody can catch it, out of a timer (@temporalio/client, grpc-retry.ts).
   */
  override async close(): Promise<void> {
    await this.retries?.end();
    await super.close();
  }
}
