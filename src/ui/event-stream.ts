/**
 * Follows a rollback's events with a token in a header, which the browser's own EventSource cannot send. A connection
 * that is lost, or silent for longer than two heartbeats, is made again and goes on after the last event.
 */
import { type Api, planPath, Problem } from './api.js';
import { type ServerEvent, SseParser } from './sse-parser.js';

export type Connection =
  | { state: 'connecting' }
  | { state: 'live' }
  | { state: 'lost'; sentence: string; retryAt: number };

export interface Watching {
  onEvent: (event: ServerEvent) => void;
  onConnection: (connection: Connection) => void;
  /** It was refused for good (no rollback, no right): the last call. */
  onRefused: (problem: Problem) => void;
  signal: AbortSignal;
}

/** The API sends a heartbeat every 15 s. */
const SILENT_MS = 35_000;
const RETRY_FIRST_MS = 1000;
const RETRY_MAX_MS = 15_000;

/** Resolves at the event "end", when it is refused, or when the signal aborts. */
export async function watchEvents(api: Api, plan: string, watching: Watching): Promise<void> {
  const { signal } = watching;
  let lastId: string | null = null;
  let pauseMs = RETRY_FIRST_MS;
  const onEvent = (event: ServerEvent): void => {
    lastId = event.id;
    pauseMs = RETRY_FIRST_MS;
    watching.onEvent(event);
  };
  watching.onConnection({ state: 'connecting' });
  while (!signal.aborted) {
    let sentence = 'The connection was closed.';
    try {
      if (await readOnce(api, plan, lastId, { ...watching, onEvent })) return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.status < 500 && error.status !== 429) {
        watching.onRefused(error);
        return;
      }
      if (error instanceof Problem) sentence = error.message;
    }
    if (signal.aborted) return;
    watching.onConnection({ state: 'lost', sentence, retryAt: Date.now() + pauseMs });
    await pause(pauseMs, signal);
    pauseMs = Math.min(pauseMs * 2, RETRY_MAX_MS);
  }
}

/** True: the rollback has ended. False: the connection has. */
async function readOnce(
  api: Api,
  plan: string,
  lastId: string | null,
  { onEvent, onConnection, signal }: Pick<Watching, 'onEvent' | 'onConnection' | 'signal'>,
): Promise<boolean> {
  const connection = new AbortController();
  const abort = (): void => connection.abort();
  signal.addEventListener('abort', abort, { once: true });
  let silence = setTimeout(abort, SILENT_MS);
  try {
    const answer = await fetch(`/v1/${planPath(plan)}/events`, {
      headers: {
        Accept: 'text/event-stream',
        ...api.headers(),
        ...(lastId !== null && { 'Last-Event-ID': lastId }),
      },
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      signal: connection.signal,
    });
    // It ended, and we know of that already.
    if (answer.status === 204) return true;
    if (!answer.ok || answer.body === null) throw api.problem(answer.status, await answer.text());
    onConnection({ state: 'live' });
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    const parser = new SseParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return false;
      clearTimeout(silence);
      silence = setTimeout(abort, SILENT_MS);
      for (const event of parser.push(decoder.decode(value, { stream: true }))) {
        onEvent(event);
        if (event.event === 'end') return true;
      }
    }
  } finally {
    clearTimeout(silence);
    signal.removeEventListener('abort', abort);
    connection.abort();
  }
}

/** Shorter where the browser says that the network is back. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      window.removeEventListener('online', end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    window.addEventListener('online', end);
    signal.addEventListener('abort', end);
  });
}
