/** All event streams of one API process: a feed per plan, however many streams it has; a bound on the streams. */
import type { RollbackResult } from '../../domain/result.js';
import { ApiError } from '../errors.js';
import { Feed, type FeedTiming, type Subscriber } from './feed.js';

const TIMING: FeedTiming = { pollMs: 500, retryMs: 2000, lingerMs: 30_000 };
const RETRY_AFTER_SECONDS = 10;

export class EventHub {
  private readonly feeds = new Map<string, Feed>();
  private streams = 0;

  constructor(
    private readonly options: {
      read: (planUuid: string) => Promise<RollbackResult | null>;
      streamsMax: number;
      timing?: Partial<FeedTiming>;
    },
  ) {}

  /** Takes one of the places; throws ApiError TooManyStreams where there is none. The returned function gives it back. */
  claim(): () => void {
    if (this.streams >= this.options.streamsMax) {
      throw new ApiError(
        'TooManyStreams',
        `This service has as many event streams as it serves (${this.options.streamsMax}). Close some, or ask again later.`,
        RETRY_AFTER_SECONDS,
      );
    }
    this.streams += 1;
    let given = false;
    return () => {
      if (!given) this.streams -= 1;
      given = true;
    };
  }

  /** `current` is what has just been read. The returned function takes the stream off again. */
  subscribe(
    current: RollbackResult,
    subscriber: Subscriber,
    lastEventId: number | null,
  ): () => void {
    const plan = current.action_plan_uuid;
    const feed = this.feeds.get(plan) ?? this.newFeed(plan, current);
    feed.add(subscriber, lastEventId);
    return () => feed.remove(subscriber);
  }

  close(): void {
    for (const feed of this.feeds.values()) feed.close();
  }

  private newFeed(plan: string, current: RollbackResult): Feed {
    const { read, streamsMax, timing } = this.options;
    // Streams that come and go must not leave more pollers behind than there may be streams.
    if (this.feeds.size >= streamsMax) this.closeOneAlone();
    const feed: Feed = new Feed(
      current,
      () => read(plan),
      { ...TIMING, ...timing },
      () => {
        if (this.feeds.get(plan) === feed) this.feeds.delete(plan);
      },
    );
    this.feeds.set(plan, feed);
    return feed;
  }

  /** The oldest that waits for a stream to come back. */
  private closeOneAlone(): void {
    for (const feed of this.feeds.values()) {
      if (!feed.isAlone()) continue;
      feed.close();
      return;
    }
  }
}
