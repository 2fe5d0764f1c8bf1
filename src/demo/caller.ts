/** Calls the service as any caller would: over HTTP, with a token of the (simulated) cloud's Keystone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RollbackResult } from '../domain/result.js';
import { passwordRequest } from './try-it.js';

const TIMEOUT_MS = 60_000;
const READY_WITHIN_MS = 30_000;
const UNAVAILABLE = 503;
const READY_LOOK_EVERY_MS = 100;

/** One sentence: what was called and what came back. */
export class CallError extends Error {
  override readonly name = 'CallError';
  /** HTTP status of the answer. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

export async function fetchToken(
  cloud: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<string> {
  const url = `${cloud['OS_AUTH_URL'] ?? ''}/auth/tokens`;
  const answer = await call(
    'POST',
    url,
    { 'Content-Type': 'application/json' },
    signal,
    passwordRequest(cloud),
  );
  const token = answer.headers.get('X-Subject-Token');
  if (token === null) throw new CallError(`POST ${url} answered without a token.`, answer.status);
  return token;
}

/** Waits for the service as a load balancer does: the worker's first poll comes a moment after its start. */
export async function untilReady(apiUrl: string, signal: AbortSignal): Promise<void> {
  const url = `${apiUrl}/readyz`;
  const limit = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const answer = await fetch(url, { signal });
    const words = await answer.text();
    if (answer.ok) return;
    if (performance.now() > limit) {
      throw new CallError(`GET ${url} still answers ${answer.status}: ${words}`, answer.status);
    }
    await sleep(READY_LOOK_EVERY_MS, undefined, { signal });
  }
}

export class RollbackCaller {
  readonly url: string;
  readonly #token: string;
  readonly #signal: AbortSignal;

  constructor(apiUrl: string, planUuid: string, token: string, signal: AbortSignal) {
    this.url = `${apiUrl}/v1/action_plans/${planUuid}/rollback`;
    this.#token = token;
    this.#signal = signal;
  }

  /** Asks for the rollback; answers when it is accepted. */
  post(): Promise<RollbackResult> {
    return this.#result('POST', { Prefer: 'respond-async' });
  }

  /** The result so far; null: not to be had just now (503), which says nothing about the rollback. */
  async get(): Promise<RollbackResult | null> {
    try {
      return await this.#result('GET', {});
    } catch (error) {
      if (error instanceof CallError && error.status === UNAVAILABLE) return null;
      throw error;
    }
  }

  async #result(method: string, headers: Record<string, string>): Promise<RollbackResult> {
    const all = { 'X-Auth-Token': this.#token, ...headers };
    const answer = await call(method, this.url, all, this.#signal);
    return (await answer.json()) as RollbackResult;
  }
}

async function call(
  method: string,
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  body?: unknown,
): Promise<Response> {
  const answer = await fetch(url, {
    method,
    headers,
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (answer.ok) return answer;
  throw new CallError(
    `${method} ${url} answered ${answer.status}: ${await answer.text()}`,
    answer.status,
  );
}
