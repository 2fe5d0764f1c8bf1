/** The main job as a caller does it: a token, one POST, and a look now and then until the rollback has ended. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RollbackResult } from '../domain/result.js';
import { fetchToken, RollbackCaller } from './caller.js';
import type { Interruption } from './lifetime.js';
import { progressLine, progressSince, type Seen } from './progress.js';
import type { Screen } from './screen.js';

const LOOK_EVERY_MS = 300;
/** Many times what the demo's rollback needs. */
const LIMIT_MS = 180_000;
const OPEN_STATES = new Set(['PENDING', 'ONGOING', 'PAUSED']);

export interface RollBackOptions {
  /** OS_* of the cloud. */
  cloud: Readonly<Record<string, string>>;
  apiUrl: string;
  planUuid: string;
  screen: Screen;
  interruption: Interruption;
}

export interface RollBackEnd {
  result: RollbackResult;
  /** From the POST until its end was seen. */
  seconds: number;
}

export async function rollBack(options: RollBackOptions): Promise<RollBackEnd> {
  const { cloud, apiUrl, planUuid, screen, interruption } = options;
  const { signal } = interruption;
  screen.heading('Its rollback');
  const caller = new RollbackCaller(apiUrl, planUuid, await fetchToken(cloud, signal), signal);
  screen.line(`POST ${caller.url}`);
  const startedAt = performance.now();
  const seconds = (): number => (performance.now() - startedAt) / 1000;
  let result = await caller.post();
  let seen: Seen = new Map();
  for (;;) {
    const news = progressSince(seen, result);
    seen = news.seen;
    for (const event of news.events) {
      screen.line(screen.paintOutcome(progressLine(event, seconds()), event.state));
    }
    if (!OPEN_STATES.has(result.state)) return { result, seconds: seconds() };
    if (seconds() * 1000 > LIMIT_MS) {
      throw new Error(`the rollback has not ended within ${LIMIT_MS / 1000} s`);
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal });
    result = (await caller.get()) ?? result;
  }
}
